// Settings that are kept.

import { expect, test } from "vitest";
import { sensible, USUAL } from "../../src/state/keeping";

test("kept settings are used as far as they make sense", () => {
  expect(sensible({})).toEqual(USUAL);
  expect(sensible(null as unknown as Record<string, unknown>)).toEqual(USUAL);
  const found = { size: 384, strength: "1", stroke_size: 9, colour: "keep", effort: "huge", more: 1 };
  expect(sensible(found)).toEqual({ ...USUAL, size: 384, colour: "keep" });
});
