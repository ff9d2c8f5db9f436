// The page: its parts, the settings, and what follows from each answer of the painter.

import { added, stem } from "../../../studio/src/lib/words";
import type { Answer, Device, Place, Settings } from "../painter/messages";
import { Painter } from "../painter/painter";
import { SAMPLES, type Sample } from "../samples";
import { Painting } from "./device.svelte";
import { Drafts, type Wish } from "./drafts.svelte";
import { keep, kept } from "./keeping";
import { Notice, type About } from "./notice.svelte";
import { Pace } from "./pace";
import { Pictures, type Pair } from "./pictures.svelte";
import { Results } from "./results.svelte";
import { Running } from "./run.svelte";
import { decoded, download } from "./saving";
import { next } from "./serial";

type Done = Extract<Answer, { kind: "done" }>;

const fileName = ({ content, style }: Pair, end = "") => `${stem(content.name)}-${stem(style.name)}${end}.png`;
const title = ({ content, style }: Pair) => `${stem(content.name)} in the style of ${stem(style.name)}`;

class Page {
  settings = $state<Settings>(kept());
  /** The part of the painter that has arrived; null as soon as it is there. */
  loading = $state<number | null>(0);
  dead = $state(false);
  /** Expected seconds of a run; null as long as nothing was measured. */
  expected = $state<number | null>(null);

  readonly notice = new Notice();
  readonly results = new Results();
  readonly painting = new Painting(location.search);
  #painter = new Painter((answer) => this.#hear(answer));
  readonly pictures = new Pictures((ask) => this.#painter.ask(ask));
  readonly running = new Running((ask) => this.#painter.ask(ask));
  readonly drafts = new Drafts((longest, whole) => this.#askDraft(longest, whole));
  #pace = new Pace();

  readonly ready = $derived(this.pictures.pair !== null && !this.dead);
  /** The draft of the present pictures and settings. */
  readonly #wish = $derived.by((): Wish | null => {
    const { pair } = this.pictures;
    const { effort: _, ...others } = this.settings;
    return pair && { key: JSON.stringify([pair.content.serial, pair.style.serial, others]), pair, size: others.size };
  });
  /** The file of the picture on the stage, with its name. */
  readonly file = $derived.by((): { png: Blob; name: string } | null => {
    if (this.results.shown) return { png: this.results.shown.png, name: this.results.shown.file };
    const draft = this.drafts.shown;
    if (!draft?.png || draft.wish.key !== this.#wish?.key || this.running.now) return null;
    return { png: draft.png, name: fileName(draft.wish.pair, "-draft") };
  });
  /** Something painted would be lost with the page. */
  readonly atRisk = $derived(this.running.now !== null || this.results.unsaved);

  /** The first pictures, so that nobody sees an empty page. */
  begin() {
    void this.sample("content", SAMPLES.content[0]);
    void this.sample("style", SAMPLES.style[0]);
  }

  async sample(place: Place, sample: Sample) {
    this.#acted("picture", "painter");
    if (await this.pictures.sample(place, sample)) return;
    this.notice.fail({ message: `The picture "${sample.title}" could not be fetched.`, hint: null }, "picture");
  }

  take(place: Place, file: File) {
    this.#acted("picture", "painter");
    this.pictures.file(place, file);
  }

  set<K extends keyof Settings>(name: K, value: Settings[K]) {
    if (this.running.now || this.settings[name] === value) return;
    this.settings[name] = value;
    keep($state.snapshot(this.settings));
    this.#acted("draft", "run", "painter");
    this.#changed();
  }

  /** Chooses what paints the runs that follow. */
  device(device: Device) {
    if (this.running.now || this.painting.choice === device) return;
    this.painting.choose(device);
    this.#acted("run", "painter");
    this.#forecast();
  }

  #forecast() {
    this.expected = this.#pace.expected(this.painting.expected);
  }

  /** The reader does something about a problem. One that ended the painter for good stays. */
  #acted(...about: About[]) {
    if (!this.dead) this.notice.clear(...about);
  }

  start() {
    const { pair } = this.pictures;
    if (!pair || this.running.now || this.dead) return;
    this.notice.clear();
    this.results.chosen = null;
    this.running.begin(pair, $state.snapshot(this.settings), this.painting.choice, this.painting.programs);
    this.#follow();
    this.notice.say("The run begins.");
  }

  save() {
    if (this.file) download(this.file.png, this.file.name);
    if (this.results.shown) this.results.shown.saved = true;
  }

