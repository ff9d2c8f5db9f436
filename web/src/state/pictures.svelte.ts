// The two pictures. A new one comes in three steps: it is fetched, the worker reads it, and the painter takes it. Until
// it is read, the picture before stays in use.

import type { Answer, Ask, Place } from "../painter/messages";
import type { Sample } from "../samples";
import { next } from "./serial";

export interface Chosen {
  serial: number;
  name: string;
  url: string;
  credit: string;
  sample: string | null;
  /** Width and height; 0 before it is read. */
  width: number;
  height: number;
}

export interface Pair {
  content: Chosen;
  style: Chosen;
}

type Take = Extract<Ask, { kind: "take" }>;
export const PLACES: Place[] = ["content", "style"];

export class Pictures {
  content = $state.raw<Chosen | null>(null);
  style = $state.raw<Chosen | null>(null);
  /** Pictures that were asked for and are not read yet. */
  coming = $state<Record<Place, Chosen | null>>({ content: null, style: null });
  /** Both pictures, as soon as there are two. */
  readonly pair = $derived<Pair | null>(
    this.content && this.style ? { content: this.content, style: this.style } : null,
  );

  #ask: (ask: Take) => void;
  /** The pictures that the painter has. */
  #taken: Record<Place, Chosen | null> = { content: null, style: null };

  constructor(ask: (ask: Take) => void) {
    this.#ask = ask;
  }

  /** Brings a picture that the page offers. Returns whether it could be fetched; the last click counts. */
  async sample(place: Place, { id, title, credit, url }: Sample): Promise<boolean> {
    const chosen = this.#come(place, { name: `${id}.jpg`, url, credit: `${title}, ${credit}`, sample: id });
    const file = await fetch(url).then(
      (answer) => (answer.ok ? answer.blob() : null),
      () => null,
    );
    if (this.coming[place]?.serial !== chosen.serial) return true;
    if (file) this.#take(place, chosen, file);
    else this.coming[place] = null;
    return file !== null;
  }

  /** Brings a file of the reader's. */
  file(place: Place, file: File) {
    const name = file.name || "pasted.png";
    this.#take(place, this.#come(place, { name, url: URL.createObjectURL(file), credit: name, sample: null }), file);
  }

  #come(place: Place, picture: Omit<Chosen, "serial" | "width" | "height">): Chosen {
    return (this.coming[place] = { ...picture, serial: next(), width: 0, height: 0 });
  }

  #take(place: Place, { name, serial }: Chosen, file: Blob) {
    this.#ask({ kind: "take", place, name, file, serial });
  }

  /** The worker has read a picture. Returns its place, unless another is wanted by now. */
  read({ serial, width, height }: Extract<Answer, { kind: "read" }>): Place | null {
    const place = PLACES.find((place) => this.coming[place]?.serial === serial);
    if (!place) return null;
    this[place] = { ...this.coming[place]!, width, height };
    this.coming[place] = null;
    return place;
  }

  taken(serial: number) {
    for (const place of PLACES) if (this[place]?.serial === serial) this.#taken[place] = this[place];
  }

  /** A picture failed: the one before is in use. Returns whether the serial is that of a picture. */
  refused(serial: number): boolean {
    for (const place of PLACES) {
      if (this.coming[place]?.serial === serial) this.coming[place] = null;
      else if (this[place]?.serial === serial) {
        const before = this.#taken[place];
        this[place] = before?.serial === serial ? null : before;
      } else continue;
      return true;
    }
    return false;
  }
}
