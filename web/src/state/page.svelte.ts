// All that the page knows: the two pictures, the settings, the draft that follows them, the run, and what was painted.

import { Painter } from "../painter/painter";
import type { Answer, Painted, Place, Problem, Progress, Settings } from "../painter/messages";
import { SAMPLES, type Sample } from "../samples";
import { stem } from "../../../studio/src/lib/words";
import { Pace } from "./pace";
import { kept, keep } from "./keeping";

export const LARGEST = 1600;
/** Long edge of a draft that follows a moving control, and of one for a control at rest. */
const QUICK = 256;
const WHOLE = 512;
/** Time without a change after which a control rests, in milliseconds. */
const REST = 160;
const MOST_RESULTS = 12;

export interface Chosen {
  name: string;
  url: string;
  credit: string;
  sample: string | null;
  /** Width and height, as soon as they are known. */
  width: number;
  height: number;
}

export interface Shown {
  url: string;
  width: number;
  height: number;
}

export interface Result extends Shown {
  id: number;
  title: string;
  content: Chosen;
  png: Blob;
  file: string;
  stopped: boolean;
  seconds: number;
}

export interface Run {
  serial: number;
  width: number;
  height: number;
  progress: Progress | null;
  ending: "stop" | "finish" | null;
}

class Page {
  content = $state<Chosen | null>(null);
  style = $state<Chosen | null>(null);
  settings = $state<Settings>(kept());
  /** How much of the painter has arrived; null as soon as it is there. */
  loading = $state<number | null>(0);
  dead = $state(false);
  draft = $state<(Shown & { whole: boolean }) | null>(null);
  drafting = $state(false);
  run = $state<Run | null>(null);
  preview = $state<Shown | null>(null);
  results = $state<Result[]>([]);
  /** The result on the stage; null for the draft. */
  chosen = $state<number | null>(null);
  problem = $state<Problem | null>(null);
  /** Expected seconds of a run; null as long as nothing was measured. */
  expected = $state<number | null>(null);
  spoken = $state("");

  #painter = new Painter((answer) => this.#hear(answer));
  #serial = 0;
  /** What the draft on the stage was painted from, and what the one in work is. */
  #painted = "";
  #asked = { key: "", whole: false, serial: 0 };
  #rest: ReturnType<typeof setTimeout> | undefined;
  #pace = new Pace();
  /** The pictures of the run, which may be exchanged before it ends. */
  #of: { content: Chosen; style: Chosen } | null = null;

  readonly result = $derived(this.results.find((r) => r.id === this.chosen) ?? null);
  readonly ready = $derived(this.content !== null && this.style !== null);

  async sample(place: Place, sample: Sample) {
    const serial = ++this.#serial;
    const file = await fetch(sample.url).then((answer) => (answer.ok ? answer.blob() : null), () => null);
    if (!file) return this.#fail({ message: `The picture "${sample.title}" could not be fetched.`, hint: null });
    if (serial < this.#latest[place]) return;
    this.#take(place, file, { name: `${sample.id}.jpg`, url: sample.url, credit: `${sample.title}, ${sample.credit}`, sample: sample.id, width: 0, height: 0 });
  }

  file(place: Place, file: File) {
    this.#take(place, file, { name: file.name || "pasted.png", url: URL.createObjectURL(file), credit: file.name, sample: null, width: 0, height: 0 });
  }

  /** The first pictures, so that nobody sees an empty page. */
  begin() {
    void this.sample("content", SAMPLES.content[0]);
    void this.sample("style", SAMPLES.style[0]);
  }

  set<K extends keyof Settings>(name: K, value: Settings[K]) {
    if (this.run || this.settings[name] === value) return;
    this.settings[name] = value;
    keep(this.settings);
    this.changed();
  }

  start() {
    if (!this.content || !this.style || this.run || this.dead) return;
    this.problem = null;
    this.#of = { content: $state.snapshot(this.content), style: $state.snapshot(this.style) };
    const serial = ++this.#serial;
    this.run = { serial, width: 0, height: 0, progress: null, ending: null };
    [this.chosen, this.preview] = [null, null];
    clearTimeout(this.#rest);
    this.#painter.ask({ kind: "run", settings: $state.snapshot(this.settings), serial });
    this.say("The run begins.");
  }

  end(how: "stop" | "finish") {
    if (!this.run) return;
    this.run.ending = how;
    this.#painter.ask({ kind: how });
  }

  save() {
    if (this.result) download(this.result.png, this.result.file);
    else if (this.draft?.whole && !this.run) this.#painter.ask({ kind: "save", serial: ++this.#serial });
  }

  forget(id: number) {
    const result = this.results.find((r) => r.id === id);
    if (result) URL.revokeObjectURL(result.url);
    this.results = this.results.filter((r) => r.id !== id);
    if (this.chosen === id) this.show(null);
  }

  show(id: number | null) {
    if (this.run) return;
    this.chosen = id;
    if (id === null) this.#pump();
  }

  say(text: string) {
    this.spoken = text;
  }

  #latest: Record<Place, number> = { content: 0, style: 0 };

  #take(place: Place, file: Blob, chosen: Chosen) {
    if (this.run) this.end("stop");
    const serial = ++this.#serial;
    this.#latest[place] = serial;
    this.problem = null;
    this[place] = chosen;
    this.#painter.ask({ kind: "take", place, name: chosen.name, file, serial });
    this.changed();
  }

  #key() {
    const { effort: _, ...others } = this.settings;
    return JSON.stringify([this.#latest, others]);
  }

  /** Settings or pictures have changed: the draft follows. */
  changed() {
    if (this.run && !this.run.ending) return;
    this.chosen = null;
    this.#pump();
    if (this.ready && !this.dead) this.#painter.ask({ kind: "plan", settings: $state.snapshot(this.settings) });
  }

  /** Asks for the next draft: a quick one as long as controls move, and a whole one as soon as they rest. */
  #pump() {
    clearTimeout(this.#rest);
    if (!this.ready || this.dead || this.drafting || this.run) return;
    const key = this.#key();
    const whole = Math.min(this.settings.size, WHOLE);
    if (this.#painted !== key && this.#asked.key !== key) return this.#ask(key, Math.min(whole, QUICK));
    if (this.#painted !== key || this.draft?.whole) return;
    this.#rest = setTimeout(() => {
      if (!this.drafting && !this.run && this.#key() === key) this.#ask(key, whole);
    }, REST);
  }

  #ask(key: string, longest: number) {
    const serial = ++this.#serial;
    this.#asked = { key, whole: longest === Math.min(this.settings.size, WHOLE), serial };
    this.drafting = true;
    this.#painter.ask({ kind: "draft", settings: $state.snapshot(this.settings), longest, serial });
  }

  #fail(problem: Problem) {
    this.problem = problem;
    this.say(`${problem.message} ${problem.hint ?? ""}`);
  }

  #shown(painted: Painted, before: Shown | null): Shown {
    // The picture before stays on the screen until the new one is decoded.
    if (before) setTimeout(() => URL.revokeObjectURL(before.url), 2000);
    return { url: URL.createObjectURL(painted.file), width: painted.width, height: painted.height };
  }

