// Every view: nothing that axe objects to, in light and in dark, no error on the console, no request elsewhere.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, addStyle, pageTest, run, state, suite, trySample, watch } from "./setup.mjs";

suite();

const VIEWS = {
  empty: async () => {},
  draft: trySample,
  done: async (page) => {
    await trySample(page);
    await run(page);
  },
  "side by side": async (page) => {
    await trySample(page);
    await page.keyboard.press("m");
  },
  "several styles": async (page) => {
    await trySample(page);
    await addStyle(page);
    await page.getByText("Size and angle").first().click();
  },
  mask: async (page) => {
    await trySample(page);
    await page.locator("summary", { hasText: "Regions" }).click();
    await page.getByRole("button", { name: "Paint a mask: Where the style goes" }).click();
    await page.getByRole("button", { name: "Use the mask" }).waitFor();
    await page.getByRole("button", { name: "More", exact: true }).click();
  },
  options: async (page) => {
    await trySample(page);
    await page.locator("summary", { hasText: "More" }).click();
  },
  sheet: async (page) => void (await page.getByRole("radio", { name: "Sheet" }).check({ force: true })),
  texture: async (page) => void (await page.getByRole("radio", { name: "Texture" }).check({ force: true })),
  batch: async (page) => {
    await trySample(page);
    await page.getByRole("radio", { name: "Batch" }).check({ force: true });
    await page.getByRole("heading", { name: "Contents" }).waitFor();
  },
  queue: async (page) => void (await page.getByRole("link", { name: /Queue/ }).click()),
  history: async (page) => {
    await trySample(page);
    await run(page);
    await page.getByRole("link", { name: "History" }).click();
    await page
      .getByRole("button", { name: /^Star / })
      .first()
      .waitFor();
  },
  library: async (page) => {
    await page.getByRole("link", { name: "Library" }).click();
    await page
      .getByAltText(/^Use the style/)
      .first()
      .waitFor();
  },
  keys: async (page) => {
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
  },
  presets: async (page) => void (await page.getByRole("button", { name: "Presets" }).click()),
};

for (const [name, reach] of Object.entries(VIEWS)) {
  pageTest(`the view "${name}" is accessible`, {}, async (page) => {
    await reach(page);
    const part = name === "presets" ? ".menu > .sheet" : undefined;
    await accessible(page, `${name}, light`, part);
    await page.emulateMedia({ colorScheme: "dark" });
    await accessible(page, `${name}, dark`, part);
  });
}

pageTest("a running job is accessible and says how far it is", {}, async (page) => {
  await trySample(page);
  await page.getByRole("spinbutton", { name: "Size, long edge" }).fill("512");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const bar = page.getByRole("progressbar");
  await bar.waitFor();
  await page.waitForFunction(() => /^\d+ % – Impasto$/.test(document.title));
  assert.match(await bar.getAttribute("aria-valuetext"), /[a-z]/);
  assert.match(await page.locator('link[rel="icon"]').getAttribute("href"), /^data:image/);
  await accessible(page, "running");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("This run was cancelled.").waitFor();
  await accessible(page, "cancelled");
});

test("a browser without a session is told what to do", async () => {
  const context = await state.browser.newContext();
  const page = await context.newPage();
  watch(page);
  await page.goto(`${state.origin}/`);
  await page.getByText("Open the address that").waitFor();
  await accessible(page, "signed out");
  await context.close();
});
