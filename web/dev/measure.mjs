// Says how long drafts and steps of a run take in Chromium, at several sizes: `node dev/measure.mjs [size ...]`.
import { chromium } from "playwright-core";
import { serve } from "../tests/serve.mjs";

const sizes = process.argv.slice(2).map(Number);
const { address, close } = await serve();
const browser = await chromium.launch({ executablePath: process.env.STUDIO_BROWSER ?? "/usr/bin/chromium" });
const page = await browser.newPage();
page.setDefaultTimeout(600_000);
const started = performance.now();
const seconds = () => ((performance.now() - started) / 1000).toFixed(2);
// The page's worker says how long its work took.
await page.addInitScript(() => {
  const Real = Worker;
  globalThis.heard = [];
  globalThis.Worker = class extends Real {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        const { width, height } = data.bitmap ?? data;
        if (["draft", "done"].includes(data.kind))
          heard.push(`${data.kind} ${width} x ${height}: ${data.seconds.toFixed(2)} s`);
        if (data.kind === "progress") globalThis.last = data.progress;
      });
    }
  };
});
await page.goto(address);
await page.getByRole("img", { name: "Draft of the present settings" }).waitFor();
console.log(`the first draft is seen after ${seconds()} s`);
const whole = () => page.getByRole("button", { name: "Save PNG" }).and(page.locator(":enabled")).waitFor();
await whole();
for (const size of sizes.length ? sizes : [256, 384, 512]) {
  await page.getByRole("radio", { name: String(size), exact: true }).check({ force: true });
  await whole();
  await page.evaluate(() => (heard.length = 0));
  // Another strength: the style's moments are known.
  await page.getByRole("spinbutton", { name: "Strength, as a number" }).fill("0.9");
  await page.waitForFunction((size) => heard.some((line) => line.includes(`draft ${Math.min(size, 512)}`)), size);
  const drafts = await page.evaluate(() => heard.splice(0));
  await page.getByRole("spinbutton", { name: "Strength, as a number" }).fill("1");
  await whole();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("progressbar").waitFor();
  await page
    .getByAltText(/^Result: /)
    .first()
    .waitFor();
  const [done] = await page.evaluate(() => heard.filter((line) => line.startsWith("done")));
  const step = await page.evaluate(() => last.step.seconds);
  console.log(`${size}: ${drafts.join(", ")}; run ${done}; one step at the last scale ${step.toFixed(2)} s`);
}
await browser.close();
close();
