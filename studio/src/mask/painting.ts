// A painted mask: a canvas that is clear where nothing counts, and the list of what was done to it, so that each step
// can be undone. A copy is kept every few steps; undoing repeats the steps after the last copy.

export type Step =
  | { kind: "stroke"; colour: string | null; size: number; points: { x: number; y: number; width: number }[] }
  | { kind: "rectangle"; colour: string; x: number; y: number; width: number; height: number }
  | { kind: "fill"; colour: string | null }
  | { kind: "invert"; colour: string }
  | { kind: "image"; image: CanvasImageSource };

const COPY_EVERY = 20;

function canvasOf(width: number, height: number): HTMLCanvasElement {
  return Object.assign(document.createElement("canvas"), { width, height });
}

export class Painting {
  readonly canvas: HTMLCanvasElement;
  readonly steps: Step[] = [];
  #ctx: CanvasRenderingContext2D;
  #copies: { after: number; canvas: HTMLCanvasElement }[] = [];
  #undone: Step[] = [];

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.#ctx = canvas.getContext("2d", { willReadFrequently: true })!;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  add(step: Step) {
    this.#undone = [];
    this.#append(step);
  }

  /** Begins a stroke; `colour` is null for the eraser. */
  begin(colour: string | null, size: number, x: number, y: number, width: number) {
    this.add({ kind: "stroke", colour, size, points: [{ x, y, width }] });
  }

  /** Continues the last stroke. */
  extend(x: number, y: number, width: number) {
    const stroke = this.steps.at(-1);
    if (stroke?.kind !== "stroke") return;
    stroke.points.push({ x, y, width });
    this.#segment(stroke, stroke.points.length - 1);
  }

  undo() {
    const step = this.steps.pop();
    if (!step) return;
    this.#undone.push(step);
    this.#copies = this.#copies.filter((c) => c.after <= this.steps.length);
    const copy = this.#copies.at(-1);
    this.#clear();
    if (copy) this.#ctx.drawImage(copy.canvas, 0, 0);
    for (const again of this.steps.slice(copy?.after ?? 0)) this.#draw(again);
  }

  redo() {
    const step = this.#undone.pop();
    if (step) this.#append(step);
  }

  /** Nothing is painted. */
  get empty(): boolean {
    const { data } = this.#ctx.getImageData(0, 0, this.canvas.width, this.canvas.height);
    for (let i = 3; i < data.length; i += 4) if (data[i] > 0) return false;
    return true;
  }

  /** The mask as a PNG file on black: white where painted, or in its colours. */
  async file(coloured: boolean): Promise<Blob> {
    const { width, height } = this.canvas;
    const out = canvasOf(width, height);
    const ctx = out.getContext("2d")!;
    ctx.drawImage(this.canvas, 0, 0);
    if (!coloured) {
      ctx.globalCompositeOperation = "source-in";
      ctx.fillStyle = "#ffffff";
      ctx.fillRect(0, 0, width, height);
    }
    ctx.globalCompositeOperation = "destination-over";
    ctx.fillStyle = "#000000";
    ctx.fillRect(0, 0, width, height);
    return new Promise((done, fail) =>
      out.toBlob((b) => (b ? done(b) : fail(new Error("The mask is too large."))), "image/png"),
    );
  }

  #append(step: Step) {
    this.#draw(step);
    this.steps.push(step);
    if (this.steps.length % COPY_EVERY !== 0) return;
    const canvas = canvasOf(this.canvas.width, this.canvas.height);
    // The last stroke may still grow, so the copy is of the steps before it.
    const after = this.steps.length - 1;
    this.#clear();
    const base = this.#copies.at(-1);
    if (base) this.#ctx.drawImage(base.canvas, 0, 0);
    for (const again of this.steps.slice(base?.after ?? 0, after)) this.#draw(again);
    canvas.getContext("2d")!.drawImage(this.canvas, 0, 0);
    this.#copies.push({ after, canvas });
    this.#draw(step);
  }

  #clear() {
    this.#ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #draw(step: Step) {
    const ctx = this.#ctx;
    const { width, height } = this.canvas;
    ctx.globalCompositeOperation = "source-over";
    if (step.kind === "stroke") step.points.forEach((_, i) => this.#segment(step, i));
    else if (step.kind === "image") {
      this.#clear();
      ctx.drawImage(step.image, 0, 0, width, height);
    } else if (step.kind === "rectangle") {
      ctx.fillStyle = step.colour;
      ctx.fillRect(step.x, step.y, step.width, step.height);
    } else if (step.kind === "fill") {
      this.#clear();
      ctx.fillStyle = step.colour ?? "#0000";
      ctx.fillRect(0, 0, width, height);
    } else {
      // With an opaque fill, "xor" leaves the complement of what was there.
      ctx.globalCompositeOperation = "xor";
      ctx.fillStyle = step.colour;
      ctx.fillRect(0, 0, width, height);
    }
  }

  #segment(stroke: Step & { kind: "stroke" }, i: number) {
    const ctx = this.#ctx;
    const to = stroke.points[i];
    // Browsers draw nothing for a line from a point to itself, so a dot has a very short one.
    const from = stroke.points[i - 1] ?? { ...to, x: to.x - 0.01 };
    ctx.globalCompositeOperation = stroke.colour === null ? "destination-out" : "source-over";
    ctx.strokeStyle = stroke.colour ?? "#000000";
    ctx.lineWidth = to.width;
    ctx.lineCap = "round";
    ctx.beginPath();
    ctx.moveTo(from.x, from.y);
    ctx.lineTo(to.x, to.y);
    ctx.stroke();
  }
}

/** A mask file as a picture of the canvas's kind: clear where it is black, in `ink` or in its own colours elsewhere. */
export async function readMask(
  file: Blob,
  width: number,
  height: number,
  ink: string | null,
): Promise<HTMLCanvasElement> {
  const bitmap = await createImageBitmap(file);
  const canvas = canvasOf(width, height);
  const ctx = canvas.getContext("2d")!;
  ctx.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const image = ctx.getImageData(0, 0, width, height);
  const { data } = image;
  for (let i = 0; i < data.length; i += 4)
    data[i + 3] = (Math.max(data[i], data[i + 1], data[i + 2]) * data[i + 3]) / 255;
  ctx.putImageData(image, 0, 0);
  if (ink) {
    ctx.globalCompositeOperation = "source-in";
    ctx.fillStyle = ink;
    ctx.fillRect(0, 0, width, height);
  }
  return canvas;
}
