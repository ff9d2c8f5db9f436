// The results of a visit.

import { expect, test } from "vitest";
import type { Chosen } from "../../src/state/pictures.svelte";
import { MOST, Results } from "../../src/state/results.svelte";

const result = (id: number) => ({
  id,
  title: `result ${id}`,
  png: new Blob(),
  file: "a-b.png",
  width: 4,
  height: 3,
  content: {} as Chosen,
  stopped: false,
  seconds: 1,
  card: false,
});

test("the newest is first, and the oldest goes", () => {
  const results = new Results();
  for (let id = 1; id <= MOST + 1; id++) results.add(result(id));
  expect([results.all.length, results.all[0].id, results.all.at(-1)?.id]).toEqual([MOST, MOST + 1, 2]);
});

test("the one on the stage can be forgotten", () => {
  const results = new Results();
  results.add(result(1));
  results.add(result(2));
  results.chosen = 1;
  expect(results.shown?.title).toBe("result 1");
  results.forget(2);
  expect(results.shown?.id).toBe(1);
  results.forget(1);
  expect([results.shown, results.chosen, results.all.length]).toEqual([null, null, 0]);
});

test("it is known whether something is not saved", () => {
  const results = new Results();
  expect(results.unsaved).toBe(false);
  results.add(result(1));
  expect(results.unsaved).toBe(true);
  results.all[0].saved = true;
  expect(results.unsaved).toBe(false);
});
