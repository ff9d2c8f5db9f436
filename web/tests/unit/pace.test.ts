// The forecast of a run.

import { expect, test } from "vitest";
import { ITERATION, Pace } from "../../src/state/pace";

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
