// The page's end of the worker: a new worker gets the pictures and what is not answered.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answer, Ask, Place } from "../../src/painter/messages";
import { LARGE, Painter } from "../../src/painter/painter";
import { USUAL } from "../../src/state/keeping";

class FakeWorker {
  static all: FakeWorker[] = [];
  asked: Ask[] = [];
  ended = false;
  onmessage!: (event: { data: Answer }) => void;
  onerror!: (event: { message: string; preventDefault: () => void }) => void;

  constructor() {
    FakeWorker.all.push(this);
  }
  postMessage(ask: Ask) {
    this.asked.push(ask);
  }
  terminate() {
    this.ended = true;
  }
  say(answer: Answer) {
    this.onmessage({ data: answer });
  }
}

const take = (serial: number, place: Place): Ask => ({ kind: "take", place, name: "x.png", file: new Blob(), serial });
const draft = (serial: number): Ask => ({ kind: "draft", settings: USUAL, longest: 256, whole: false, serial });
const run = (serial: number): Ask => ({ kind: "run", settings: USUAL, device: "auto", programs: false, serial });
const done = (memory: number): Answer => ({
  kind: "done",
  png: new Blob(),
  width: 1,
  height: 1,
  stopped: false,
  seconds: 1,
  memory,
  serial: 9,
});
const broken = (serial: number, hint: string | null = null): Answer => ({
  kind: "broken",
  problem: { message: "The painter failed.", hint },
  serial,
  final: false,
});
const serials = (worker: FakeWorker) => worker.asked.map((ask) => ("serial" in ask ? ask.serial : 0));

let heard: Answer[];
let painter: Painter;
const newest = () => FakeWorker.all.at(-1)!;

beforeEach(() => {
  [FakeWorker.all, heard] = [[], []];
  vi.stubGlobal("Worker", FakeWorker);
  painter = new Painter((answer) => heard.push(answer));
  for (const ask of [take(1, "content"), take(2, "style")]) painter.ask(ask);
  for (const serial of [1, 2]) newest().say({ kind: "taken", serial });
});
afterEach(() => void vi.unstubAllGlobals());

test("a worker that has grown large is replaced after a run, and nothing is forgotten", () => {
  painter.ask(take(3, "style"));
  painter.ask({ kind: "plan", settings: USUAL, serial: 4 });
  const [first] = FakeWorker.all;
  first.say(done(LARGE));
  expect([FakeWorker.all.length, first.ended]).toEqual([1, false]);
  first.say(done(LARGE + 1));
  expect([FakeWorker.all.length, first.ended]).toEqual([2, true]);
  expect(serials(newest())).toEqual([1, 2, 3, 4]);
  expect(heard.at(-1)?.kind).toBe("done");
  // The old one may have said something before its end.
  first.say({ kind: "loading", part: 1 });
  expect(heard.at(-1)?.kind).toBe("done");
});

test("the explanation of a loss reaches the page, and pictures are given again", () => {
  painter.ask(draft(5));
  newest().say(broken(5, "Take a smaller size."));
  expect(heard.at(-1)).toMatchObject({ problem: { hint: "Take a smaller size. A new one has begun." }, final: false });
  expect(serials(newest())).toEqual([1, 2]);
});

test("a picture that the module was lost at is not given again", () => {
  painter.ask(take(6, "content"));
  newest().say(broken(6));
  expect(serials(newest())).toEqual([1, 2]);
  newest().say(broken(2));
  expect(serials(newest())).toEqual([1]);
});

test("a page that cannot run the module does not try for ever", () => {
  for (let i = 0; i < 2; i++) newest().say(broken(0));
  expect(FakeWorker.all.length).toBe(3);
  newest().onerror({ message: "no module", preventDefault: () => {} });
  expect(FakeWorker.all.length).toBe(3);
  const problem = { message: "The painter did not start.", hint: "No module. Load the page again." };
  expect(heard.at(-1)).toMatchObject({ final: true, problem });
});

test("a painter that has painted may be lost again", () => {
  for (let i = 0; i < 5; i++) {
    newest().say(broken(0));
    newest().say({ kind: "draft", bitmap: {} as ImageBitmap, png: null, seconds: 1, serial: 8 });
  }
  expect(FakeWorker.all.length).toBe(6);
});

test("a run at which the painter was lost on the card is painted anew by the processor, and those after it", () => {
  painter.ask(run(7));
  newest().say({ kind: "trying", serial: 7 });
  newest().say({ kind: "device", card: true, why: null, serial: 7 });
  newest().say(broken(7, "It says: no."));
  expect(newest().asked.at(-1)).toMatchObject({ kind: "run", device: "cpu", serial: 7 });
  expect(heard.at(-1)).toMatchObject({ kind: "device", card: false, serial: 7 });
  painter.ask(run(8));
  expect(newest().asked.at(-1)).toMatchObject({ device: "cpu", serial: 8 });
});

test("a run at which the painter was lost on the processor is lost", () => {
  painter.ask(run(7));
  newest().say({ kind: "device", card: false, why: null, serial: 7 });
  newest().say(broken(7));
  expect(serials(newest())).toEqual([1, 2]);
  expect(heard.at(-1)?.kind).toBe("broken");
});
