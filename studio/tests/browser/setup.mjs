// The browser's tests share a server, pages that are watched for errors, and the usual steps.
//
// By default each file starts the mock. With STUDIO_URL=http://127.0.0.1:7340/#token=... the same tests run against a
// real server; those that need the mock are skipped then.

import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { startMock } from "../../dev/mock.mjs";

export const REAL = process.env.STUDIO_URL ?? null;
/** For tests that only the mock can serve. */
export const mockOnly = { skip: REAL ? "needs the mock" : false };
/** A real run takes seconds, and other programs may share the machine. */
const PATIENCE = REAL ? 180_000 : 20_000;

export const state = { browser: null, mock: null, address: REAL, origin: REAL ? new URL(REAL).origin : "" };

/** Starts browser and server for the tests of a file. */
export function suite() {
  before(async () => {
    const executablePath = process.env.STUDIO_BROWSER ?? "/usr/bin/chromium";
    state.browser = await chromium.launch({ executablePath });
    if (REAL) return;
    state.mock = await startMock({ speed: 4 });
    state.address = state.mock.address;
    state.origin = new URL(state.address).origin;
  });
  after(async () => {
    await state.browser.close();
    state.mock?.stop();
  });
}

/** Watches a page: errors on the console, and requests to other origins, are collected. */
export function watch(page) {
  const problems = [];
  page.setDefaultTimeout(PATIENCE);
  // Browsers log answers with an error's status. A setting that the server refuses (422) is no fault of the page,
  // nor is a preview that went when its job ended; what else is missing is a fault.
  page.on(
    "console",
    (m) => m.type() === "error" && !/status of (404|422)/.test(m.text()) && problems.push(`console: ${m.text()}`),
  );
  page.on(
    "response",
    (r) => r.status() === 404 && !r.url().includes("/preview") && problems.push(`missing: ${r.url()}`),
  );
  page.on("pageerror", (e) => problems.push(`error: ${e.message}`));
  page.on("request", (r) => {
    const url = r.url();
    if (!url.startsWith(state.origin) && !/^(blob|data):/.test(url)) problems.push(`foreign request: ${url}`);
  });
  return problems;
}

/** Opens the page in a new context and calls `body` with it. Nothing may have gone wrong at the end. */
export async function withPage(options, body) {
  const context = await state.browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const problems = watch(page);
  try {
    await page.goto(state.address);
    await page.getByRole("navigation", { name: "Views" }).waitFor();
    await body(page, context);
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
}

/** A test with a page of its own. */
export function pageTest(name, options, body) {
  test(name, { skip: options.skip ?? false }, (t) =>
    withPage(options.context ?? {}, (page, context) => body(page, context, t)),
  );
}

/** Puts the sample photograph and a style into the form, and waits for the draft. */
export async function trySample(page) {
  await page.getByRole("button", { name: "Try with the harbour" }).click();
  await draftShown(page);
  await page.getByRole("spinbutton", { name: "Size, long edge" }).fill("128");
}

export const draftShown = (page) => page.getByAltText("Draft of the present settings").first().waitFor();

/** Adds the second style of the library to the first. */
export async function addStyle(page) {
  await page.getByRole("radio", { name: "Styles", exact: true }).check({ force: true });
  await page
    .getByRole("button", { name: /^Add the style .* to the others$/ })
    .first()
    .click();
  await page.getByRole("heading", { name: "Styles" }).waitFor();
}

/** Runs the form, as soon as nothing else runs, and waits for the result on the stage. */
export async function run(page) {
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await resultShown(page);
}

export const resultShown = (page) => page.getByRole("button", { name: "Use these settings" }).waitFor();

/**
 * No fault of accessibility that axe can see. With `part`, only that part of the page counts: an open menu covers
 * others.
 */
export async function accessible(page, what, part) {
  const axe = new AxeBuilder({ page }).withTags([
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
    "best-practice",
  ]);
  const { violations } = await (part ? axe.include(part) : axe).analyze();
  const found = violations.map(
    (v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ""}`).join("; ")}`,
  );
  assert.deepEqual(found, [], what);
}

/** The page is no wider than the window. */
export async function fitsWidth(page, what) {
  const [content, window] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `${what}: ${content} px of content in ${window} px`);
}

/** A file of the page's own making, for file inputs: a small PNG of one colour. */
export async function madePicture(page, name = "photo.png", colour = "#3377aa", width = 96, height = 64) {
  const base64 = await page.evaluate(
    ([colour, width, height]) => {
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      const ctx = canvas.getContext("2d");
      ctx.fillStyle = colour;
      ctx.fillRect(0, 0, width, height);
      ctx.fillStyle = "#ffffff";
      ctx.fillRect(width / 4, height / 4, width / 3, height / 3);
      return canvas.toDataURL("image/png").split(",")[1];
    },
    [colour, width, height],
  );
  return { name, mimeType: "image/png", buffer: Buffer.from(base64, "base64") };
}