  #hear(answer: Answer) {
    switch (answer.kind) {
      case "loading":
        this.loading = answer.part;
        break;
      case "ready":
        this.loading = null;
        this.#pump();
        break;
      case "taken": {
        const chosen = this[answer.place];
        if (chosen && this.#latest[answer.place] === answer.serial) [chosen.width, chosen.height] = [answer.width, answer.height];
        break;
      }
      case "plan":
        this.#pace.work = answer.work;
        this.expected = this.#pace.expected;
        break;
      case "draft":
        this.#drafted(answer.picture, answer.seconds, answer.serial);
        break;
      case "begun":
        if (this.run?.serial === answer.serial) [this.run.width, this.run.height] = [answer.width, answer.height];
        break;
      case "progress":
        if (this.run?.serial === answer.serial) this.run.progress = answer.progress;
        break;
      case "preview":
        if (this.run?.serial === answer.serial) this.preview = this.#shown(answer.picture, this.preview);
        break;
      case "done":
        this.#done(answer);
        break;
      case "saved":
        download(answer.png, `${stem(this.content?.name ?? "")}-${stem(this.style?.name ?? "")}-draft.png`);
        break;
      case "problem":
        this.#refused(answer.problem, answer.serial);
        break;
      case "broken":
        [this.drafting, this.run, this.loading] = [false, null, null];
        this.#asked.key = "";
        this.dead = answer.final;
        this.#fail(answer.problem);
        break;
    }
  }

  #drafted(picture: Painted, seconds: number, serial: number) {
    if (serial !== this.#asked.serial) return;
    this.drafting = false;
    this.problem = null;
    this.#painted = this.#asked.key;
    this.draft = { ...this.#shown(picture, this.draft), whole: this.#asked.whole };
    if (this.#asked.whole) {
      this.#pace.drafted(seconds, picture.width * picture.height);
      this.expected = this.#pace.expected;
      this.say("The draft is shown.");
    }
    this.#pump();
  }

  #refused(problem: Problem, serial: number) {
    this.#fail(problem);
    if (this.run?.serial === serial) this.run = null;
    if (serial === this.#asked.serial) this.drafting = false;
    for (const place of ["content", "style"] as Place[]) if (this.#latest[place] === serial) this[place] = null;
  }

  #done(answer: Extract<Answer, { kind: "done" }>) {
    if (this.run?.serial !== answer.serial || !this.#of) return;
    const { content, style } = this.#of;
    if (!answer.stopped && !this.run.ending) this.#pace.ran(answer.seconds);
    this.expected = this.#pace.expected;
    const result: Result = {
      ...this.#shown(answer.picture, this.preview),
      id: answer.serial,
      title: `${stem(content.name)} in the style of ${stem(style.name)}, ${answer.picture.width} × ${answer.picture.height}`,
      content,
      png: answer.png,
      file: `${stem(content.name)}-${stem(style.name)}.png`,
      stopped: answer.stopped,
      seconds: answer.seconds,
    };
    const superseded = this.run.ending === "stop" && this.#painted !== this.#key();
    [this.run, this.preview] = [null, null];
    this.results = [result, ...this.results];
    for (const old of this.results.splice(MOST_RESULTS)) URL.revokeObjectURL(old.url);
    // A run that a new picture ended is not what its reader looks for.
    this.chosen = superseded ? null : result.id;
    this.say(answer.stopped ? "Stopped. The picture so far is kept." : "The picture is done.");
    this.#pump();
  }
}

function download(file: Blob, name: string) {
  const url = URL.createObjectURL(file);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export const page = new Page();
