// A visitor sees a draft without doing anything, brings other pictures, and begins a run, which can be ended.

import assert from "node:assert/strict";
import {
  accessible,
  draft,
  draftShown,
  fitsWidth,
  give,
  image,
  pageTest,
  pixels,
  resultShown,
  setSize,
  small,
  suite,
} from "./setup.mjs";

suite();

const PHONE = { context: { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true } };
const run = (page) => page.getByRole("button", { name: "Run", exact: true });
const progress = (page) => page.getByRole("progressbar", { name: "Run" });

pageTest("a draft comes by itself, follows the settings, and everything is labelled", {}, async (page) => {
  await draftShown(page);
  await accessible(page, "draft");
  const before = await pixels(draft(page));
  await page.getByRole("slider", { name: "Strength" }).fill("0.4");
  await draftShown(page);
  const weaker = await pixels(draft(page));
  assert.notEqual(weaker, before);
  await page.getByRole("button", { name: /^Style: Under the Wave/ }).click();
  await page.locator('.credit:text("Katsushika Hokusai")').waitFor();
  await image(page, "style");
  await draftShown(page);
  assert.notEqual(await pixels(draft(page)), weaker);
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
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await accessible(page, "keys");
});

pageTest("a run begins and ends by keys, and its picture is kept", {}, async (page) => {
  await setSize(page, 512);
  await draftShown(page);
  await page.keyboard.press("Control+Enter");
  await progress(page).waitFor();
  await page.getByRole("img", { name: "The picture so far" }).waitFor();
  await accessible(page, "running");
  // The page listens while the worker paints.
  assert.equal(await page.getByRole("slider", { name: "Strength" }).isDisabled(), true);
  await page.keyboard.press("Shift+X");
  await resultShown(page);
  await page.getByText("Stopped early").waitFor();
  await accessible(page, "stopped");
  await page.getByRole("button", { name: "The draft" }).click();
  await draft(page).waitFor();
  await page.getByRole("button", { name: /^harbour in the style of/ }).click();
  await resultShown(page);
});

pageTest("a run that is stopped before its draft shows its picture", {}, async (page) => {
  await setSize(page, 256);
  await draftShown(page);
  // The run begins before a draft of the new strength can come.
  await page.evaluate(async () => {
    const slider = document.querySelector('input[aria-valuetext="1"]');
    slider.value = 0.5;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    const press = (options) => dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, ...options }));
    press({ key: "Enter", ctrlKey: true });
    press({ key: "X", shiftKey: true });
  });
  await resultShown(page);
  await page.getByText("Stopped early").waitFor();
});

pageTest("a run is finished soon at its full size, and another picture ends one", {}, async (page) => {
  await give(page, "Content", "photo.png", await small(page, "samples/harbour.jpg", 96, 64));
  await setSize(page, 256);
  await draftShown(page);
  await run(page).click();
  await page.getByRole("button", { name: "Finish soon" }).click();
  await page.getByAltText(/^Result: .* 256 × 171$/).waitFor();
  await run(page).click();
  await progress(page).waitFor();
  await give(page, "Content", "other.png", await small(page, "docs/pictures/cat.jpg", 64, 96));
  await run(page).waitFor();
  await draftShown(page);
  assert.equal(await page.getByRole("button", { name: /^photo in the style of/ }).count(), 2);
  assert.equal(await page.getByAltText("Content: other.png").count(), 1);
});

pageTest("a page that is left asks as long as something painted would be lost", {}, async (page) => {
  await setSize(page, 256);
  await draftShown(page);
  await run(page).click();
  await progress(page).waitFor();
  const asked = page.waitForEvent("dialog");
  const closing = page.close({ runBeforeUnload: true });
  const dialog = await asked;
  assert.equal(dialog.type(), "beforeunload");
  await dialog.dismiss();
  await closing;
  await page.keyboard.press("Shift+X");
  await resultShown(page);
  const atRisk = () => page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
  assert.equal(await atRisk(), true);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save PNG" }).click();
  await download;
  assert.equal(await atRisk(), false);
});

pageTest("single keys can be switched off", {}, async (page) => {
  await draftShown(page);
  const single = page.getByRole("radio", { name: "Side by side" });
  await page.keyboard.press("m");
  assert.equal(await single.isChecked(), true);
  await page.keyboard.press("?");
  await page.getByRole("checkbox", { name: "Shortcuts of a single key are on" }).uncheck();
  await page.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("m");
  assert.equal(await single.isChecked(), true);
  await page.reload();
  await draftShown(page);
  await page.keyboard.press("?");
  assert.equal(await page.getByRole("dialog").count(), 0);
});
