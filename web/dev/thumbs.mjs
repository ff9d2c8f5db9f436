// Draws src/thumbs: every sample as a square of 112 pixels. Chromium reduces the pictures.
// Run it after a change of src/samples.ts or of a picture.
import { readFileSync, writeFileSync, existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const EDGE = 112;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const ids = [...readFileSync(here("../src/samples.ts"), "utf8").matchAll(/sample\("([a-z-]+)"/g)].map(([, id]) => id);
const browser = await chromium.launch({ executablePath: process.env.STUDIO_BROWSER ?? "/usr/bin/chromium" });
const page = await browser.newPage();
mkdirSync(here("../src/thumbs"), { recursive: true });
for (const id of ids) {
  const path = [here(`../../docs/pictures/${id}.jpg`), here(`../../samples/${id}.jpg`)].find(existsSync);
  const small = await page.evaluate(
    async ([bytes, edge]) => {
      const blob = await (await fetch(`data:image/jpeg;base64,${bytes}`)).blob();
      const bitmap = await createImageBitmap(blob);
      const side = Math.min(bitmap.width, bitmap.height);
      const canvas = Object.assign(document.createElement("canvas"), { width: edge, height: edge });
      const context = canvas.getContext("2d");
      context.imageSmoothingQuality = "high";
      context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, edge, edge);
      return canvas.toDataURL("image/jpeg", 0.82).split(",")[1];
    },
    [readFileSync(path).toString("base64"), EDGE],
  );
  writeFileSync(here(`../src/thumbs/${id}.jpg`), Buffer.from(small, "base64"));
}
await browser.close();
console.log(`${ids.length} thumbs`);
