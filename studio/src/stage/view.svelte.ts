// The view of a picture on the stage: one transform for all layers, the way of comparing, and the place of the divider.

import { centred, clamp, fit, step, zoomAt, type Size, type Transform } from "../lib/zoom";

export type Mode = "slider" | "side" | "single";
export const MODES: [Mode, string][] = [
  ["slider", "Slider"],
  ["side", "Side by side"],
  ["single", "Result only"],
];

/** Room left around a fitted picture, in screen pixels. */
const MARGIN = 20;

const density = () => globalThis.devicePixelRatio || 1;

class StageView {
  picture = $state<Size>({ width: 4, height: 3 });
  pane = $state<Size>({ width: 0, height: 0 });
  transform = $state<Transform>({ scale: 1, x: 0, y: 0 });
  /** The whole picture is shown, whatever the size of the pane. */
  fitted = $state(true);
  mode = $state<Mode>("slider");
  /** The part of the pane's picture, from the left, that shows the content. */
  split = $state(0.5);
  /** The picture on the other side: "content", "style:" or "job:" and an id. */
  against = $state("content");
  /** The content is shown in place of the result, as long as a key is held. */
  peek = $state(false);
  /** The next drag moves the picture, whatever the tool. */
  panning = $state(false);

  /** Percent: 100 is one pixel of the picture for each of the screen's. */
  percent = $derived(Math.round(this.transform.scale * density() * 100));

  show(picture: Size) {
    const before = this.picture;
    if (before.width === picture.width && before.height === picture.height) return;
    this.picture = picture;
    const alike = Math.abs(before.width / before.height / (picture.width / picture.height) - 1) < 0.01;
    if (this.fitted || !alike) return this.fit();
    this.transform = { ...this.transform, scale: (this.transform.scale * before.width) / picture.width };
  }

  resize(pane: Size) {
    if (pane.width === this.pane.width && pane.height === this.pane.height) return;
    this.pane = pane;
    if (this.fitted) this.fit();
    else this.#set(this.transform);
  }

  fit() {
    const { width, height } = this.pane;
    const margin = Math.min(MARGIN, width / 30);
    const { scale } = fit(this.picture, { width: Math.max(1, width - 2 * margin), height: Math.max(1, height - 2 * margin) });
    this.transform = centred(this.picture, this.pane, scale);
    this.fitted = true;
  }

  /** Zooms to `zoom`, of which 1 is 100 %, about a point of the pane or its middle. */
  zoomTo(zoom: number, x = this.pane.width / 2, y = this.pane.height / 2) {
    this.fitted = false;
    this.#set(zoomAt(this.transform, zoom / density(), x, y));
  }

  step(direction: 1 | -1, x?: number, y?: number) {
    this.zoomTo(step(this.transform.scale * density(), direction), x, y);
  }

  moveBy(dx: number, dy: number) {
    if (this.whole) return;
    this.fitted = false;
    this.#set({ ...this.transform, x: this.transform.x + dx, y: this.transform.y + dy });
  }

  nextMode() {
    const at = MODES.findIndex(([mode]) => mode === this.mode);
    this.mode = MODES[(at + 1) % MODES.length][0];
  }

  /** The whole picture is in the pane, so there is nothing to move. */
  get whole(): boolean {
    const { scale } = this.transform;
    return this.picture.width * scale <= this.pane.width + 1 && this.picture.height * scale <= this.pane.height + 1;
  }

  /** Left edge and width of the picture's visible part, in pixels of the pane. */
  get visible(): { left: number; width: number } {
    const { scale, x } = this.transform;
    const left = Math.max(0, x);
    return { left, width: Math.max(1, Math.min(this.pane.width, x + this.picture.width * scale) - left) };
  }

  /** The divider's place as a part of the whole picture. */
  get cut(): number {
    const { left, width } = this.visible;
    const at = left + this.split * width - this.transform.x;
    return Math.min(1, Math.max(0, at / (this.picture.width * this.transform.scale)));
  }

  splitAt(px: number) {
    const { left, width } = this.visible;
    this.split = Math.min(1, Math.max(0, (px - left) / width));
  }

  #set(transform: Transform) {
    this.transform = clamp(transform, this.picture, this.pane);
  }
}

export const view = new StageView();
