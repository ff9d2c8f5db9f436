// The page and the command paint the same picture, except for rounding: the browser's vectors have no fused products.
// Both read the same PNG files. A draft and a run of few iterations agree within a step of 255. A long optimisation
// magnifies rounding until strokes lie elsewhere, between any two instruction sets; so a whole run is as near to the
// command's as the command's own plain loops are.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  command as paint,
  difference,
  draftShown,
  give,
  pageTest,
  resultShown,
  runShortly,
  saved,
  setSize,
  small,
  suite,
} from "./setup.mjs";

suite();

/** Mean difference in steps of 255. It was 0.001 for the draft, and 0.4 for a run of 9 iterations. */
const ALIKE = 1;
/** The page may be so many times further from the command than the command's plain loops are. It was 1.2. */
const MORE = 2;

pageTest("a draft and a run are those of the command, and a saved recipe repeats them", {}, async (page) => {
  const folder = mkdtempSync(join(tmpdir(), "impasto-web-"));
  const file = (name) => join(folder, name);
  const content = await small(page, "samples/harbour.jpg", 192, 144);
  const style = await small(page, "samples/swirls.jpg", 192, 192);
  writeFileSync(file("content.png"), content);
  writeFileSync(file("style.png"), style);
  const command = (output, options, set) =>
    paint(file("content.png"), file("style.png"), file(output), options, set);
  try {
    await give(page, "Content", "content.png", content);
    await give(page, "Style", "style.png", style);
    await setSize(page, 256);
    await page.getByRole("slider", { name: "Stroke size" }).fill("-0.5");
    await page.getByRole("spinbutton", { name: "Strength, as a number" }).fill("0.8");
    await draftShown(page);
    const options = ["--size", "256", "--stroke-size", "0.71", "--strength", "0.8"];
    const draft = await difference(page, await saved(page), command("draft.png", [...options, "--effort", "draft"]));

    await runShortly(page);
    await resultShown(page);
    const short = await saved(page);
    const few = await difference(page, short, command("few.png", ["--like", short]));

    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("progressbar", { name: "Run" }).waitFor();
    await resultShown(page);
    const long = await difference(page, await saved(page), command("long.png", options));
    const plain = await difference(page, file("long.png"), command("plain.png", options, "portable"));
    console.log(
      `mean differences of 255: draft ${draft}, few iterations ${few}, a whole run ${long}; plain loops ${plain}`,
    );
    assert.ok(draft < ALIKE && few < ALIKE && long < MORE * plain);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
