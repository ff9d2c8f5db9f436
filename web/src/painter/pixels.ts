// Pixels of the module for the browser.

/** A picture of the module. */
export interface Painted {
  width: number;
  height: number;
  take(): Uint8Array;
}

export function image(painted: Painted): ImageData {
  const { width, height } = painted;
  const bytes = painted.take();
  return new ImageData(
    new Uint8ClampedArray(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length),
    width,
    height,
  );
}
