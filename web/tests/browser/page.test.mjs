// What a visitor sees: a draft without doing anything, other pictures, a run that can be ended, and errors in words.

import assert from "node:assert/strict";
import { accessible, draftShown, fitsWidth, give, pageTest, resultShown, setSize, small, suite } from "./setup.mjs";

suite();

const PHONE = { context: { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true } };

pageTest("a draft comes by itself, follows the settings, and everything is labelled", {}, async (page) => {
  await draftShown(page);
  await accessible(page, "draft");
  const before = await page.getByAltText("Draft of the present settings").getAttribute("src");
  await page.getByRole("slider", { name: "Strength" }).fill("0.4");
  await page.waitForFunction((before) => document.querySelector("img[alt^=Draft]")?.src !== before, before);
  await draftShown(page);
  await page.getByRole("button", { name: /^Style: Under the Wave/ }).click();
  await page.getByText("Katsushika Hokusai", { exact: false }).first().waitFor();
  await draftShown(page);
});

pageTest("it fits a narrow phone, and nothing is hidden from a screen reader", PHONE, async (page) => {
  await draftShown(page);
  await fitsWidth(page, "draft");
  await accessible(page, "draft on a phone");
});

pageTest("it is dark where the system is", { context: { colorScheme: "dark" } }, async (page) => {
  await draftShown(page);
  await accessible(page, "dark");
  await page.getByRole("button", { name: "Keys" }).click();
  await accessible(page, "keys");
});

pageTest("a run begins and ends by keys, and its picture is kept", {}, async (page) => {
  await setSize(page, 512);
  await draftShown(page);
  await page.keyboard.press("Control+Enter");
  await page.getByRole("progressbar", { name: "Run" }).waitFor();
  await page.getByAltText("The picture so far").first().waitFor();
  await accessible(page, "running");
  // The page listens while the worker paints.
  assert.equal(await page.getByRole("slider", { name: "Strength" }).isDisabled(), true);
  await page.keyboard.press("Shift+X");
  await resultShown(page);
  await page.getByText("Stopped early").waitFor();
  await accessible(page, "stopped");
  await page.getByRole("button", { name: "The draft" }).click();
  await page.getByAltText("Draft of the present settings").first().waitFor();
  await page.getByRole("button", { name: /^harbour in the style of/ }).click();
  await resultShown(page);
});

pageTest("a run is finished soon at its full size, and another picture ends one", {}, async (page) => {
  await give(page, "Content", "photo.png", await small(page, "samples/harbour.jpg", 96, 64));
  await setSize(page, 256);
  await draftShown(page);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("button", { name: "Finish soon" }).click();
  await page.getByAltText(/^Result: .* 256 × 171$/).first().waitFor();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("progressbar", { name: "Run" }).waitFor();
  await give(page, "Content", "other.png", await small(page, "docs/pictures/cat.jpg", 64, 96));
  await page.getByRole("button", { name: "Run", exact: true }).waitFor();
  await page.getByAltText("Draft of the present settings").first().waitFor();
  await draftShown(page);
});

pageTest("what is no picture is said in words", {}, async (page) => {
  await draftShown(page);
  await give(page, "Content", "notes.png", Buffer.from("no picture"));
  await page.getByRole("alert").filter({ hasText: "no picture that the browser can read" }).waitFor();
  await page.getByRole("button", { name: /^Content: Chelsea the cat/ }).click();
  await draftShown(page);
  assert.equal(await page.getByRole("alert").count(), 0);
});

const missing = { prepare: (page) => page.context().route("**/*.wasm", (route) => route.fulfill({ status: 404 })), expected: [/status of 404/] };
pageTest("a painter that does not come is said in words", missing, async (page) => {
  await page.getByRole("alert").filter({ hasText: "status 404" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Run", exact: true }).isDisabled(), true);
});
