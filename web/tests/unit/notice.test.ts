// A problem stays until its cause is gone.

import { expect, test } from "vitest";
import { Notice } from "../../src/state/notice.svelte";

test("what is about something else does not remove a problem", () => {
  const notice = new Notice();
  notice.fail({ message: "The painter failed.", hint: "A new one has begun" }, "painter");
  expect(notice.text).toBe("The painter failed. A new one has begun.");
  expect(notice.spoken).toBe(notice.text);
  notice.clear("draft", "picture");
  expect(notice.problem?.message).toBe("The painter failed.");
  notice.clear("painter");
  expect([notice.problem, notice.text]).toEqual([null, ""]);
  notice.fail({ message: "notes.txt: expected a picture", hint: null }, "picture");
  expect(notice.text).toBe("notes.txt: expected a picture.");
  notice.clear();
  expect(notice.problem).toBeNull();
});
