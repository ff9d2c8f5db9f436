// The library, presets, failures, comparisons, and being told when it is done.

import assert from "node:assert/strict";
import { madePicture, mockOnly, pageTest, resultShown, run, state, suite, trySample, withPage } from "./setup.mjs";
import { test } from "node:test";

suite();

pageTest("a style is added to the library, named, tagged, used and deleted", {}, async (page) => {
  await page.getByRole("link", { name: "Library" }).click();
  await page
    .getByText("Add pictures")
    .locator("input")
    .setInputFiles([await madePicture(page, "leaves.png", "#557722")]);
  const name = page.getByRole("textbox", { name: "Name of the style leaves" });
  await name.fill("Autumn");
  await name.press("Tab");
  await page.getByRole("textbox", { name: "Tags of the style Autumn" }).fill("warm, tree");
  await page.keyboard.press("Tab");
  await page.getByRole("searchbox").fill("tree");
  await page.getByAltText("Use the style Autumn").click();
  await page.getByAltText("Style: leaves.png").first().waitFor();
  await page.getByRole("link", { name: "Library" }).click();
  await page.getByRole("button", { name: "Delete the style Autumn" }).click();
  await page.getByAltText("Use the style Autumn").waitFor({ state: "detached" });
});

pageTest("a preset keeps the settings under a name", {}, async (page) => {
  await trySample(page);
  await page.getByRole("slider", { name: "Strength", exact: true }).fill("0.35");
  await page.getByRole("button", { name: "Presets" }).click();
  await page.getByRole("textbox", { name: "Name of the new preset" }).fill("Faint");
  await page.keyboard.press("Enter");
  await page.getByText("Preset Faint is saved.").first().waitFor();
  await page.getByRole("button", { name: "Presets" }).click();
  await page.getByRole("button", { name: "Defaults", exact: true }).click();
  assert.equal(await page.getByRole("slider", { name: "Strength", exact: true }).inputValue(), "1");
  await page.getByRole("button", { name: "Presets" }).click();
  await page.getByRole("button", { name: "Faint", exact: true }).click();
  assert.equal(await page.getByRole("slider", { name: "Strength", exact: true }).inputValue(), "0.35");
  await page.getByRole("button", { name: "Presets" }).click();
  await page.getByRole("button", { name: "Delete the preset Faint" }).click();
  await page.getByRole("button", { name: "Faint", exact: true }).waitFor({ state: "detached" });
});

pageTest("a failed run says why, and can be tried again", mockOnly, async (page) => {
  await trySample(page);
  await page.locator("summary", { hasText: "More" }).click();
  await page.getByLabel("Seed").fill("13");
  await page.keyboard.press("Tab");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByText("The loss is not a finite number. Try a lower learning rate.").first().waitFor();
  await page.getByRole("link", { name: /Queue/ }).click();
  await page.getByRole("button", { name: "Try again" }).first().waitFor();
});

pageTest("the referee compares results that are chosen in the history", {}, async (page) => {
  await trySample(page);
  for (const strength of ["0.4", "0.9"]) {
    await page.getByRole("slider", { name: "Strength", exact: true }).fill(strength);
    await run(page);
  }
  await page.getByRole("link", { name: "History" }).click();
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page
    .getByAltText(/^Result: Harbour/)
    .nth(0)
    .click();
  await page
    .getByAltText(/^Result: Harbour/)
    .nth(1)
    .click();
  await page.getByRole("button", { name: "Compare 2" }).click();
  await page.getByRole("columnheader", { name: "Picture 2" }).waitFor();
  await page.getByRole("rowheader", { name: /^ssim/ }).waitFor();
});

const CARD = { name: "gpu:0", model: "A card", kind: "discrete", api: "vulkan" };
const PROCESSOR = { name: "cpu", model: "avx2", kind: "processor", api: null };

test("a device can be chosen where there is a card", async () => {
  for (const devices of [[PROCESSOR], [PROCESSOR, CARD]]) {
    await withPage({}, async (page) => {
      await page.route("**/api/v1/devices", (route) => route.fulfill({ json: devices }));
      const told = page.waitForResponse((r) => r.url().endsWith("/devices"));
      await page.reload();
      await told;
      await trySample(page);
      await page.locator("summary", { hasText: "More" }).click();
      await page.getByLabel("Seed").waitFor();
      const device = page.getByLabel("Device", { exact: true });
      if (devices.length === 1) return assert.equal(await device.count(), 0);
      await device.waitFor();
      assert.deepEqual(await device.locator("option").allTextContents(), ["auto", "cpu", "gpu:0: A card"]);
      await device.selectOption("cpu");
      const sent = page.waitForRequest((r) => r.method() === "PUT" && r.url().includes("/jobs/"));
      await page.getByRole("button", { name: "Run", exact: true }).click();
      assert.equal((await sent).postDataJSON().device, "cpu");
      await resultShown(page);
    });
  }
});

pageTest("a film in the history cannot be chosen for a comparison", mockOnly, async (page) => {
  await trySample(page);
  await run(page);
  const style = [...state.mock.pictures.values()][1].picture.id;
  state.mock.jobs.complete(state.mock.jobs.create(crypto.randomUUID(), { kind: "video", content: style, styles: [style], title: "A film" }));
  await page.getByRole("link", { name: "History" }).click();
  await page.getByAltText("Result: A film").waitFor();
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  assert.ok(await page.getByRole("button", { name: "Result: A film" }).isDisabled());
  await page.getByAltText(/^Result: Harbour/).first().click();
  await page.getByRole("button", { name: "Compare 1" }).waitFor();
});

pageTest("a result can be stopped early, and downloaded in another format without its recipe", {}, async (page) => {
  await trySample(page);
  await page.getByRole("spinbutton", { name: "Size, long edge" }).fill("512");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForFunction(() =>
    /Scale [2-9]/.test(document.querySelector('[role="progressbar"]')?.getAttribute("aria-valuetext") ?? ""),
  );
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await resultShown(page);
  await page.getByText(/^Stopped early/).waitFor();
  await page.getByRole("button", { name: "Download" }).click();
  await page.getByRole("checkbox", { name: "With the recipe and other metadata" }).uncheck();
  const href = await page.getByRole("link", { name: "JPEG" }).getAttribute("href");
  assert.match(href, /\/result\?format=jpg&metadata=false$/);
});

test("a hidden page notifies when a job is done, if asked to", async () => {
  await withPage({ permissions: ["notifications"] }, async (page) => {
    await trySample(page);
    await page.getByRole("button", { name: "Tell me when a job is done" }).click();
    await page.evaluate(() => {
      window.told = [];
      window.Notification = class {
        constructor(title, options) {
          window.told.push(options.body);
        }
      };
      Object.defineProperty(document, "visibilityState", { value: "hidden" });
    });
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.waitForFunction(() => window.told.length === 1 && document.title === "Done – Impasto");
    assert.match((await page.evaluate(() => window.told))[0], /is done\.$/);
  });
  assert.ok(state.browser.isConnected());
});
