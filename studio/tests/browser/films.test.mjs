// A film: sent, painted, looked at frame by frame by keys, played, downloaded. The stand-in server paints none.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessible, draftShown, pageTest, REAL, suite } from "./setup.mjs";

suite();

const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;
if (!hasFfmpeg && process.env.IMPASTO_NO_SKIPS === "1") throw new Error("ffmpeg is not installed");
const skip = !REAL ? "needs a real server" : !hasFfmpeg ? "ffmpeg is not installed" : false;

/** A file with ten frames, as ffmpeg makes them. */
function made() {
  const folder = mkdtempSync(join(tmpdir(), "studio-film-"));
  const file = join(folder, "moving.mp4");
  const source = ["-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=0.4"];
  const done = spawnSync("ffmpeg", ["-v", "error", "-nostdin", ...source, "-c:v", "mpeg4", "-q:v", "2", file], {
    encoding: "utf8",
  });
  assert.equal(done.status, 0, done.stderr);
  return { file, remove: () => rmSync(folder, { recursive: true }) };
}

pageTest("a film is painted, looked at frame by frame, played and downloaded", { skip }, async (page) => {
  const { file, remove } = made();
  try {
    await page.getByRole("radio", { name: "Film", exact: true }).check({ force: true });
    await page.getByLabel("Film: choose or drop a film to repaint").setInputFiles(file);
    await page.getByAltText("Film: moving.mp4").first().waitFor();
    await page.locator(".strip .tile").first().click();
    await draftShown(page);
    await page.getByText("10 frames, less than a second").waitFor();
    await page.getByRole("spinbutton", { name: "Size, long edge" }).fill("64");
    await page.getByRole("radio", { name: "Draft", exact: true }).check({ force: true });
    await page.getByRole("button", { name: "Paint the film" }).click();

    await page.getByRole("button", { name: "Use these settings" }).waitFor();
    const slider = page.getByRole("slider", { name: "Painted frame" });
    const shown = () => page.locator(".stage img").last();
    await slider.focus();
    await page.keyboard.press("End");
    assert.equal(await slider.getAttribute("aria-valuetext"), "Frame 10 of 10, 0.36 s");
    await page.locator('.stage img[src$="/frames/9"]').waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.locator('.stage img[src$="/frames/8"]').waitFor();
    assert.match(await shown().getAttribute("alt"), /^Painted frame 9: /);
    await accessible(page, "a film");

    await page.getByRole("button", { name: "Play the film" }).click();
    await page.waitForFunction(() => document.querySelector("video").readyState >= 2);
    await page.getByRole("button", { name: "Show single frames" }).click();
    await page.getByRole("button", { name: "Download" }).click();
    const download = page.waitForEvent("download");
    await page
      .getByRole("menuitem", { name: /^The film \(MP4/ })
      .or(page.getByRole("link", { name: /^The film \(MP4/ }))
      .first()
      .click();
    assert.equal((await download).suggestedFilename().endsWith(".mp4"), true);
  } finally {
    remove();
  }
});

pageTest("a film in place of a style is refused, and a picture in place of a film", { skip }, async (page) => {
  const { file, remove } = made();
  try {
    await page.getByLabel("Style: choose or drop a picture to take the style from").setInputFiles(file);
    await page.getByText("This is a film: a picture is expected here.").first().waitFor();
    // A film in the place of the content makes the job a film.
    await page.getByLabel("Content: choose or drop a picture to repaint").setInputFiles(file);
    await page.getByAltText("Film: moving.mp4").first().waitFor();
    assert.ok(await page.getByRole("radio", { name: "Film", exact: true }).isChecked());
  } finally {
    remove();
  }
});
