// Logic without a browser.

import { expect, test } from "vitest";
import { sensible, USUAL } from "../../src/state/keeping";
import { ITERATION, Pace } from "../../src/state/pace";

test("kept settings are used as far as they make sense", () => {
  expect(sensible({})).toEqual(USUAL);
  expect(sensible(null as unknown as Record<string, unknown>)).toEqual(USUAL);
  expect(sensible({ size: 384, strength: "1", stroke_size: 9, colour: "keep", effort: "huge", more: 1 })).toEqual({ ...USUAL, size: 384, colour: "keep" });
});

test("the time of a run is guessed from the draft, and then from the run before", () => {
  const pace = new Pace();
  pace.work = 1000;
  expect(pace.expected).toBeNull();
  pace.drafted(2, 100);
  expect(pace.expected).toBeCloseTo(20 * ITERATION);
  pace.drafted(3, 100);
  pace.drafted(1, 100);
  expect(pace.expected).toBeCloseTo(10 * ITERATION);
  pace.ran(50);
  pace.drafted(9, 100);
  pace.work = 2000;
  expect(pace.expected).toBe(100);
});
