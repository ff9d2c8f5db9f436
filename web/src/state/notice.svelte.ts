// The problem that the page shows, and the sentences that it speaks. A problem stays until its cause is gone.

import type { Problem } from "../painter/messages";

/** The subject of a problem. */
export type About = "draft" | "picture" | "run" | "painter";

export class Notice {
  problem = $state<Problem | null>(null);
  /** The last sentence for screen readers. */
  spoken = $state("");
  #about: About = "draft";

  fail(problem: Problem, about: About) {
    [this.problem, this.#about] = [problem, about];
    this.say(this.text);
  }

  /** Removes the problem if it is about one of these; without them, any. */
  clear(...about: About[]) {
    if (about.length === 0 || about.includes(this.#about)) this.problem = null;
  }

  say(text: string) {
    this.spoken = text;
  }

  /** The problem as sentences. */
  get text(): string {
    const { message, hint } = this.problem ?? { message: "", hint: null };
    const ended = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);
    return [message, hint].flatMap((text) => (text ? [ended(text)] : [])).join(" ");
  }
}
