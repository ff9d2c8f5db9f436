// Files become pixels in the worker, by the browser's decoders.

import { Refused } from "./module";

/** The most pixels that the painter takes. The browser reduces larger pictures before. */
const MOST_PIXELS = 12_000_000;

/** Reads a picture. The browser looks at the bytes, so neither the name nor the media type matters. */
export async function opened(name: string, file: Blob): Promise<ImageData> {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap) return reduced(bitmap);
  throw new Refused({
    message: `${name}: expected a picture that this browser can show.`,
    hint: "Save it as PNG or JPEG. The program impasto also reads HEIC, TIFF, OpenEXR and JPEG XL.",
  });
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
