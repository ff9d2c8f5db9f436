// The worker: it loads the module, decodes pictures with the browser's decoders, and paints. A run is a row of steps;
// between two of them the worker listens, so that a run can be ended.

import init, { WebPainter, type Painted as Pixels } from "../../pkg/impasto_web.js";
import moduleUrl from "../../pkg/impasto_web_bg.wasm?url";
import type { Answer, Ask, Painted, Place, Problem, Progress, Settings } from "./messages";

/** The most pixels that the module takes in. The browser reduces larger pictures before. */
const MOST_PIXELS = 12_000_000;
/** Long edge of previews, and the least time between two of them in milliseconds. */
const PREVIEW = 1024;
const PREVIEW_EVERY = 600;
const PROGRESS_EVERY = 100;

const say = (answer: Answer) => postMessage(answer);
let painter: WebPainter;
let panic = "";
let ending: "stop" | "finish" | null = null;
let running = false;
let broken = false;

(globalThis as unknown as { impastoPanicked: (message: string) => void }).impastoPanicked = (message) => (panic = message);

/** Fetches the module and says how far it is. */
async function fetched(): Promise<Response> {
  const answer = await fetch(moduleUrl);
  if (!answer.ok || !answer.body) throw new Error(`the painter could not be fetched (status ${answer.status})`);
  // A packed answer says its packed length; then the part is not known.
  const total = answer.headers.get("content-encoding") ? 0 : Number(answer.headers.get("content-length"));
  let bytes = 0;
  const counted = answer.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length;
        if (total > 0) say({ kind: "loading", part: Math.min(1, bytes / total) });
        controller.enqueue(chunk);
      },
    }),
  );
  return new Response(counted, { headers: { "content-type": "application/wasm" } });
}

const ready = fetched()
  .then((module) => init({ module_or_path: module }))
  .then(() => {
    painter = new WebPainter();
    say({ kind: "ready" });
  })
  .catch((error) => fail(error, 0, "The painter did not start."));

/** Says what went wrong. What the module throws on purpose is JSON; all else is the end of it. */
function fail(error: unknown, serial: number, before = ""): void {
  if (typeof error === "string") {
    let problem: Problem;
    try {
      problem = JSON.parse(error);
    } catch {
      problem = { message: error, hint: null };
    }
    return say({ kind: "problem", problem, serial });
  }
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof WebAssembly.CompileError)
    return lost({ message: "This browser cannot run the painter.", hint: "It needs WebAssembly with vectors, which Chrome 123, Firefox 121, Safari 17.5 and later ones have." });
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
    if (panic) return lost({ message: "The painter failed and starts again.", hint: panic });
    return lost({ message: "The browser gave the painter no more memory. It starts again.", hint: "Take a smaller size." });
  }
  if (before) return lost({ message: `${before} ${text}`, hint: "Load the page again." });
  say({ kind: "problem", problem: { message: text, hint: null }, serial });
}

function lost(problem: Problem) {
  broken = true;
  say({ kind: "broken", problem, final: false });
}

/** The pixels of a file, upright, in sRGB, and no more of them than the module takes. */
async function decoded(file: Blob): Promise<ImageData> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error("This file is no picture that the browser can read.");
  });
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (bitmap.width * bitmap.height)));
  const canvas = new OffscreenCanvas(Math.max(1, Math.floor(bitmap.width * scale)), Math.max(1, Math.floor(bitmap.height * scale)));
  const context = canvas.getContext("2d", { colorSpace: "srgb", willReadFrequently: true })!;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

async function take(place: Place, name: string, file: Blob, serial: number) {
  const { data, width, height } = await decoded(file);
  const bytes = new Uint8Array(data.buffer);
  if (place === "content") painter.setContent(name, width, height, bytes);
  else painter.setStyle(name, width, height, bytes);
  say({ kind: "taken", place, width, height, serial });
}

/** A picture as a file in memory, which an image element shows. */
async function shown(pixels: Pixels, type = "image/png"): Promise<Painted> {
  const { width, height } = pixels;
  const bytes = pixels.take();
  const data = new ImageData(new Uint8ClampedArray(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length), width, height);
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")!.putImageData(data, 0, 0);
  return { file: await canvas.convertToBlob({ type, quality: 0.95 }), width, height };
}

const png = () => new Blob([painter.png() as Uint8Array<ArrayBuffer>], { type: "image/png" });

async function draft(settings: Settings, longest: number, serial: number) {
  const start = performance.now();
  const pixels = painter.draft(JSON.stringify(settings), longest);
  const seconds = (performance.now() - start) / 1000;
  say({ kind: "draft", picture: await shown(pixels), seconds, serial });
}

/** Lets messages come in. */
const listen = () => new Promise((resolve) => setTimeout(resolve, 0));

async function run(settings: Settings, serial: number) {
  const start = performance.now();
  const [width, height] = painter.begin(JSON.stringify(settings));
  say({ kind: "begun", width, height, serial });
  let [told, seen] = [0, start];
  let stopped = false;
  for (;;) {
    await listen();
    if (ending === "stop") {
      stopped = true;
      break;
    }
    if (ending === "finish") {
      painter.finishSoon();
      ending = null;
    }
    const step = painter.step();
    if (step === undefined) break;
    const now = performance.now();
    if (now - told >= PROGRESS_EVERY) {
      told = now;
      say({ kind: "progress", progress: JSON.parse(step) as Progress, serial });
    }
    if (now - seen >= PREVIEW_EVERY) {
      say({ kind: "preview", picture: await shown(painter.preview(PREVIEW), "image/jpeg"), serial });
      seen = performance.now();
    }
  }
  const picture = await shown(painter.result());
  say({ kind: "done", picture, png: png(), stopped, seconds: (performance.now() - start) / 1000, serial });
}

async function answer(ask: Ask) {
  switch (ask.kind) {
    case "take":
      return take(ask.place, ask.name, ask.file, ask.serial);
    case "plan":
      return say({ kind: "plan", work: painter.work(JSON.stringify(ask.settings)) });
    case "draft":
      return draft(ask.settings, ask.longest, ask.serial);
    case "run":
      return run(ask.settings, ask.serial).finally(() => (running = false));
    case "save":
      return say({ kind: "saved", png: png(), serial: ask.serial });
  }
}

let last: Promise<void> = Promise.resolve();
onmessage = ({ data: ask }: MessageEvent<Ask>) => {
  if (ask.kind === "stop" || ask.kind === "finish") {
    if (running) ending = ask.kind;
    return;
  }
  if (ask.kind === "run") [running, ending] = [true, null];
  last = last.then(async () => {
    await ready;
    if (!broken) await answer(ask).catch((error) => fail(error, "serial" in ask ? ask.serial : 0));
  });
};
