// The worker: it reads pictures and paints. A run is a row of steps; between two of them the worker listens, so that a
// run can be ended and a file can be opened. A call that waits for the card is suspended; no other call may come before
// its end, so requests are answered one after the other.

import init, { WebPainter, outcome } from "../../pkg/impasto_web.js";
import moduleUrl from "../../pkg/impasto_web_bg.wasm?url";
import { browser, look } from "./card";
import type { Answer, Ask, Card, Progress } from "./messages";
import { fetched, plain, started, understood } from "./module";
import { suspended } from "./pause";
import { opened } from "./pictures";
import { image, type Painted } from "./pixels";

/** Long edge of previews, and the least time between two of them and between two reports, in milliseconds. */
const PREVIEW = 1024;
const PREVIEW_EVERY = 600;
const PROGRESS_EVERY = 100;

const say = (answer: Answer, bitmap?: ImageBitmap) => postMessage(answer, { transfer: bitmap ? [bitmap] : [] });
type Run = Extract<Ask, { kind: "run" }>;

let ending: "stop" | "finish" | null = null;
let running = false;
let broken = false;

interface Module {
  painter: WebPainter;
  card: Card;
  /** Whether the card was measured to be faster, and why it is not taken by itself. */
  faster: boolean;
  against: string | null;
  /** Does what the painter was told to put down, and returns what came of it. */
  done: <T>(put: () => void) => Promise<T>;
  /** The bytes that its memory has grown to. */
  memory: () => number;
}

async function begin(): Promise<Module> {
  const module_or_path = await fetched(moduleUrl, (part) => say({ kind: "loading", part }));
  const { memory, impasto_work } = await init({ module_or_path });
  const card = await look();
  // Without a card nothing waits, and the call is a plain one.
  const work = card.name ? suspended(impasto_work) : async () => impasto_work();
  const done = async <T>(put: () => void) => {
    put();
    await work();
    return outcome() as T;
  };
  const bytes = () => memory.buffer.byteLength;
  return { painter: new WebPainter(), card, faster: false, against: null, done, memory: bytes };
}

const NAME = "The painter";
const module = started(NAME, begin);
module.then(
  ({ card }) => say({ kind: "ready", card }),
  (error) => fail(error, 0),
);

function fail(error: unknown, serial: number) {
  const { lost, ...problem } = understood(error, NAME);
  if (!lost) return say({ kind: "problem", problem, serial });
  broken = true;
  say({ kind: "broken", problem, serial, final: false });
}

/** A picture for the screen. It needs no encoder, and keeps what is transparent. */
const bitmap = (painted: Painted) => createImageBitmap(image(painted));

/** The file of what was painted last, with its recipe. */
const png = ({ painter }: Module) => new Blob([painter.png() as Uint8Array<ArrayBuffer>], { type: "image/png" });

async function draft(module: Module, ask: Extract<Ask, { kind: "draft" }>) {
  const start = performance.now();
  const pixels = module.painter.draft(JSON.stringify(ask.settings), ask.longest);
  const seconds = (performance.now() - start) / 1000;
  const shown = await bitmap(pixels);
  say({ kind: "draft", bitmap: shown, png: ask.whole ? png(module) : null, seconds, serial: ask.serial }, shown);
}

/** Lets messages come in. */
const listen = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Whether the card is to paint a run, opened and measured; and if not, why. */
async function onCard(module: Module, ask: Run): Promise<{ card: boolean; why: string | null }> {
  const { painter, card, done } = module;
  const not = (why: string | null) => ({ card: false, why });
  const auto = ask.device === "auto";
  if (ask.device === "cpu") return not(null);
  if (!card.name) return not(card.why);
  if (card.program && !ask.programs) return not(`${card.name} is a program that plays a graphics card.`);
  if (auto && module.against) return not(module.against);
  say({ kind: "trying", serial: ask.serial });
  try {
    if (!painter.hasCard()) await done(() => painter.openCard(card.name!, browser()));
    if (auto) module.faster ||= await done<boolean>(() => painter.cardIsFaster(JSON.stringify(ask.settings)));
    if (!auto || module.faster) return { card: true, why: null };
    module.against = `${card.name} was measured, and is not faster.`;
  } catch (error) {
    const { lost, message } = understood(error, NAME);
    if (lost) throw error;
    module.against = `The graphics card cannot be used: ${plain(message)}.`;
  }
  return not(module.against);
}

