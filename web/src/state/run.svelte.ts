// The run: it is begun with a pair of pictures, grows, and can be ended.

import type { Ask, Device, Progress, Settings } from "../painter/messages";
import type { Pair } from "./pictures.svelte";
import { next } from "./serial";

export interface Run {
  serial: number;
  pair: Pair;
  progress: Progress | null;
  /** Whether the graphics card paints it; null as long as it is not known. */
  card: boolean | null;
  /** The card is opened and measured. */
  trying: boolean;
  ending: "stop" | "finish" | null;
}

export class Running {
  now = $state<Run | null>(null);
  /** The picture so far. */
  preview = $state.raw<ImageBitmap | null>(null);
  #ask: (ask: Ask) => void;

  constructor(ask: (ask: Ask) => void) {
    this.#ask = ask;
  }

  begin(pair: Pair, settings: Settings, device: Device, programs: boolean) {
    const serial = next();
    this.now = { serial, pair, progress: null, card: null, trying: false, ending: null };
    this.#ask({ kind: "run", settings, device, programs, serial });
  }

  /** The card is tried. */
  tries(serial: number) {
    if (this.now?.serial === serial) this.now.trying = true;
  }

  /** It is known what paints the run. Returns whether it was the card before. */
  painted(serial: number, card: boolean): boolean {
    if (this.now?.serial !== serial) return false;
    const before = this.now.card === true;
    [this.now.card, this.now.trying, this.now.progress] = [card, false, before ? null : this.now.progress];
    return before;
  }

  /** Asks for the end: soon, at the full size, or now. */
  end(how: "stop" | "finish") {
    if (!this.now) return;
    this.now.ending = how;
    this.#ask({ kind: how });
  }

  progressed(serial: number, progress: Progress) {
    if (this.now?.serial === serial) this.now.progress = progress;
  }

  previewed(serial: number, bitmap: ImageBitmap) {
    if (this.now?.serial !== serial) return bitmap.close();
    this.preview?.close();
    this.preview = bitmap;
  }

  /** The run has ended. Returns it, unless it was another. */
  ended(serial: number): Run | null {
    const run = this.now;
    if (run?.serial !== serial) return null;
    this.clear();
    return run;
  }

  clear() {
    this.preview?.close();
    [this.now, this.preview] = [null, null];
  }
}
