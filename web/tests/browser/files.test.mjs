// Files in and out: pictures, files that are none, and what is saved.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  differs,
  draft,
  draftShown,
  drop,
  give,
  image,
  pageTest,
  resultShown,
  saved,
  setSize,
  small,
  suite,
} from "./setup.mjs";

suite();

const CORPUS = fileURLToPath(new URL("../../../crates/impasto-image/tests/corpus/", import.meta.url));
const save = (page) => page.getByRole("button", { name: "Save PNG" });
const strength = (page) => page.getByRole("spinbutton", { name: "Strength, as a number" });
/** The recipe in the text of a PNG file. */
const recipe = (path) => /"options":(\{.*?\}\})/.exec(readFileSync(path).toString("latin1"))[0];

pageTest("the picture on the stage is saved, with its recipe", {}, async (page) => {
  await give(page, "Content", "photo.png", await small(page, "samples/harbour.jpg", 96, 64));
  await setSize(page, 256);
  await draftShown(page);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("button", { name: "Finish soon" }).click();
  await resultShown(page);
  await strength(page).fill("0.3");
  await draftShown(page);
  const first = await saved(page);
  assert.match(recipe(first), /"effort":"draft"/);
  assert.match(recipe(first), /"strength":0\.3/);
  assert.equal(await differs(page, draft(page), first), false);
  await page.getByRole("button", { name: /^photo in the style of/ }).click();
  await resultShown(page);
  const second = await saved(page);
  assert.match(recipe(second), /"effort":"normal"/);
  assert.equal(await differs(page, page.getByAltText(/^Result: /), second), false);
  assert.equal(await differs(page, page.getByAltText(/^Result: /), first), true);
});

pageTest("a draft of settings that have changed since is not saved", {}, async (page) => {
  await draftShown(page);
  await strength(page).fill("0.5");
  assert.equal(await save(page).isDisabled(), true);
  await draftShown(page);
});

/** A door that a test opens. */
function door() {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { open, opened };
}

for (const order of [
  ["wave", "scream"],
  ["scream", "wave"],
]) {
  const doors = { wave: door(), scream: door() };
  /** Each sample waits at its door. The small pictures of the list pass. */
  const held = {
    prepare: (page) =>
      page.route(/\/(wave|scream)[^/]*\.jpg/, async (route) => {
        const name = /\/(wave|scream)[^/]*$/.exec(route.request().url())[1];
        if (route.request().resourceType() === "fetch") await doors[name].opened;
        await route.continue();
      }),
  };
  pageTest(`the last click on a sample counts, and the ${order[0]} arrives first`, held, async (page) => {
    await draftShown(page);
    const sample = (name) => (message) => message.url().includes(`/${name}`);
    const asked = order.map((name) => page.waitForRequest(sample(name)));
    await page.getByRole("button", { name: /^Style: Under the Wave/ }).click();
    await page.getByRole("button", { name: /^Style: The Scream/ }).click();
    await Promise.all(asked);
    for (const name of order) {
      const answer = page.waitForResponse(sample(name));
      doors[name].open();
      await (await answer).finished();
    }
    await image(page, "style");
    await draftShown(page);
    const scream = page.getByRole("button", { name: /^Style: The Scream/ });
    assert.equal(await scream.getAttribute("aria-current"), "true");
    const name = page.waitForEvent("download");
    await save(page).click();
    assert.equal((await name).suggestedFilename(), "harbour-scream-draft.png");
  });
}

pageTest("a file that is no picture leaves the picture before, and is said in words", {}, async (page) => {
  const said = page.getByRole("alert").filter({ hasText: "notes.txt: expected a picture that this browser can show" });
  await draftShown(page);
  await drop(page, "Content", "notes.txt", Buffer.from("no picture"), "text/plain");
  await said.waitFor();
  assert.equal(await page.getByAltText(/^Content: A harbour/).count(), 1);
  assert.equal(await save(page).isEnabled(), true);
  await strength(page).fill("0.5");
  await draftShown(page);
  assert.equal(await said.count(), 1);
  await page.getByRole("button", { name: /^Content: Chelsea the cat/ }).click();
  await page.getByAltText(/^Content: Chelsea the cat/).waitFor();
  await draftShown(page);
  assert.equal(await page.getByRole("alert").count(), 0);
});

pageTest("a file that is no picture does not end a run", {}, async (page) => {
  await setSize(page, 256);
  await draftShown(page);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await drop(page, "Content", "notes.txt", Buffer.from("no picture"), "");
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByRole("progressbar", { name: "Run" }).count(), 1);
});

