// The built files: their size, and nothing in them that the page's policy forbids.

import { test } from "node:test";
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
const MOST = 8_000_000;
const MODULE_GZIP = 3_800_000;
const SCRIPT_GZIP = 60_000;

const files = readdirSync(DIST, { recursive: true })
  .filter((name) => statSync(DIST + name).isFile())
  .map((name) => ({ name, bytes: readFileSync(DIST + name) }));
const of = (...ends) => files.filter(({ name }) => ends.some((end) => name.endsWith(end)));
const total = (list, size = (bytes) => bytes.length) => list.reduce((sum, { bytes }) => sum + size(bytes), 0);
const gzip = (bytes) => gzipSync(bytes, { level: 9 }).length;

test("all of it is small", () => {
  const part = (what, list) => console.log(`${what}: ${total(list)} bytes, ${total(list, gzip)} compressed`);
  const module = of(".wasm");
  part("module", module);
  part("script, styles and page", of(".js", ".css", ".html", ".svg"));
  part("pictures", of(".jpg"));
  part("all", files);
  assert.equal(module.length, 1);
  assert.ok(total(files) <= MOST);
  assert.ok(total(module, gzip) <= MODULE_GZIP);
  assert.ok(total(of(".js"), gzip) <= SCRIPT_GZIP);
});

test("there is nothing that the policy forbids, and no address of another host", () => {
  for (const { name, bytes } of of(".js", ".css", ".html")) {
    const text = bytes.toString();
    assert.doesNotMatch(text, /sourceMappingURL/, name);
    assert.doesNotMatch(text, /\beval\(|new Function\(/, name);
    if (name.endsWith(".js")) assert.doesNotMatch(text, /<[a-z]+[^<>`]* style="/, `${name} has a style in a template`);
    const inline = /<script(?![^>]*src=)|<style| style=| on[a-z]+=|(src|href)="(\/|https?:)/;
    if (name.endsWith(".html")) assert.doesNotMatch(text, inline, name);
  }
});

test("it has the licences of what it contains, and of nothing else", () => {
  const [notice] = of("NOTICE.txt").map(({ bytes }) => bytes.toString());
  const titles = notice.split("\n").filter((line) => /^\S+ \d\S* \(/.test(line)).map((line) => line.split(" ")[0]);
  const crates = readFileSync(`${DIST}../pkg/crates.txt`, "utf8").split("\n").map((line) => line.split(" ")[0]);
  for (const name of crates.filter((name) => name && !name.startsWith("impasto"))) assert.ok(titles.includes(name), name);
  assert.ok(titles.includes("svelte") && titles.includes("wgpu"));
  assert.deepEqual(titles.filter((name) => ["clap", "ash", "rusqlite", "tokio"].includes(name)), []);
});
