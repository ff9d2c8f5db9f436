// Files become pixels in the worker: by the browser's decoders, and by a module of ours where the browser has none.

import type { Problem } from "./messages";
import { Refused } from "./module";

/** The most pixels that the painter takes. The browser reduces larger pictures before. */
const MOST_PIXELS = 12_000_000;

export interface Opened {
  pixels: ImageData;
  /** A file that the browser can show, if it cannot show the given one. */
  shown: Blob | null;
}

export async function opened(name: string, file: Blob): Promise<Opened> {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap) return { pixels: reduced(bitmap), shown: null };
  const pixels = await read(name, file);
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  canvas.getContext("2d")!.putImageData(pixels, 0, 0);
  return { pixels, shown: await canvas.convertToBlob() };
}

/** Pixels, upright, in sRGB, and no more of them than the painter takes. */
function reduced(bitmap: ImageBitmap): ImageData {
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (bitmap.width * bitmap.height)));
  const edge = (length: number) => Math.max(1, Math.floor(length * scale));
  const canvas = new OffscreenCanvas(edge(bitmap.width), edge(bitmap.height));
  const context = canvas.getContext("2d", { colorSpace: "srgb", willReadFrequently: true })!;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Reads a file in a worker of its own. */
async function read(name: string, file: Blob): Promise<ImageData> {
  const worker = new Worker(new URL("./files.ts", import.meta.url), { type: "module" });
  try {
    const { pixels, problem } = await new Promise<{ pixels?: ImageData; problem?: Problem }>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (e) =>
        reject(new Refused({ message: "The reader of files did not start.", hint: e.message || null }));
      worker.postMessage({ name, file });
    });
    if (pixels) return pixels;
    throw new Refused(problem!);
  } finally {
    worker.terminate();
  }
}
