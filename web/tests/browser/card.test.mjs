// Runs on a graphics card. Chromium brings a program that plays one (SwiftShader), which the page takes only if its
// address names a device.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  accessible,
  command,
  difference,
  draftShown,
  give,
  pageTest,
  resultShown,
  runShortly,
  saved,
  small,
  suite,
} from "./setup.mjs";

suite({}, ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]);

/** Mean difference in steps of 255 after a run of few iterations, each of which magnifies rounding. */
const ALIKE = 1;

const run = (page) => page.getByRole("button", { name: "Run", exact: true });
const byCard = (page) => page.getByText(/^Done in .* by the graphics card$/);
const byProcessor = (page) => page.getByText(/^Done in (less than a second|\d+ seconds?)$/);
const alert = (page, text) => page.getByRole("alert").filter({ hasText: text }).waitFor();
/** The recipe's word on what computed. */
const computed = (path) => /"instruction_set":"([^"]*)"/.exec(readFileSync(path).toString("latin1"))[1];

/** Results of 96 pixels: the program is slow. */
const SMALL = (page) =>
  page.addInitScript(() => localStorage.setItem("impasto.web", JSON.stringify({ size: 96, strength: 0.8 })));

/** Lets the worker begin with a script. */
const worker = (script) => async (page) => {
  await SMALL(page);
  await page.context().route(/\/worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${script};\n${await response.text()}` });
  });
};

pageTest("a card paints the picture of the command", { search: "?device=gpu", prepare: SMALL }, async (page) => {
  const folder = mkdtempSync(join(tmpdir(), "impasto-web-"));
  const file = (name) => join(folder, name);
  try {
    writeFileSync(file("content.png"), await small(page, "samples/harbour.jpg", 192, 144));
    writeFileSync(file("style.png"), await small(page, "samples/swirls.jpg", 192, 192));
    await give(page, "Content", "content.png", readFileSync(file("content.png")));
    await give(page, "Style", "style.png", readFileSync(file("style.png")));
    await draftShown(page);
    await accessible(page, "the choice of a device");
    assert.equal(await page.getByRole("radio", { name: "Graphics card" }).isChecked(), true);
    await runShortly(page);
    await resultShown(page);
    await byCard(page).waitFor();
    const painted = await saved(page);
    assert.match(computed(painted), /^gpu .*swiftshader.* \(webgpu, Chrome\/\d+/i);
    const options = ["--like", painted, "--device", "cpu"];
    const expected = command(file("content.png"), file("style.png"), file("command.png"), options);
    const apart = await difference(page, painted, expected);
    console.log(`mean difference of 255: ${apart}`);
    assert.ok(apart < ALIKE);
    // The processor's picture is another one, by rounding.
    await page.getByRole("radio", { name: "Processor" }).check({ force: true });
    await runShortly(page);
    await byProcessor(page).waitFor();
    assert.doesNotMatch(computed(await saved(page)), /^gpu/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

pageTest("a run on the card can be stopped", { search: "?device=gpu", prepare: SMALL }, async (page) => {
  await draftShown(page);
  await run(page).click();
  await page.getByText(/scale \d of \d/).waitFor();
  await page.keyboard.press("Shift+X");
  await resultShown(page);
  await page.getByText("Stopped early").waitFor();
  assert.match(computed(await saved(page)), /^gpu/);
});

pageTest("a program that plays a card is not taken by itself", { prepare: SMALL }, async (page) => {
  await draftShown(page);
  await page.getByText("a program that plays a graphics card").waitFor();
  await runShortly(page);
  await resultShown(page);
  assert.doesNotMatch(computed(await saved(page)), /^gpu/);
});

for (const [lack, script, words] of [
  ["WebGPU", "delete WorkerNavigator.prototype.gpu", "shows no graphics card to a page (WebGPU)"],
  ["JSPI", "delete WebAssembly.Suspending", "cannot wait for a graphics card within WebAssembly (JSPI)"],
  ["a card", "GPU.prototype.requestAdapter = async () => null", "finds no graphics card that it can use"],
]) {
  const without = { search: "?device=gpu", prepare: worker(script) };
  pageTest(`without ${lack} the processor paints, and the page says why`, without, async (page) => {
    await draftShown(page);
    await page.getByText(words).waitFor();
    assert.equal(await page.getByRole("radio", { name: "Graphics card" }).count(), 0);
    await runShortly(page);
    await resultShown(page);
    assert.doesNotMatch(computed(await saved(page)), /^gpu/);
  });
}

const refused = {
  search: "?device=gpu",
  prepare: worker("GPUAdapter.prototype.requestDevice = () => Promise.reject(new Error('not today'))"),
};
pageTest("a card that does not open leaves the run to the processor", refused, async (page) => {
  await draftShown(page);
  await runShortly(page);
  await resultShown(page);
  const line = page.getByText(/The last run was painted by the processor\./);
  await line.filter({ hasText: /\.\s+The graphics card cannot be used: .*: not today\.\s*$/ }).waitFor();
});

/** Something happens to the card at the fifth answer that it is asked for after it was opened. */
const fifth = (happens) => ({
  search: "?device=gpu",
  prepare: worker(`
    const open = GPUAdapter.prototype.requestDevice, map = GPUBuffer.prototype.mapAsync;
    let device, answers = 0;
    GPUAdapter.prototype.requestDevice = async function (...given) { return (device = await open.apply(this, given)); };
    GPUBuffer.prototype.mapAsync = function (...given) {
      if (++answers === 6) ${happens};
      return map.apply(this, given);
    };
  `),
});
const FAULT = 'new GPUUncapturedErrorEvent("uncapturederror", { error: new GPUInternalError("a fault") })';
for (const [what, happens, words] of [
  ["is lost", "device.destroy()", "The graphics card failed, and the run began anew on the processor."],
  ["ends the painter", `device.onuncapturederror(${FAULT})`, "The painter failed on the graphics card"],
]) {
  pageTest(`a card that ${what} in the middle leaves the run to the processor`, fifth(happens), async (page) => {
    await draftShown(page);
    await run(page).click();
    await alert(page, words);
    await resultShown(page);
    await byProcessor(page).waitFor();
    assert.doesNotMatch(computed(await saved(page)), /^gpu/);
    await alert(page, words);
  });
}

pageTest("auto measures the card before its first run", { search: "?device=auto", prepare: SMALL }, async (page) => {
  await draftShown(page);
  await runShortly(page);
  await resultShown(page);
  // Which one is faster is the machine's affair.
  await page.getByText(/The last run was painted by (the graphics card\.|the processor\.\s+.* was measured)/).waitFor();
});
