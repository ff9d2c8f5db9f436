// The page's end of the worker. It starts the worker, and a new one if the module is lost; the pictures are given again
// then.

import type { Answer, Ask, Place } from "./messages";

export class Painter {
  #worker!: Worker;
  #given = new Map<Place, Ask>();
  #tell: (answer: Answer) => void;
  /** How often the module was lost before anything was painted; a page that cannot run it must not try for ever. */
  #losses = 0;

  constructor(tell: (answer: Answer) => void) {
    this.#tell = tell;
    this.#start();
  }

  ask(ask: Ask) {
    if (ask.kind === "take") this.#given.set(ask.place, ask);
    this.#worker.postMessage(ask);
  }

  #start() {
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#hear(data);
    this.#worker.onerror = (e) => {
      e.preventDefault();
      this.#hear({ kind: "broken", problem: { message: "The painter did not start.", hint: e.message || "Load the page again." }, final: false });
    };
  }

  #hear(answer: Answer) {
    if (answer.kind === "draft" || answer.kind === "done") this.#losses = 0;
    if (answer.kind !== "broken") return this.#tell(answer);
    this.#worker.terminate();
    this.#losses += 1;
    const final = this.#losses > 2;
    this.#tell({ ...answer, final });
    if (final) return;
    this.#start();
    for (const ask of this.#given.values()) this.#worker.postMessage(ask);
  }
}
