// Screenshots of the page in its states, for looking at. They go to tests/shots, which git ignores.
//
//     node dev/shots.mjs [state ...]

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { startMock } from "./mock.mjs";

const OUT = fileURLToPath(new URL("../tests/shots/", import.meta.url));
const SIZES = { wide: [1920, 1080], desk: [1280, 800], phone: [390, 844] };
mkdirSync(OUT, { recursive: true });

const tried = async (page) => {
  await page.getByRole("button", { name: "Try with the harbour" }).click();
  await page.getByAltText("Draft of the present settings").first().waitFor();
};
const ran = async (page, until = "done") => {
  await tried(page);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  if (until === "done") await page.getByRole("button", { name: "Use these settings" }).waitFor();
};

const STATES = {
  empty: async () => {},
  draft: tried,
  running: async (page) => {
    await ran(page, "running");
    await page.waitForFunction(() => /Scale [45]/.test(document.body.textContent));
  },
  done: (page) => ran(page),
  side: async (page) => {
    await ran(page);
    await page.keyboard.press("m");
  },
  styles: async (page) => {
    await tried(page);
    await page.getByRole("radio", { name: "Styles" }).check({ force: true });
    await page.getByRole("button", { name: "Add the style mosaic to the others" }).click();
    await page.waitForTimeout(600);
  },
  mask: async (page) => {
    await tried(page);
    await page.locator("summary", { hasText: "Regions" }).click();
    await page.getByRole("button", { name: "Paint a mask: Where the style goes" }).click();
    const box = await page.locator("canvas.mask").boundingBox();
    await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.35, { steps: 12 });
    await page.mouse.up();
  },
  failed: async (page) => {
    await tried(page);
    await page.locator("summary", { hasText: "More" }).click();
    await page.getByLabel("Seed").fill("13");
    await page.getByLabel("Seed").press("Tab");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText("This run failed").waitFor();
  },
  sheet: async (page) => {
    await tried(page);
    await page.getByRole("radio", { name: "Sheet" }).check({ force: true });
    await page.waitForTimeout(500);
  },
  queue: async (page) => {
    await tried(page);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    for (let i = 0; i < 3; i++) {
      await page.waitForTimeout(150);
      await page.keyboard.press("Control+Enter");
    }
    await page.getByRole("link", { name: /Queue/ }).click();
    await page.waitForFunction(() => /Scale 3/.test(document.body.textContent));
  },
  history: async (page, mock) => {
    await tried(page);
    const style = [...mock.pictures.values()];
    for (let i = 0; i < 9; i++) {
      const settings = {
        kind: "stylize",
        content: style[0].picture.id,
        styles: [style[1 + (i % 2)].picture.id],
        colour: ["style", "keep", "match"][i % 3],
      };
      const job = mock.jobs.create(crypto.randomUUID(), settings);
      job.starred = i % 4 === 0;
      mock.jobs.complete(job);
    }
    await page.getByRole("link", { name: "History" }).click();
    await page.waitForTimeout(800);
  },
  library: async (page) => void (await page.getByRole("link", { name: "Library" }).click()),
  keys: async (page) => void (await page.keyboard.press("?")),
  recipe: async (page) => {
    const { readFileSync } = await import("node:fs");
    const jpeg = readFileSync(fileURLToPath(new URL("../../docs/images/harbour-mosaic.jpg", import.meta.url)));
    const buffer = Buffer.concat([jpeg, Buffer.from("impasto-recipe")]);
    await page
      .locator('input[type="file"]')
      .first()
      .setInputFiles({ name: "result.jpg", mimeType: "image/jpeg", buffer });
    await page.getByRole("dialog").waitFor();
  },
};

const wanted = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium" });
for (const [name, reach] of Object.entries(STATES)) {
  if (wanted.length && !wanted.includes(name)) continue;
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    if (process.env.ONLY && !process.env.ONLY.includes(size)) continue;
    for (const colorScheme of ["light", "dark"]) {
      if (!wanted.length && size === "wide" && !["done", "draft", "empty"].includes(name)) continue;
      const mock = await startMock({ speed: 3 });
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme,
        hasTouch: size === "phone",
        isMobile: size === "phone",
      });
      const page = await context.newPage();
      page.on("console", (m) => m.type() === "error" && console.log(name, size, m.text()));
      page.on("pageerror", (e) => console.log(name, size, String(e)));
      await page.goto(mock.address);
      try {
        await reach(page, mock);
        await page.waitForTimeout(250);
        await page.screenshot({ path: `${OUT}${name}-${size}-${colorScheme}.png` });
      } catch (error) {
        console.log(name, size, String(error).split("\n")[0]);
        await page.screenshot({ path: `${OUT}${name}-${size}-${colorScheme}-broken.png` });
      }
      await context.close();
      mock.stop();
    }
  }
}
await browser.close();
