// The tests share a plain static host, pages that are watched for errors and foreign requests, and the usual steps.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { serve } from "../serve.mjs";

/** Pictures are painted by one thread, or by a program that plays a card, and other programs may share the machine. */
const PATIENCE = 900_000;
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export const state = { browser: null, address: "", close: () => {} };

/** Starts browser and host for the tests of a file. The host sends these headers besides. */
export function suite(headers = {}, args = []) {
  before(async () => {
    const executablePath = process.env.STUDIO_BROWSER ?? "/usr/bin/chromium";
    state.browser = await chromium.launch({ executablePath, args });
    Object.assign(state, await serve(0, headers));
  });
  after(async () => {
    await state.browser.close();
    state.close();
  });
}

/** A test with a page of its own, in a new context. Nothing may have gone wrong at its end. */
export function pageTest(name, { context: options = {}, search = "", prepare, expected = [] }, body) {
  test(name, async () => {
    const context = await state.browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const problems = [];
    page.on("console", (m) => m.type() === "error" && problems.push(`console: ${m.text()}`));
    page.on("pageerror", (e) => problems.push(`error: ${e.message}`));
    context.on("request", (r) => {
      const url = r.url();
      if (!url.startsWith(new URL(state.address).origin) && !/^(blob|data):/.test(url))
        problems.push(`foreign request: ${url}`);
    });
    try {
      await prepare?.(page);
      await page.goto(state.address + search);
      await body(page);
      assert.deepEqual(
        problems.filter((problem) => !expected.some((known) => known.test(problem))),
        [],
      );
    } finally {
      await context.close();
    }
  });
}

/** Waits for a whole draft of the present settings: only that can be saved. */
export const draftShown = (page) =>
  page.getByRole("button", { name: "Save PNG" }).and(page.locator(":enabled")).waitFor();

export const resultShown = (page) => page.getByAltText(/^Result: /).waitFor();

export const setSize = (page, size) =>
  page.getByRole("radio", { name: String(size), exact: true }).check({ force: true });

/** Begins a run that is asked to end before it has begun: each scale has one iteration, and the last has five. */
export const runShortly = (page) =>
  page.getByRole("button", { name: "Run", exact: true }).evaluate(async (button) => {
    button.click();
    await new Promise(requestAnimationFrame);
    [...document.querySelectorAll("button")].find((other) => other.textContent.includes("Finish soon")).click();
  });

/** Paints by the command. `set` names an instruction set. */
export function command(content, style, output, options, set) {
  const program = fileURLToPath(new URL("../../../target/release/impasto", import.meta.url));
  const env = set ? { ...process.env, IMPASTO_INSTRUCTION_SET: set } : process.env;
  execFileSync(program, ["stylize", content, style, "-o", output, ...options], { env });
  return output;
}

/** A sample as a small PNG file: browser and program then read the same pixels. */
export async function small(page, path, width, height) {
  const base64 = await page.evaluate(
    async ([bytes, width, height]) => {
      const image = new Image();
      image.src = `data:image/jpeg;base64,${bytes}`;
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      canvas.getContext("2d").drawImage(image, 0, 0, width, height);
      return canvas.toDataURL("image/png").split(",")[1];
    },
    [readFileSync(ROOT + path).toString("base64"), width, height],
  );
  return Buffer.from(base64, "base64");
}

/** The draft on the stage. */
export const draft = (page) => page.getByRole("img", { name: "Draft of the present settings" });

/** Waits until the page has read the picture that was asked for last, or has said that it is none. */
export const image = (page, label) =>
  page.locator(`section[aria-busy=false]:has(h2:text-is("${capital(label)}"))`).waitFor();

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** Gives a file to the page, and waits until it is in use. A draft of it comes after that. */
export async function give(page, label, name, buffer) {
  const input = page.getByLabel(`${label}: choose or drop a picture`);
  await input.setInputFiles({ name, mimeType: "image/png", buffer });
  await image(page, label);
}

/** Drops a file on one half of the page, and waits until it is in use or refused. */
export async function drop(page, label, name, buffer, type) {
  const files = await page.evaluateHandle(
    ([base64, name, type]) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name, { type }));
      return transfer;
    },
    [buffer.toString("base64"), name, type],
  );
  await page.dispatchEvent("body", "dragenter", { dataTransfer: files });
  await page.locator(".half", { hasText: label }).dispatchEvent("drop", { dataTransfer: files });
  await image(page, label);
}

/** The pixels of a canvas, as text that can be compared. */
export const pixels = (canvas) => canvas.evaluate((canvas) => canvas.toDataURL());

/** Tells whether a canvas or a picture of the page differs from a file in any pixel. */
export async function differs(page, shown, path) {
  return shown.evaluate(async (shown, base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const read = (picture) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
      const context = canvas.getContext("2d");
      context.drawImage(picture, 0, 0);
      return context.getImageData(0, 0, image.width, image.height).data;
    };
    const [a, b] = [read(shown), read(image)];
    const alike =
      (shown.naturalWidth ?? shown.width) === image.width && (shown.naturalHeight ?? shown.height) === image.height;
    return !alike || a.some((value, at) => value !== b[at]);
  }, readFileSync(path).toString("base64"));
}

/** Saves what is shown, and returns the path of the file. */
export async function saved(page) {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save PNG" }).click();
  return (await download).path();
}

/** The mean difference of two PNG files, in steps of 255. */
export async function difference(page, one, other) {
  return page.evaluate(
    async (files) => {
      const [a, b] = await Promise.all(
        files.map(async (bytes) => {
          const image = new Image();
          image.src = `data:image/png;base64,${bytes}`;
          await image.decode();
          const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
          const context = canvas.getContext("2d");
          context.drawImage(image, 0, 0);
          return context.getImageData(0, 0, image.width, image.height);
        }),
      );
      if (a.width !== b.width || a.height !== b.height)
        return `${a.width} x ${a.height} against ${b.width} x ${b.height}`;
      return a.data.reduce((sum, value, at) => sum + Math.abs(value - b.data[at]), 0) / (3 * a.width * a.height);
    },
    [one, other].map((path) => readFileSync(path).toString("base64")),
  );
}

/** No fault of accessibility that axe can see. */
export async function accessible(page, what) {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  assert.deepEqual(
    violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ""}`).join("; ")}`),
    [],
    what,
  );
}

/** The directive that forbids a worker a request to another host; `null` if the host was reached. */
export async function forbidden(worker) {
  const host = createServer((_, response) => response.end());
  await new Promise((resolve) => host.listen(0, "127.0.0.1", resolve));
  try {
    return await worker.evaluate(
      (address) =>
        new Promise((resolve, reject) => {
          // The request fails before or after the violation is told. Without a violation the wait gives up.
          addEventListener("securitypolicyviolation", (e) => resolve(e.effectiveDirective));
          fetch(address, { mode: "no-cors" }).then(
            () => resolve(null),
            (error) => setTimeout(() => reject(error), 60_000),
          );
        }),
      `http://127.0.0.1:${host.address().port}/elsewhere`,
    );
  } finally {
    host.close();
  }
}

/** The page is no wider than the window. */
export async function fitsWidth(page, what) {
  const [content, window] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `${what}: ${content} px of content in ${window} px`);
}
