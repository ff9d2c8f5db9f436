// A host that sends the page's policy as a header with every file has it enforced in the workers too (docs/web.md).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { draftShown, drop, forbidden, pageTest, suite } from "./setup.mjs";

const file = (name) => readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)));
const policy = /content="(default-src[^"]*)"/.exec(file("dist/index.html").toString())[1].replace(/\s+/g, " ");

suite({ "content-security-policy": policy });

pageTest("the page works under the header", {}, async (page) => {
  await draftShown(page);
  await drop(page, "Content", "mosaic.jpg", file("../samples/mosaic.jpg"), "image/jpeg");
  await page.getByAltText("Content: mosaic.jpg").waitFor();
  await draftShown(page);
});

pageTest("its worker can reach no other host", { expected: [/127\.0\.0\.1:\d+\/elsewhere/] }, async (page) => {
  await draftShown(page);
  assert.equal(await forbidden(page.workers()[0]), "connect-src");
});
