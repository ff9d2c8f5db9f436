// Screenshots of the documents: the real server paints, and the page is shown as users see it. They go to docs/images.
//
//     node dev/docs.mjs 'http://127.0.0.1:7340/#token=...'
//
// It also tells how long a draft takes from the drop of two pictures, and from the move of a slider.

import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const browser = await chromium.launch({ executablePath: process.env.STUDIO_BROWSER ?? "/usr/bin/chromium" });

async function open(options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme: "light",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(process.argv[2]);
  await page.getByRole("navigation", { name: "Views" }).waitFor();
  return page;
}

const shot = (page, name) => page.screenshot({ path: `${ROOT}docs/images/${name}.jpg`, quality: 88 });
const draft = (page) => page.getByAltText("Draft of the present settings").first();

/** Waits until the draft is another picture than `old`, and shown. */
async function draftAfter(page, old) {
  await page.waitForFunction((old) => {
    const picture = document.querySelector('img[alt="Draft of the present settings"]');
    return picture && picture.src !== old && picture.complete && picture.naturalWidth > 0;
  }, old);
}

const page = await open();
const times = { drop: [], slider: [] };
for (let i = 0; i < 3; i++) {
  await page.reload();
  await page.getByRole("navigation", { name: "Views" }).waitFor();
  const started = Date.now();
  await page.locator('input[type="file"]').nth(0).setInputFiles(`${ROOT}samples/harbour.jpg`);
  await page.locator('input[type="file"]').nth(2).setInputFiles(`${ROOT}samples/swirls.jpg`);
  await draftAfter(page, null);
  times.drop.push(Date.now() - started);
  if (i < 2) await page.evaluate(() => localStorage.clear());
}
const strength = page.getByRole("slider", { name: "Strength" });
for (let i = 0; i < 5; i++) {
  const old = await draft(page).getAttribute("src");
  const started = Date.now();
  await strength.press(i % 2 ? "ArrowRight" : "ArrowLeft");
  await draftAfter(page, old);
  times.slider.push(Date.now() - started);
}
console.log("milliseconds from the drop to the draft:", times.drop.join(" "));
console.log("milliseconds from the slider to the draft:", times.slider.join(" "));
await shot(page, "studio-draft");

await page.getByRole("button", { name: "Run", exact: true }).click();
await page.waitForFunction(() => /Scale [4-9]/.test(document.body.textContent));
await page.waitForTimeout(700);
await shot(page, "studio-running");
await page.getByRole("button", { name: "Use these settings" }).waitFor();
await page.waitForTimeout(700);
await shot(page, "studio");

await page.locator("summary", { hasText: "Regions" }).click();
await page.getByRole("button", { name: "Paint a mask: Where the style goes" }).click();
const box = await page.locator("canvas.mask").boundingBox();
for (const [from, to, y] of [
  [0.1, 0.9, 0.1],
  [0.1, 0.9, 0.2],
  [0.1, 0.9, 0.3],
]) {
  await page.mouse.move(box.x + box.width * from, box.y + box.height * y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to, box.y + box.height * y, { steps: 20 });
  await page.mouse.up();
}
await shot(page, "studio-mask");

const phone = await open({
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  colorScheme: "dark",
});
await phone.waitForTimeout(1500);
await shot(phone, "studio-phone");
await phone.getByRole("link", { name: "History" }).click();
await phone.waitForTimeout(1500);
await shot(phone, "studio-history");
await browser.close();
