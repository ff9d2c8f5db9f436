// Drafts follow wishes: quick ones while they change, and a whole one when they rest.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Drafts, QUICK, REST, WHOLE, type Wish } from "../../src/state/drafts.svelte";
import type { Pair } from "../../src/state/pictures.svelte";

const wish = (key: string, size = 1024): Wish => ({ key, pair: {} as Pair, size });
const bitmap = () => ({ close: vi.fn() }) as unknown as ImageBitmap;

function drafts() {
  const asks: [longest: number, whole: boolean][] = [];
  const all = new Drafts((...ask) => asks.push(ask));
  const paint = (serial = asks.length) => {
    const shown = bitmap();
    return { shown, whole: all.painted(serial, shown, asks[serial - 1][1] ? new Blob() : null) };
  };
  return { asks, all, paint };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a quick draft comes first, and a whole one after a rest", () => {
  const { asks, all, paint } = drafts();
  all.follow(wish("a"));
  expect([asks, all.busy]).toEqual([[[QUICK, false]], true]);
  expect(paint().whole).toBe(false);
  expect([asks.length, all.busy, all.shown?.png]).toEqual([1, false, null]);
  vi.advanceTimersByTime(REST);
  expect(asks[1]).toEqual([WHOLE, true]);
  expect(paint().whole).toBe(true);
  expect(all.shown?.png).toBeInstanceOf(Blob);
  vi.advanceTimersByTime(10 * REST);
  expect(asks.length).toBe(2);
});

test("a result no larger than a quick draft has a whole one at once", () => {
  const { asks, all } = drafts();
  all.follow(wish("a", QUICK));
  expect(asks).toEqual([[QUICK, true]]);
});

test("one draft is painted at a time, and the next is that of the last wish", () => {
  const { asks, all, paint } = drafts();
  for (const key of ["a", "b", "c"]) all.follow(wish(key));
  expect(asks.length).toBe(1);
  const { shown } = paint();
  expect(all.shown?.wish.key).toBe("a");
  expect(asks.length).toBe(2);
  paint();
  expect(all.shown?.wish.key).toBe("c");
  expect(shown.close).toHaveBeenCalledOnce();
});

test("drafts rest without a wish, as during a run", () => {
  const { asks, all, paint } = drafts();
  all.follow(wish("a"));
  all.follow(null);
  paint();
  vi.advanceTimersByTime(10 * REST);
  expect(asks.length).toBe(1);
  all.follow(wish("a"));
  vi.advanceTimersByTime(REST);
  expect(asks.length).toBe(2);
});

test("what is refused is not asked for again, until something changes", () => {
  const { asks, all } = drafts();
  all.follow(wish("a"));
  expect([all.refused(7), all.refused(1)]).toEqual([false, true]);
  all.follow(wish("a"));
  vi.advanceTimersByTime(10 * REST);
  expect(asks.length).toBe(1);
  all.follow(wish("b"));
  expect(asks.length).toBe(2);
});

test("after the loss of a worker, its late draft is none, and the wish is followed anew", () => {
  const { asks, all, paint } = drafts();
  all.follow(wish("a"));
  all.lost();
  const late = paint();
  expect(late.whole).toBeNull();
  expect(late.shown.close).toHaveBeenCalledOnce();
  all.follow(wish("a"));
  expect(asks.length).toBe(2);
});
