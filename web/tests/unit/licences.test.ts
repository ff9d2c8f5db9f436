// The licences of the page: terms that are the same are printed once, and no copyright line is lost.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { noticeOf, onceEach } from "../../notice";

const MIT = "Permission is hereby granted, free of charge, to any person. DEALINGS IN THE\nSOFTWARE.";

test("terms that return are named, whatever their line breaks, and others are printed", () => {
  const other = MIT.replace("any person", "some persons");
  const text = `(c) A\n\n${MIT}\n(c) B\n\n${MIT.replace("IN THE\n", "IN\n  THE ")}\n(c) C\n\n${other}\n`;
  const line = "(The terms of the MIT licence, word for word as above.)";
  expect(onceEach(text)).toBe(`(c) A\n\n${MIT}\n(c) B\n\n${line}\n(c) C\n\n${other}\n`);
});

test("the notice of the page keeps each copyright line", () => {
  const notice = readFileSync(new URL("../../../NOTICE", import.meta.url), "utf8");
  const crates = [...notice.matchAll(/^(\S+ \d\S*) \(/gm)].map((found) => found[1]);
  const own = (text: string) => text.split("\n").filter((line) => /copyright\b.*(\d{4}|\(c\))/i.test(line));
  const page = noticeOf(notice, new Set(crates));
  expect(page.length).toBeLessThan(0.7 * notice.length);
  expect(new Set(own(page))).toEqual(new Set(own(notice)));
});
