// The worker that reads files which the browser cannot read. It has a module of its own, so that a damaged file takes
// nothing else along, and its memory is given back when it ends.

import init, { read } from "../../pkg-files/impasto_web.js";
import moduleUrl from "../../pkg-files/impasto_web_bg.wasm?url";
import { fetched, started, understood } from "./module";
import { image } from "./pixels";

const NAME = "The reader of files";

onmessage = async ({ data: { name, file } }: MessageEvent<{ name: string; file: Blob }>) => {
  try {
    await started(NAME, async () => init({ module_or_path: await fetched(moduleUrl, () => {}) }));
    const pixels = image(read(name, new Uint8Array(await file.arrayBuffer())));
    postMessage({ pixels }, { transfer: [pixels.data.buffer] });
  } catch (error) {
    const { message, hint } = understood(error, NAME);
    postMessage({ problem: { message, hint } });
  }
};
