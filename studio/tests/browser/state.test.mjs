// The page is a view: a reload, another tab and eight tabs at once show the same state.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startMock } from "../../dev/mock.mjs";
import {
  draftShown,
  mockOnly,
  pageTest,
  resultShown,
  run,
  state,
  suite,
  trySample,
  watch,
  withPage,
} from "./setup.mjs";

suite();

const strength = (page) => page.getByRole("slider", { name: "Strength", exact: true });
const stored = (page) => page.waitForFunction(() => /"strength":0.4/.test(localStorage.getItem("impasto.form") ?? ""));

pageTest("a reload keeps the form and the job on the stage", {}, async (page) => {
  assert.equal(await page.evaluate(() => location.hash.includes("token")), false);
  await trySample(page);
  await strength(page).fill("0.4");
  await stored(page);
  await page.reload();
  await page.getByAltText("Draft of the present settings").first().waitFor();
  assert.equal(await strength(page).inputValue(), "0.4");
  await run(page);
  await page.reload();
  await resultShown(page);
  await page
    .getByAltText(/^Result: /)
    .first()
    .waitFor();
});

pageTest("a reload during a run shows the run again", {}, async (page) => {
  await trySample(page);
  await page.getByRole("spinbutton", { name: "Size, long edge" }).fill("512");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("progressbar").waitFor();
  await page.reload();
  await resultShown(page);
});

test("eight tabs of one browser work at once, with one stream between them", async () => {
  await withPage({}, async (first, context) => {
    let streams = 0;
    context.on("request", (r) => r.url().includes("/events") && (streams += 1));
    await trySample(first);
    await strength(first).fill("0.4");
    await stored(first);
    const tabs = [];
    for (let i = 0; i < 7; i++) {
      const page = await context.newPage();
      const problems = watch(page);
      await page.goto(`${state.origin}/`);
      await page.getByRole("navigation", { name: "Views" }).waitFor();
      tabs.push({ page, problems });
    }
    await first.bringToFront();
    await run(first);
    for (const { page, problems } of tabs) {
      assert.equal(await strength(page).inputValue(), "0.4");
      await page.getByRole("link", { name: "History" }).click();
      await page
        .getByRole("button", { name: /^Star Harbour in the style/ })
        .first()
        .waitFor();
      assert.deepEqual(problems, []);
    }
    assert.ok(streams <= 1, `${streams} streams`);
  });
});

test("another tab sees a job of the first one as it runs", async () => {
  await withPage({}, async (first, context) => {
    await trySample(first);
    const other = await context.newPage();
    const problems = watch(other);
    await other.goto(`${state.origin}/#/queue`);
    await other.getByText("Nothing runs and nothing waits.").waitFor();
    await first.getByRole("spinbutton", { name: "Size, long edge" }).fill("512");
    await first.getByRole("button", { name: "Run", exact: true }).click();
    await other.getByRole("progressbar").waitFor();
    assert.match(await other.title(), /%|Impasto/);
    await other.getByText("Nothing runs and nothing waits.").waitFor();
    assert.deepEqual(problems, []);
  });
});

test("a lost server is noticed, and found again", mockOnly, async () => {
  const mock = await startMock();
  const context = await state.browser.newContext();
  const page = await context.newPage();
  await page.goto(mock.address);
  await page.getByAltText(/^Style swirls/).waitFor();
  mock.stop();
  await page.getByText("No connection. Trying again").waitFor();
  const again = await startMock({ port: Number(new URL(mock.address).port) });
  await page.getByText("No connection. Trying again").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Try with the harbour" }).click();
  await draftShown(page);
  await context.close();
  again.stop();
});
