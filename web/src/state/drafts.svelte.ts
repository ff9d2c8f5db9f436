// The draft that follows pictures and settings: a quick one as long as controls move, and a whole one, which can be
// saved, as soon as they rest. One is painted at a time.

import type { Pair } from "./pictures.svelte";

/** Long edge of a draft that follows a moving control, and of one for a control at rest. */
export const QUICK = 256;
export const WHOLE = 512;
/** Time without a change after which a control rests, in milliseconds. */
export const REST = 160;

/** A draft that would be of use. */
export interface Wish {
  /** Names pictures and settings. */
  key: string;
  pair: Pair;
  /** Long edge of the result. */
  size: number;
}

export interface Draft {
  bitmap: ImageBitmap;
  /** The file of a whole draft. */
  png: Blob | null;
  wish: Wish;
}

interface Asked {
  serial: number;
  wish: Wish;
  whole: boolean;
}

export class Drafts {
  shown = $state.raw<Draft | null>(null);
  busy = $state(false);

  #ask: (longest: number, whole: boolean) => number;
  #wish: Wish | null = null;
  #asked: Asked | null = null;
  /** A wish that was refused is not asked for again. */
  #refused = "";
  #rest: ReturnType<typeof setTimeout> | undefined;

  /** `ask` requests a draft of the present settings, and returns the number of the request. */
  constructor(ask: (longest: number, whole: boolean) => number) {
    this.#ask = ask;
  }

  /** Follows a wish; without one, drafts rest. */
  follow(wish: Wish | null) {
    clearTimeout(this.#rest);
    this.#wish = wish;
    if (!wish || this.busy || wish.key === this.#refused) return;
    const whole = Math.min(wish.size, WHOLE);
    const painted = this.shown?.wish.key === wish.key;
    if (!painted) this.#begin(wish, Math.min(whole, QUICK), whole);
    else if (!this.shown?.png) this.#rest = setTimeout(() => this.#begin(wish, whole, whole), REST);
  }

  #begin(wish: Wish, longest: number, whole: number) {
    this.busy = true;
    this.#asked = { serial: this.#ask(longest, longest === whole), wish, whole: longest === whole };
  }

  /** A draft is painted. Returns whether it is a whole one; `null` if nobody waits for it. */
  painted(serial: number, bitmap: ImageBitmap, png: Blob | null): boolean | null {
    if (this.#asked?.serial !== serial) {
      bitmap.close();
      return null;
    }
    this.busy = false;
    this.shown?.bitmap.close();
    this.shown = { bitmap, png, wish: this.#asked.wish };
    this.follow(this.#wish);
    return png !== null;
  }

  /** A draft was refused. Returns whether it was the one in work. */
  refused(serial: number): boolean {
    if (this.#asked?.serial !== serial) return false;
    this.busy = false;
    this.#refused = this.#asked.wish.key;
    this.follow(this.#wish);
    return true;
  }

  /** The worker is lost: what was asked for does not come. */
  lost() {
    this.busy = false;
    this.#asked = null;
  }
}
