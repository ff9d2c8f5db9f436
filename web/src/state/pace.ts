// The forecast of a run. A first guess comes from the fastest whole draft, the next from the run before.

/** Seconds of an iteration for each pixel, relative to those of a draft, as measured in Chromium. */
export const ITERATION = 0.9;

export class Pace {
  /** Work of the run that would begin now, in pixels times iterations. */
  work = 0;
  #rate: number | null = null;
  #measured = false;

  drafted(seconds: number, pixels: number) {
    if (!this.#measured) this.#rate = Math.min(this.#rate ?? Infinity, (ITERATION * seconds) / pixels);
  }

  ran(seconds: number) {
    if (this.work > 0) [this.#rate, this.#measured] = [seconds / this.work, true];
  }

  get expected(): number | null {
    return this.#rate === null || this.work === 0 ? null : this.#rate * this.work;
  }
}