  /** Puts a result on the stage, or the draft. */
  show(id: number | null) {
    if (!this.running.now) this.results.chosen = id;
  }

  /** Pictures or settings have changed: draft and forecast follow. */
  #changed() {
    this.results.chosen = null;
    this.#follow();
    this.#plan();
  }

  #plan() {
    if (this.ready) this.#painter.ask({ kind: "plan", settings: $state.snapshot(this.settings), serial: next() });
  }

  #follow() {
    this.drafts.follow(this.running.now || this.dead ? null : this.#wish);
  }

  #askDraft(longest: number, whole: boolean): number {
    const serial = next();
    this.#painter.ask({ kind: "draft", settings: $state.snapshot(this.settings), longest, whole, serial });
    return serial;
  }

  #hear(answer: Answer) {
    switch (answer.kind) {
      case "loading":
        this.loading = answer.part;
        break;
      case "ready":
        this.loading = null;
        this.painting.card = answer.card;
        break;
      case "read":
        this.#read(answer);
        break;
      case "taken":
        this.pictures.taken(answer.serial);
        break;
      case "plan":
        this.#pace.work = answer.work;
        this.#forecast();
        break;
      case "draft":
        this.#drafted(answer);
        break;
      case "trying":
        this.running.tries(answer.serial);
        break;
      case "device":
        this.#device(answer);
        break;
      case "progress":
        this.running.progressed(answer.serial, answer.progress);
        break;
      case "preview":
        this.running.previewed(answer.serial, answer.bitmap);
        break;
      case "done":
        void this.#done(answer);
        break;
      case "problem":
        this.#refused(answer);
        break;
      case "broken":
        this.#lost(answer);
        break;
    }
  }

  /** A new picture ends a run, whose picture is kept. */
  #read(answer: Extract<Answer, { kind: "read" }>) {
    const place = this.pictures.read(answer);
    if (!place) return;
    this.notice.clear("picture", "draft", "run");
    this.notice.say(added(1, place));
    this.running.end("stop");
    this.#changed();
  }

  #drafted({ bitmap, png, seconds, serial }: Extract<Answer, { kind: "draft" }>) {
    const pixels = bitmap.width * bitmap.height;
    const whole = this.drafts.painted(serial, bitmap, png);
    if (whole === null) return;
    this.notice.clear("draft");
    if (!whole) return;
    this.#pace.drafted(seconds, pixels);
    this.#forecast();
    this.notice.say("The draft is shown.");
  }

  /** A card that fails in the middle is a problem that is said; one that is not taken is none. */
  #device({ card, why, serial }: Extract<Answer, { kind: "device" }>) {
    if (this.running.now?.serial !== serial) return;
    this.painting.last = { card, why };
    if (this.running.painted(serial, card) && !card)
      this.notice.fail({ message: why ?? "The processor goes on.", hint: null }, "run");
  }

  async #done({ serial, png, width, height, stopped, seconds }: Done) {
    const run = this.running.now;
    if (run?.serial !== serial) return;
    const { pair } = run;
    if (!stopped && !run.ending) this.#pace.ran(seconds, run.card === true);
    this.#forecast();
    this.results.add({
      id: serial,
      title: `${title(pair)}, ${width} × ${height}`,
      png,
      file: fileName(pair),
      width,
      height,
      content: pair.content,
      stopped,
      seconds,
      card: run.card === true,
    });
    // The last preview stays until the result can be shown.
    await decoded(this.results.all[0].url);
    this.running.clear();
    // Someone who brought another picture looks for that.
    const present = this.pictures.pair;
    const replaced = present?.content.serial !== pair.content.serial || present.style.serial !== pair.style.serial;
    this.results.chosen = replaced ? null : serial;
    this.notice.say(stopped ? "Stopped. The picture so far is kept." : "The picture is done.");
    this.#follow();
  }

  #refused({ problem, serial }: Extract<Answer, { kind: "problem" }>) {
    if (this.pictures.refused(serial)) this.notice.fail(problem, "picture");
    else if (this.running.ended(serial)) this.notice.fail(problem, "run");
    else if (this.drafts.refused(serial)) this.notice.fail(problem, "draft");
    else return;
    this.#follow();
  }

  #lost({ problem, serial, final }: Extract<Answer, { kind: "broken" }>) {
    this.pictures.refused(serial);
    this.running.clear();
    this.drafts.lost();
    [this.loading, this.dead] = [null, final];
    this.notice.fail(problem, "painter");
    this.#follow();
    this.#plan();
  }
}

export const page = new Page();