const failed = (words: string | null) =>
  `The graphics card failed, and the run began anew on the processor. It says: ${plain(words ?? "")}.`;

/** Does the steps of a run. Returns whether it was stopped. */
async function steps({ painter, done }: Module, card: boolean, serial: number): Promise<boolean> {
  let [told, seen] = [0, performance.now()];
  for (;;) {
    await listen();
    if (ending === "stop") return true;
    if (ending === "finish") {
      painter.finishSoon();
      ending = null;
    }
    const step = await done<string | undefined>(() => painter.step());
    if (step === undefined) return false;
    const now = performance.now();
    const progress = JSON.parse(step) as Progress;
    if (card && !progress.on_card) {
      card = false;
      say({ kind: "device", card, why: failed(progress.failure), serial });
    }
    if (now - told >= PROGRESS_EVERY) {
      told = now;
      say({ kind: "progress", progress, serial });
    }
    if (now - seen >= PREVIEW_EVERY) {
      const shown = await bitmap(await done<Painted>(() => painter.preview(PREVIEW)));
      say({ kind: "preview", bitmap: shown, serial }, shown);
      seen = performance.now();
    }
  }
}

async function run(module: Module, ask: Run) {
  const { painter, done } = module;
  const { serial } = ask;
  const { card, why } = await onCard(module, ask);
  say({ kind: "device", card, why, serial });
  const start = performance.now();
  await done(() => painter.begin(JSON.stringify(ask.settings), card));
  const stopped = await steps(module, card, serial);
  const result = await done<Painted & { free(): void }>(() => painter.result());
  const { width, height } = result;
  result.free();
  const seconds = (performance.now() - start) / 1000;
  say({ kind: "done", png: png(module), width, height, stopped, seconds, memory: module.memory(), serial });
}

/** Answers a request at its turn. A file was opened before. */
async function answer(ask: Ask, file: Promise<ImageData> | null) {
  const loaded = await module;
  const { painter } = loaded;
  if (ask.kind === "take") {
    const { data, width, height } = await file!;
    const bytes = new Uint8Array(data.buffer);
    if (ask.place === "content") painter.setContent(ask.name, width, height, bytes);
    else painter.setStyle(ask.name, width, height, bytes);
    say({ kind: "taken", serial: ask.serial });
  } else if (ask.kind === "plan")
    say({ kind: "plan", work: painter.work(JSON.stringify(ask.settings)), serial: ask.serial });
  else if (ask.kind === "draft") await draft(loaded, ask);
  else if (ask.kind === "run") await run(loaded, ask).finally(() => (running = false));
}

/** Opens a file at once, also while a run goes on, as the page waits to hear whether it is a picture. */
async function open(ask: Extract<Ask, { kind: "take" }>): Promise<ImageData> {
  const pixels = await opened(ask.name, ask.file);
  const { width, height } = pixels;
  say({ kind: "read", width, height, serial: ask.serial });
  return pixels;
}

let last: Promise<void> = Promise.resolve();
onmessage = ({ data: ask }: MessageEvent<Ask>) => {
  if (ask.kind === "stop" || ask.kind === "finish") {
    if (running) ending = ask.kind;
    return;
  }
  if (ask.kind === "run") [running, ending] = [true, null];
  const file = ask.kind === "take" ? open(ask) : null;
  // A file that is no picture is said at once, and no run ends for it.
  file?.catch((error) => fail(error, ask.serial));
  last = last.then(async () => {
    if (broken) return;
    if (
      file &&
      !(await file.then(
        () => true,
        () => false,
      ))
    )
      return;
    await answer(ask, file).catch((error) => fail(error, ask.serial));
  });
};
