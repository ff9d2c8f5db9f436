// The page's end of the worker. It starts the worker, and a new one when the module is lost or has grown large; the new
// one is given the pictures again. If the module is lost while a graphics card paints, the processor paints
// that run anew.

import { sentence } from "../../../studio/src/lib/words";
import type { Answer, Ask, Place, Problem } from "./messages";

type Take = Extract<Ask, { kind: "take" }>;
type Run = Extract<Ask, { kind: "run" }>;

/** The memory of a module never shrinks. After a run that took more bytes than these, a new one begins. */
export const LARGE = 512 << 20;
/** So often the module may be lost before anything was painted: a page that cannot run it must not try for ever. */
const LOSSES = 2;

export class Painter {
  #worker!: Worker;
  /** The pictures that the worker has. */
  #given = new Map<Place, Take>();
  /** Requests that have no answer yet, in their order. */
  #waiting: Exclude<Ask, { kind: "finish" | "stop" }>[] = [];
  #tell: (answer: Answer) => void;
  #losses = 0;
  /** The run that is on the card, or tries it. */
  #onCard = 0;
  /** A module was lost with a card, which `auto` takes no more. */
  #cardBroke = false;

  constructor(tell: (answer: Answer) => void) {
    this.#tell = tell;
    this.#start();
  }

  ask(ask: Ask) {
    if (ask.kind === "run" && ask.device === "auto" && this.#cardBroke) ask = { ...ask, device: "cpu" };
    if ("serial" in ask) this.#waiting.push(ask);
    this.#worker.postMessage(ask);
  }

  #start() {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    // A worker that was replaced may still have been heard from.
    worker.onmessage = ({ data }: MessageEvent<Answer>) => worker === this.#worker && this.#hear(data);
    worker.onerror = (e) => {
      e.preventDefault();
      const problem = { message: "The painter did not start.", hint: e.message || null };
      if (worker === this.#worker) this.#hear({ kind: "broken", problem, serial: 0, final: false });
    };
    for (const ask of [...this.#given.values(), ...this.#waiting]) worker.postMessage(ask);
  }

  #hear(answer: Answer) {
    if (answer.kind === "broken") return this.#lost(answer);
    if (answer.kind === "taken") {
      const ask = this.#waiting.find((ask): ask is Take => ask.kind === "take" && ask.serial === answer.serial);
      if (ask) this.#given.set(ask.place, ask);
    }
    if (answer.kind === "problem") this.#forget(answer.serial);
    if (answer.kind === "trying") this.#onCard = answer.serial;
    if (answer.kind === "device") this.#onCard = answer.card ? answer.serial : 0;
    if (answer.kind === "draft" || answer.kind === "done") this.#losses = 0;
    if (["taken", "plan", "draft", "done", "problem"].includes(answer.kind))
      this.#answered((answer as { serial: number }).serial);
    if (answer.kind === "done" && answer.memory > LARGE) {
      this.#worker.terminate();
      this.#start();
    }
    this.#tell(answer);
  }

  /** A picture that fails is not given again. */
  #forget(serial: number) {
    for (const [place, ask] of this.#given) if (ask.serial === serial) this.#given.delete(place);
  }

  #answered(serial: number) {
    this.#waiting = this.#waiting.filter((ask) => ask.serial !== serial);
  }

  /** Pictures are given again, except for the one that the module was lost at. The page asks for drafts anew. */
  #lost(answer: Extract<Answer, { kind: "broken" }>) {
    this.#worker.terminate();
    this.#losses += 1;
    const final = this.#losses > LOSSES;
    const run = this.#waiting.find((ask): ask is Run => ask.kind === "run" && ask.serial === this.#onCard);
    this.#waiting = this.#waiting.filter((ask) => ask.kind === "take" && ask.serial !== answer.serial);
    this.#forget(answer.serial);
    if (run && !final) return this.#withoutCard(run, answer.problem);
    if (!final) this.#start();
    const advice = final ? "Load the page again." : "A new one has begun.";
    const hint = answer.problem.hint ? `${sentence(answer.problem.hint)} ${advice}` : advice;
    this.#tell({ ...answer, problem: { ...answer.problem, hint }, final });
  }

  #withoutCard(run: Run, problem: Problem) {
    [this.#cardBroke, this.#onCard] = [true, 0];
    this.#waiting.push({ ...run, device: "cpu" });
    this.#start();
    const words = [problem.message, problem.hint].filter((text) => text !== null).map(sentence);
    const why = `The painter failed on the graphics card, and the run began anew on the processor. ${words.join(" ")}`;
    this.#tell({ kind: "device", card: false, why, serial: run.serial });
  }
}
