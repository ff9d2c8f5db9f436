// Pictures on their way in: dropped, pasted, picked or photographed files are uploaded, and find their place in the
// form.

import { explain, Problem } from "../api/client";
import { upload } from "../api/pictures";
import type { Picture } from "../api/types";
import { isFilm } from "../lib/files";
import { added } from "../lib/words";
import { app } from "./app.svelte";
import { form, refOf } from "./form.svelte";

export type Place = "content" | "film" | "style" | "mask" | "protect";

class Intake {
  /** Uploads that have not ended. */
  pending = $state(0);
  /** Pasted files for which the user has to choose a place. */
  undecided = $state<File[]>([]);
  /** A picture with a recipe, whose settings are offered. */
  restorable = $state<Picture | null>(null);

  async take(files: File[], place: Place) {
    if (files.length === 0) return;
    app.show(null);
    this.pending += files.length;
    const pictures: Picture[] = [];
    for (const file of files) {
      try {
        const film = isFilm(file, file.name, place === "film");
        if (film && place !== "content" && place !== "film")
          throw new Problem({ detail: "This is a film: a picture is expected here." }, 0);
        pictures.push(await upload(file, file.name || "picture.png", film));
      } catch (error) {
        app.toast(`${file.name || "The picture"}: ${explain(error)}`, true);
      }
      this.pending -= 1;
    }
    if (pictures.length > 0) this.#place(pictures, place);
  }

  /** Takes pasted files. An empty place is filled; otherwise the user decides. */
  paste(files: File[]) {
    if (files.length === 0) return;
    if (!form.data.content && form.data.kind !== "texture") void this.take(files, "content");
    else if (form.data.styles.length === 0) void this.take(files, "style");
    else this.undecided = files;
  }

  #place(pictures: Picture[], place: Place) {
    const film = pictures.find((p) => p.frames > 0);
    if (film && (place === "content" || place === "film")) {
      form.setFilm(refOf(film));
      app.say(`The film ${film.name} is set.`);
      return;
    }
    if (place === "film") {
      app.toast(`${pictures[0].name} is a picture: a film is expected here.`, true);
      return;
    }
    const refs = pictures.map(refOf);
    const [first] = refs;
    if (place === "style") {
      for (const ref of refs) form.addStyle(ref);
    } else if (place === "mask" || place === "protect") {
      form.data[place] = first;
      if (place === "mask") form.data.regions = false;
    } else if (form.data.kind === "batch" || refs.length > 1) {
      form.data.kind = "batch";
      form.addContents(refs);
    } else if (pictures[0].has_recipe) {
      this.restorable = pictures[0];
    } else {
      form.setContent(first);
    }
    app.say(added(refs.length, place));
  }
}

export const intake = new Intake();
