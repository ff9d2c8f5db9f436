// A painter that is missing, lost or too large. The page's own end of it is real; the test says what a worker may say.

import assert from "node:assert/strict";
import { draftShown, forbidden, pageTest, resultShown, setSize, suite } from "./setup.mjs";

suite();

/** Keeps the workers of the page, and lets a test change what they say. */
const watched = {
  prepare: (page) =>
    page.addInitScript(() => {
      globalThis.workers = [];
      const Real = Worker;
      globalThis.Worker = class extends Real {
        constructor(...given) {
          super(...given);
          workers.push(this);
          this.addEventListener(
            "message",
            ({ data }) => data.kind === "done" && (data.memory = globalThis.memory ?? data.memory),
          );
        }
      };
    }),
};
const workers = (page) => page.evaluate(() => workers.length);

const missing = {
  prepare: (page) => page.context().route("**/*.wasm", (route) => route.fulfill({ status: 404 })),
  expected: [/status of 404/],
};
pageTest("a painter that does not come is said in words", missing, async (page) => {
  const alert = page.getByRole("alert");
  await alert.filter({ hasText: "status 404" }).filter({ hasText: "Load the page again." }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Run", exact: true }).isDisabled(), true);
});

const reached = { expected: [/127\.0\.0\.1:\d+\/elsewhere/] };
pageTest("without a header the policy of the page does not hold for the worker", reached, async (page) => {
  await draftShown(page);
  assert.equal(await forbidden(page.workers()[0]), null);
});

pageTest("a lost painter is replaced, and the explanation stays until something is done", watched, async (page) => {
  await draftShown(page);
  await page.evaluate(() => {
    const problem = { message: "The painter failed.", hint: null };
    const data = { kind: "broken", problem, serial: 0, final: false };
    workers[0].dispatchEvent(new MessageEvent("message", { data }));
  });
  const alert = page.getByRole("alert").filter({ hasText: "The painter failed. A new one has begun." });
  await alert.waitFor();
  assert.equal(await workers(page), 2);
  await setSize(page, 256);
  await draftShown(page);
  assert.equal(await alert.count(), 0);
});

pageTest("a draft of the new painter does not take the explanation away", watched, async (page) => {
  await draftShown(page);
  // The strength changes, and the painter is lost before the draft is there.
  await page.evaluate(() => {
    const slider = document.querySelector('input[aria-valuetext="1"]');
    slider.value = 0.5;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    const problem = { message: "The painter failed.", hint: null };
    const data = { kind: "broken", problem, serial: 0, final: false };
    workers[0].dispatchEvent(new MessageEvent("message", { data }));
  });
  await draftShown(page);
  assert.equal(await page.getByRole("alert").filter({ hasText: "The painter failed." }).count(), 1);
});

pageTest("a painter that has grown large is replaced after its run", watched, async (page) => {
  await setSize(page, 256);
  await draftShown(page);
  await page.evaluate(() => (globalThis.memory = 2 ** 30));
  for (let run = 1; run <= 2; run++) {
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("progressbar", { name: "Run" }).waitFor();
    await page.keyboard.press("Shift+X");
    await resultShown(page);
    assert.equal(await workers(page), 1 + run);
  }
  await page.getByRole("spinbutton", { name: "Strength, as a number" }).fill("0.5");
  await draftShown(page);
  assert.equal(await page.getByRole("alert").count(), 0);
});
