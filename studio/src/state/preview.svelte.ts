// The draft and the plan, which follow the form.

import { call, explain, Problem, send } from "../api/client";
import type { Plan, Settings } from "../api/types";
import { Latest } from "../lib/latest";
import { form } from "./form.svelte";

const PLAN_MS = 250;
const DRAFT_FIT = 768;

class Draft {
  /** The newest draft that has arrived. It stays until the next one can be shown. */
  url = $state<string | null>(null);
  busy = $state(false);
  error = $state<string | null>(null);
  /** The seconds that the newest draft took. */
  seconds = $state(0);
  #key = "";
  #latest = new Latest<Settings>((settings, signal) => this.#make(settings, signal));

  /** Asks for the draft of these settings, if they differ from the last ones. */
  follow(settings: Settings) {
    const key = JSON.stringify(settings);
    if (key === this.#key) return;
    this.#key = key;
    this.busy = true;
    this.#latest.request(settings);
  }

  /** Ends the request for a draft that nobody sees. It is asked for again when the page is seen. */
  rest() {
    if (!this.busy) return;
    this.#key = "";
    this.#latest.cancel();
    this.busy = false;
  }

  /** Forgets the draft, because its pictures are gone. */
  clear() {
    this.#key = "";
    this.#latest.cancel();
    this.#show(null);
    this.busy = false;
    this.error = null;
  }

  async #make(settings: Settings, signal: AbortSignal) {
    const begin = performance.now();
    try {
      const headers = { "content-type": "application/json" };
      const answer = await send(`/drafts?fit=${DRAFT_FIT}`, {
        method: "POST",
        body: JSON.stringify(settings),
        headers,
        signal,
      });
      const url = URL.createObjectURL(await answer.blob());
      const image = new Image();
      image.src = url;
      await image.decode().catch(() => {});
      if (signal.aborted || !this.#key) return URL.revokeObjectURL(url);
      this.#show(url);
      this.seconds = (performance.now() - begin) / 1000;
      this.error = null;
    } catch (error) {
      if (!signal.aborted) this.error = explain(error);
    }
    if (JSON.stringify(settings) === this.#key) this.busy = false;
  }

  #show(url: string | null) {
    const old = this.url;
    this.url = url;
    if (old) setTimeout(() => URL.revokeObjectURL(old), 1000);
  }
}

class Planner {
  plan = $state<Plan | null>(null);
  /** Errors of the settings by option; "" has those that name none. */
  problems = $state<Record<string, Problem>>({});
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | null = null;

  follow(settings: Settings) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(settings), PLAN_MS);
  }

  clear() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.plan = null;
    this.problems = {};
  }

  /** Puts an error beside its field. */
  blame(problem: Problem) {
    this.problems = { [problem.option ?? ""]: problem };
  }

  async #ask(settings: Settings) {
    // Both use all processors, and the draft is what people look at.
    if (draft.busy) {
      this.#timer = setTimeout(() => void this.#ask(settings), PLAN_MS);
      return;
    }
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    try {
      this.plan = await call<Plan>("POST", "/plans", settings, abort.signal);
      this.problems = {};
    } catch (error) {
      if (abort.signal.aborted) return;
      this.plan = null;
      if (error instanceof Problem && error.status === 422) this.blame(error);
    }
  }
}

export const draft = new Draft();
export const planner = new Planner();

/** The error of a field of the form. */
export const problemOf = (option: string) => planner.problems[option];

/** Lets draft and plan follow the form. To be called in an effect. */
export function followForm(showsDraft: boolean) {
  if (!form.ready) {
    draft.clear();
    planner.clear();
    return;
  }
  // A film is read as a whole to know its shots, so it has no plan before it begins.
  if (form.data.kind === "video") planner.clear();
  else planner.follow($state.snapshot(form.planned.settings) as Settings);
  if (form.data.kind === "texture") draft.clear();
  else if (showsDraft) draft.follow($state.snapshot(form.draftSettings) as Settings);
}
