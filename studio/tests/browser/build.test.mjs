// The built files: their size, and nothing in them that the content security policy forbids.

import { test } from "node:test";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const PAGE = fileURLToPath(new URL("../../../crates/impasto-server/page/", import.meta.url));
const SCRIPT_GZIP = 70_000;
/** The bytes for the first view, compressed. */
const ALL_GZIP = 80_000;
/** The bytes in the program. */
const EMBEDDED = 220_000;

const files = readdirSync(PAGE).map((name) => ({ name, bytes: readFileSync(PAGE + name) }));
const total = (list) => list.reduce((sum, n) => sum + n, 0);
const gzip = (bytes) => gzipSync(bytes, { level: 9 }).length;

test("the page is small", () => {
  const script = total(files.filter((f) => f.name.endsWith(".js")).map((f) => gzip(f.bytes)));
  assert.ok(script <= SCRIPT_GZIP, `${script} bytes of script, compressed`);
  assert.ok(total(files.map((f) => gzip(f.bytes))) <= ALL_GZIP);
  assert.ok(total(files.map((f) => f.bytes.length)) <= EMBEDDED, `${total(files.map((f) => f.bytes.length))} bytes`);
});

test("there is nothing that the policy forbids", () => {
  for (const { name, bytes } of files) {
    const text = bytes.toString();
    assert.doesNotMatch(text, /sourceMappingURL/, name);
    assert.doesNotMatch(text, /\beval\(|new Function\(/, name);
    if (name.endsWith(".js"))
      assert.doesNotMatch(text, /<[a-z]+[^<>`]* style="/, `${name} has a style attribute in a template`);
    if (name.endsWith(".html")) assert.doesNotMatch(text, /<script(?![^>]*src=)|<style| style=| on[a-z]+=/, name);
  }
});
