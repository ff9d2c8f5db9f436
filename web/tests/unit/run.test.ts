// The run of the page.

import { expect, test, vi } from "vitest";
import type { Ask, Progress } from "../../src/painter/messages";
import { USUAL } from "../../src/state/keeping";
import type { Pair } from "../../src/state/pictures.svelte";
import { Running } from "../../src/state/run.svelte";

const bitmap = () => ({ close: vi.fn() }) as unknown as ImageBitmap;

function running() {
  const asks: Ask[] = [];
  const run = new Running((ask) => asks.push(ask));
  run.begin({} as Pair, USUAL, "auto", false);
  return { asks, run, serial: run.now!.serial };
}

test("a run is asked for, and can be asked to end", () => {
  const { asks, run, serial } = running();
  run.end("finish");
  expect(run.now?.ending).toBe("finish");
  run.end("stop");
  expect(asks).toEqual([
    { kind: "run", settings: USUAL, device: "auto", programs: false, serial },
    { kind: "finish" },
    { kind: "stop" },
  ]);
  run.clear();
  run.end("stop");
  expect(asks.length).toBe(3);
});

test("only its own progress, previews and end count", () => {
  const { run, serial } = running();
  const [old, first, second] = [bitmap(), bitmap(), bitmap()];
  run.previewed(serial - 1, old);
  run.progressed(serial - 1, {} as Progress);
  expect([run.preview, run.now?.progress]).toEqual([null, null]);
  expect(old.close).toHaveBeenCalledOnce();
  run.previewed(serial, first);
  run.previewed(serial, second);
  expect(first.close).toHaveBeenCalledOnce();
  expect(run.preview).toBe(second);
  expect(run.ended(serial - 1)).toBeNull();
  expect(run.ended(serial)?.serial).toBe(serial);
  expect([run.now, run.preview]).toEqual([null, null]);
  expect(second.close).toHaveBeenCalledOnce();
});

test("it is known what paints, and a card that fails has lost what was done", () => {
  const { run, serial } = running();
  run.tries(serial);
  expect([run.now?.trying, run.now?.card]).toEqual([true, null]);
  expect(run.painted(serial - 1, false)).toBe(false);
  expect(run.painted(serial, true)).toBe(false);
  expect([run.now?.trying, run.now?.card]).toEqual([false, true]);
  run.progressed(serial, {} as Progress);
  expect(run.painted(serial, false)).toBe(true);
  expect([run.now?.card, run.now?.progress]).toEqual([false, null]);
});
