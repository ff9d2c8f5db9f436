// The worker: it reads pictures and paints. A run is a row of steps; between two of them the worker listens, so that a
// run can be ended and a file can be opened.

import init, { WebPainter } from "../../pkg/impasto_web.js";
import moduleUrl from "../../pkg/impasto_web_bg.wasm?url";
import type { Answer, Ask, Progress, Settings } from "./messages";
import { fetched, started, understood } from "./module";
import { opened } from "./pictures";
import { image, type Painted } from "./pixels";

/** Long edge of previews, and the least time between two of them and between two reports, in milliseconds. */
const PREVIEW = 1024;
const PREVIEW_EVERY = 600;
const PROGRESS_EVERY = 100;

const say = (answer: Answer, bitmap?: ImageBitmap) => postMessage(answer, { transfer: bitmap ? [bitmap] : [] });
let ending: "stop" | "finish" | null = null;
let running = false;
let broken = false;

interface Module {
  painter: WebPainter;
  /** The bytes that its memory has grown to. */
  memory: () => number;
}

async function begin(): Promise<Module> {
  const { memory } = await init({ module_or_path: await fetched(moduleUrl, (part) => say({ kind: "loading", part })) });
  return { painter: new WebPainter(), memory: () => memory.buffer.byteLength };
}

const NAME = "The painter";
const module = started(NAME, begin);
module.then(
  () => say({ kind: "ready" }),
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

/** Does the steps of a run. Returns whether it was stopped. */
async function steps({ painter }: Module, serial: number): Promise<boolean> {
  let [told, seen] = [0, performance.now()];
  for (;;) {
    await listen();
    if (ending === "stop") return true;
    if (ending === "finish") {
      painter.finishSoon();
      ending = null;
    }
    const step = painter.step();
    if (step === undefined) return false;
    const now = performance.now();
    if (now - told >= PROGRESS_EVERY) {
      told = now;
      say({ kind: "progress", progress: JSON.parse(step) as Progress, serial });
    }
    if (now - seen >= PREVIEW_EVERY) {
      const shown = await bitmap(painter.preview(PREVIEW));
      say({ kind: "preview", bitmap: shown, serial }, shown);
      seen = performance.now();
    }
  }
}

async function run(module: Module, settings: Settings, serial: number) {
  const start = performance.now();
  module.painter.begin(JSON.stringify(settings));
  const stopped = await steps(module, serial);
  const result = module.painter.result();
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
  else if (ask.kind === "run") await run(loaded, ask.settings, ask.serial).finally(() => (running = false));
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
