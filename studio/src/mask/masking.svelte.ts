// The mask that is being painted: its place in the form, its tool, and its way to the server.

import { BASE } from "../api/client";
import { pictureUrl, upload } from "../api/pictures";
import { app } from "../state/app.svelte";
import { attempt } from "../state/actions.svelte";
import { form, refOf, REGIONS, type Ref } from "../state/form.svelte";
import { Painting, readMask, type Step } from "./painting";

/** Masks are painted with at most this many pixels on the long edge; phones limit the size of a canvas. */
const LONGEST = 2048;
/** The colour in which a mask without colours is shown while it is painted. */
const INK = "#f2764f";
const GROW = 1.25;

class Masking {
  place = $state<"mask" | "protect" | null>(null);
  tool = $state<"brush" | "eraser">("brush");
  /** Width of the brush, as a part of the picture's long edge. */
  brush = $state(0.06);
  colour = $state(INK);
  /** Rises at each change, so that buttons follow. */
  changes = $state(0);
  saving = $state(false);
  painting: Painting | null = null;

  coloured = $derived(this.place === "mask" && form.data.styles.length > 1);

  begin(place: "mask" | "protect") {
    app.show(null);
    this.place = place;
    this.tool = "brush";
    this.colour = this.coloured ? REGIONS[0] : INK;
  }

  /** The size of the canvas for the content. */
  get size(): { width: number; height: number } {
    const { width, height } = form.data.content ?? { width: 4, height: 3 };
    const scale = Math.min(1, LONGEST / Math.max(width, height));
    return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  }

  /** Takes the canvas on the stage, and loads the mask that the form has. */
  async attach(canvas: HTMLCanvasElement) {
    Object.assign(canvas, this.size);
    this.painting = new Painting(canvas);
    this.changes += 1;
    const before = this.place && form.data[this.place];
    if (before) await attempt(this.#load(before));
  }

  async #load(ref: Ref) {
    const url = typeof ref.slot === "string" ? `${BASE}/pictures/${ref.slot}/original` : pictureUrl(ref.slot, LONGEST);
    await this.read(await (await fetch(url)).blob());
  }

  async read(file: Blob) {
    const { width, height } = this.size;
    const coloured = this.coloured && form.data.regions;
    this.do({ kind: "image", image: await readMask(file, width, height, coloured ? null : this.colour) });
  }

  do(step: Step) {
    this.painting?.add(step);
    this.changes += 1;
  }

  undo() {
    this.painting?.undo();
    this.changes += 1;
  }

  redo() {
    this.painting?.redo();
    this.changes += 1;
  }

  invert() {
    this.do({ kind: "invert", colour: this.colour });
  }

  resizeBrush(direction: 1 | -1) {
    this.brush = Math.min(0.5, Math.max(0.003, this.brush * (direction > 0 ? GROW : 1 / GROW)));
  }

  /** The pointer on the stage, in pixels of the content as shown with `width`. */
  point(phase: "down" | "move" | "up", x: number, y: number, width: number, event: PointerEvent) {
    if (!this.painting) return;
    const canvas = this.painting.canvas;
    const ratio = canvas.width / width;
    const size = this.brush * Math.max(canvas.width, canvas.height);
    const pressed = event.pointerType === "pen" ? size * (0.3 + 0.7 * event.pressure) : size;
    const colour = this.tool === "eraser" || event.shiftKey ? null : this.colour;
    if (phase === "down") this.painting.begin(colour, size, x * ratio, y * ratio, pressed);
    else if (phase === "move") this.painting.extend(x * ratio, y * ratio, pressed);
    else this.changes += 1;
  }

  /** Uploads the mask and puts it into the form. An empty one is none. */
  async done() {
    const { painting, place } = this;
    if (!painting || !place) return;
    this.saving = true;
    const coloured = this.coloured;
    await attempt(
      (async () => {
        if (painting.empty) form.data[place] = null;
        else form.data[place] = refOf(await upload(await painting.file(coloured), `${place}.png`));
        if (place === "mask") {
          form.data.regions = coloured && form.data.mask !== null;
          form.data.styles.forEach((s, i) => (s.region = form.data.regions ? (REGIONS[i] ?? null) : null));
        }
        this.cancel();
      })(),
    );
    this.saving = false;
  }

  cancel() {
    this.place = null;
    this.painting = null;
  }
}

export const masking = new Masking();
