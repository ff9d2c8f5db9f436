// The page without a mouse: from the file inputs to the result, the comparison and the history.

import assert from "node:assert/strict";
import { draftShown, madePicture, pageTest, resultShown, suite } from "./setup.mjs";

suite();

/** Presses Tab until the focus is on an element with such a name. */
async function tabTo(page, name, key = "Tab") {
  for (let i = 0; i < 150; i++) {
    await page.keyboard.press(key);
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      const label = e.getAttribute("aria-label") ?? (e.labels?.[0] ?? e).textContent;
      return label.trim();
    });
    if (name.test(at)) return;
  }
  assert.fail(`Tab does not reach ${name}`);
}

pageTest("everything by keyboard: pictures, run, compare, history", {}, async (page) => {
  await tabTo(page, /^Content: choose/);
  await page.locator(":focus").setInputFiles(await madePicture(page));
  await page.getByAltText("Content: photo.png").first().waitFor();
  await tabTo(page, /^style swirls|^swirls/i);
  await page.keyboard.press("Enter");
  await draftShown(page);

  await tabTo(page, /^Strength$/);
  await page.keyboard.press("ArrowLeft");
  assert.equal(await page.getByRole("spinbutton", { name: "Strength, as a number" }).inputValue(), "0.99");

  await page.keyboard.press("Control+Enter");
  await resultShown(page);

  const split = page.getByRole("slider", { name: "Part that shows the result" });
  await split.focus();
  await page.keyboard.press("Home");
  assert.equal(await split.getAttribute("aria-valuetext"), "100 percent");
  await page.keyboard.press("ArrowRight");
  assert.equal(await split.getAttribute("aria-valuetext"), "99 percent");
  await page.keyboard.press("PageUp");
  assert.equal(await split.getAttribute("aria-valuetext"), "89 percent");

  await page.keyboard.press("m");
  await page.getByText("Content", { exact: true }).first().waitFor();
  assert.equal(await page.getByRole("radio", { name: "Side by side" }).isChecked(), true);
  await page.keyboard.press("2");
  await page.getByRole("button", { name: "Zoom 200 %, show at 100 %" }).waitFor();
  await page.keyboard.press("0");
  assert.equal(await page.getByRole("button", { name: "Fit" }).getAttribute("aria-pressed"), "true");

  await tabTo(page, /^History$/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "History" }).waitFor();
  await tabTo(page, /./);
});

pageTest("single keys are off while typing, and by the switch", {}, async (page) => {
  await page.getByRole("radio", { name: "Sheet" }).check({ force: true });
  await page.getByRole("textbox", { name: "Values of option 1" }).fill("0.5");
  await page.keyboard.press("?");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await page.getByRole("link", { name: "Paint" }).focus();
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await dialog.waitFor();
  await page.getByRole("checkbox", { name: "Shortcuts of a single key are on" }).uncheck();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), "Paint");
  await page.keyboard.press("?");
  assert.equal(await page.getByRole("dialog").count(), 0);
});
