// Small windows, large type, light and dark.

import assert from "node:assert/strict";
import { fitsWidth, pageTest, run, suite, trySample } from "./setup.mjs";

suite();

const VIEWS = [
  ["Queue", /Queue/],
  ["History", /History/],
  ["Library", /Library/],
  ["Paint", /Paint/],
];

// A window of 1280 pixels at 200 % has 640 of the page's pixels.
for (const [width, height] of [
  [320, 640],
  [640, 400],
  [901, 700],
]) {
  pageTest(
    `${width} pixels of width need no sideways scrolling`,
    { context: { viewport: { width, height } } },
    async (page) => {
      await fitsWidth(page, "empty");
      await trySample(page);
      await fitsWidth(page, "draft");
      await page.locator("summary", { hasText: "More" }).click();
      await page.locator("summary", { hasText: "Regions" }).click();
      await fitsWidth(page, "all options");
      await page.getByRole("button", { name: "Paint a mask: Where the style goes" }).click();
      await fitsWidth(page, "mask");
      await page.getByRole("button", { name: "Cancel" }).click();
      await run(page);
      await fitsWidth(page, "done");
      await page.getByRole("button", { name: "Download" }).click();
      await fitsWidth(page, "download menu");
      await page.keyboard.press("Escape");
      for (const [name, link] of VIEWS) {
        await page.getByRole("link", { name: link }).last().click();
        await page.getByRole("heading", { level: 1 }).waitFor();
        await fitsWidth(page, name);
      }
    },
  );
}

pageTest(
  "the run button is always in reach on a phone",
  { context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } },
  async (page) => {
    await trySample(page);
    const box = await page.getByRole("button", { name: "Run", exact: true }).boundingBox();
    assert.ok(box.y + box.height <= 844 && box.height >= 40, JSON.stringify(box));
  },
);

pageTest(
  "light and dark follow the system, and the button overrules it; the surround is a grey without tint",
  {},
  async (page) => {
    const colour = (of) => page.evaluate((s) => getComputedStyle(document.querySelector(s)).backgroundColor, of);
    const grey = (css) => {
      const [r, g, b] = css.match(/\d+/g).map(Number);
      assert.ok(r === g && g === b, css);
      return r;
    };
    await page.emulateMedia({ colorScheme: "light" });
    const light = [grey(await colour(":root")), grey(await colour(".empty"))];
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = [grey(await colour(":root")), grey(await colour(".empty"))];
    assert.ok(light[0] > 200 && dark[0] < 60, `${light} ${dark}`);
    assert.ok(light[1] < 0x80 && dark[1] > 0x28, `${light} ${dark}`);
    await page.getByRole("button", { name: /^Colours of the page/ }).click();
    assert.equal(grey(await colour(":root")), light[0]);
  },
);
