// The forecast of a run. A first guess comes from the fastest whole draft, the next from the run before it on the same
// device. A card that has not painted yet is taken for no faster than the processor.

/** Seconds of an iteration for each pixel, relative to those of a draft, as measured in Chromium. */
export const ITERATION = 0.9;

export class Pace {
  /** Work of the run that would begin now, in pixels times iterations. */
  work = 0;
  #guess: number | null = null;
  #processor: number | null = null;
  #card: number | null = null;

  drafted(seconds: number, pixels: number) {
    this.#guess = Math.min(this.#guess ?? Infinity, (ITERATION * seconds) / pixels);
  }

  ran(seconds: number, card: boolean) {
    if (this.work === 0) return;
    if (card) this.#card = seconds / this.work;
    else this.#processor = seconds / this.work;
  }

  expected(card: boolean): number | null {
    const rate = (card ? this.#card : null) ?? this.#processor ?? this.#guess;
    return rate === null || this.work === 0 ? null : rate * this.work;
  }
}
