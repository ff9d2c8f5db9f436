// The forecast of a run.

import { expect, test } from "vitest";
import { ITERATION, Pace } from "../../src/state/pace";

test("the time of a run is guessed from the draft, and then from the run before", () => {
  const pace = new Pace();
  pace.work = 1000;
  expect(pace.expected(false)).toBeNull();
  pace.drafted(2, 100);
  expect(pace.expected(false)).toBeCloseTo(20 * ITERATION);
  pace.drafted(3, 100);
  pace.drafted(1, 100);
  expect(pace.expected(false)).toBeCloseTo(10 * ITERATION);
  pace.ran(50, false);
  pace.drafted(9, 100);
  pace.work = 2000;
  expect(pace.expected(false)).toBe(100);
});

test("a card has a forecast of its own as soon as it has painted", () => {
  const pace = new Pace();
  pace.work = 1000;
  pace.ran(50, false);
  expect(pace.expected(true)).toBe(50);
  pace.ran(5, true);
  expect([pace.expected(true), pace.expected(false)]).toEqual([5, 50]);
});
