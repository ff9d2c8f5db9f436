// The logic that needs no browser.

import { createHash } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { Latest, REST } from "../../src/lib/latest";
import { scoreTable } from "../../src/lib/scores";
import { applied, differences, numbers, optionsOf } from "../../src/lib/settings";
import { digestOfFile, sha256 } from "../../src/lib/sha256";
import { entryOf, styleOf } from "../../src/lib/styles";
import { uuid } from "../../src/lib/uuid";
import { brief, bytes, duration, shown } from "../../src/lib/words";
import { clamp, derivative, fit, step, toPicture, zoomAt } from "../../src/lib/zoom";
import type { Job } from "../../src/api/types";
import { isComparable } from "../../src/lib/titles";
import { applies, NOT_IN_DRAFT } from "../../src/options";

describe("SHA-256 equals another implementation", () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 100_003]) {
    it(`${length} bytes`, () => {
      const data = Uint8Array.from({ length }, (_, i) => (i * 131 + (i >> 8)) & 255);
      expect(sha256(data)).toBe(createHash("sha256").update(data).digest("hex"));
    });
  }
  it("of a file that is read piece by piece", async () => {
    const data = new Uint8Array(10_000).map((_, i) => (i * 7) & 255);
    expect(await digestOfFile(new Blob([data]), 4096)).toBe(createHash("sha256").update(data).digest("hex"));
  });
});

it("identifiers are canonical and of version 4", () => {
  expect(uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuid()).not.toBe(uuid());
});

describe("settings", () => {
  it("leave out pictures and defaults", () => {
    expect(optionsOf({ kind: "stylize", content: "a", styles: [], strength: 1, stroke_size: 2, seed: null })).toEqual({
      stroke_size: 2,
    });
  });
  it("differ by name, with the defaults in place of what is missing", () => {
    const found = differences({ strength: 0.5, size: 512 }, { seed: 3, size: 512 });
    expect(found).toEqual([
      { name: "seed", before: 0, after: 3 },
      { name: "strength", before: 0.5, after: 1 },
    ]);
    expect(applied({ strength: 0.5, size: 512 }, found)).toEqual({ size: 512, seed: 3 });
    expect(applied({ strength: 0.5 }, [found[0]])).toEqual({ strength: 0.5, seed: 3 });
  });
  it("have lists of numbers as people type them", () => {
    expect(numbers("200, 100;60 x")).toEqual([200, 100, 60]);
  });
});

describe("styles", () => {
  const picture = { slot: "a".repeat(64), name: "wave.jpg", width: 8, height: 6 };
  const film = { several: true, regions: false, film: true };
  it("of a job are the same after a turn through the form", () => {
    const all = { picture: picture.slot, weight: 2, scale: 0.5, rotate: 90, region: "#ff0000", at: "10s" };
    expect(styleOf(entryOf(all, picture), { ...film, regions: true })).toEqual(all);
    expect(styleOf(entryOf({ picture: picture.slot }, picture), film)).toBe(picture.slot);
  });
  it("have a time among several styles of a film alone", () => {
    const entry = entryOf({ at: " 50% " }, picture);
    expect(styleOf(entry, film)).toEqual({ picture: picture.slot, at: "50%" });
    expect(styleOf(entry, { ...film, several: false })).toBe(picture.slot);
    expect(styleOf(entry, { ...film, film: false })).toBe(picture.slot);
    expect(styleOf({ ...entry, at: " " }, film)).toBe(picture.slot);
  });
});

describe("zoom", () => {
  const picture = { width: 800, height: 400 };
  const pane = { width: 400, height: 400 };
  it("fits a picture in the middle", () => {
    expect(fit(picture, pane)).toEqual({ scale: 0.5, x: 0, y: 100 });
  });
  it("leaves the point below the pointer where it is", () => {
    const before = { scale: 0.5, x: 10, y: -30 };
    const after = zoomAt(before, 2, 123, 45);
    const [a, b] = [toPicture(before, 123, 45), toPicture(after, 123, 45)];
    expect(a.x).toBeCloseTo(b.x, 9);
    expect(a.y).toBeCloseTo(b.y, 9);
  });
  it("goes by fixed steps", () => {
    expect([step(0.7, 1), step(0.7, -1), step(1, 1), step(1, -1), step(8, 1), step(0.01, -1)]).toEqual([
      1, 0.5, 2, 0.5, 8, 0.0625,
    ]);
  });
  it("leaves no gap beside a large picture, and centres a small one", () => {
    expect(clamp({ scale: 1, x: 50, y: 9 }, picture, pane)).toEqual({ scale: 1, x: 0, y: 0 });
    expect(clamp({ scale: 1, x: -900, y: 0 }, picture, pane)).toEqual({ scale: 1, x: -400, y: 0 });
  });
  it("asks for no more pixels than the screen shows", () => {
    expect([
      derivative(picture, 0.5, 1),
      derivative(picture, 1, 2),
      derivative({ width: 9000, height: 10 }, 1, 1),
    ]).toEqual([512, 2048, 4096]);
  });
});

describe("requests that follow a control", () => {
  it("run one at a time; the newest value comes last; older ones are aborted when the control rests", async () => {
    vi.useFakeTimers();
    const seen: string[] = [];
    const latest = new Latest<number>(async (value, signal) => {
      seen.push(`begin ${value}`);
      await new Promise<void>((done) => {
        const timer = setTimeout(done, 400);
        signal.addEventListener("abort", () => (clearTimeout(timer), done()));
      });
      seen.push(`${signal.aborted ? "abort" : "end"} ${value}`);
    });
    latest.request(1);
    for (let value = 2; value < 6; value++) {
      await vi.advanceTimersByTimeAsync(16);
      latest.request(value);
    }
    expect(seen).toEqual(["begin 1"]);
    await vi.advanceTimersByTimeAsync(REST);
    expect(seen).toEqual(["begin 1", "abort 1", "begin 5"]);
    await vi.advanceTimersByTimeAsync(400);
    expect(seen.at(-1)).toBe("end 5");
    vi.useRealTimers();
  });
  it("let a request end while the control moves on", async () => {
    vi.useFakeTimers();
    const ended: number[] = [];
    const latest = new Latest<number>(async (value, signal) => {
      await new Promise((done) => setTimeout(done, 300));
      if (!signal.aborted) ended.push(value);
    });
    for (let value = 0; value < 60; value++) {
      latest.request(value);
      await vi.advanceTimersByTimeAsync(20);
    }
    await vi.advanceTimersByTimeAsync(600);
    expect(ended.length).toBeGreaterThan(3);
    expect(ended.at(-1)).toBe(59);
    vi.useRealTimers();
  });
});

it("the referee's scores become a table with the best marked", () => {
  const scores = (ssim: number | null, noise: number, layer: number) => ({
    scores: { ssim, noise, "seams-at": "x", layers: { relu2_2: layer } },
  });
  const measure = (aspect: string, better: "higher" | "lower") => ({ aspect, better, about: "" });
  const measures = {
    ssim: measure("content", "higher"),
    noise: measure("faults", "lower"),
    gmsd: measure("content", "lower"),
  };
  const rows = scoreTable({ pictures: [scores(0.25, 2, 0.1), scores(0.5, 3, 0.05), scores(null, 2.5, 0.2)], measures });
  const text = rows.map((r) => [r.name + r.arrow, ...r.cells.map((c) => c.text + (c.best ? "*" : ""))].join(" "));
  expect(text).toEqual(["ssim↑ 0.2500 0.5000* –", "noise↓ 2.00* 3.00 2.50", "relu2_2↓ 0.1000 0.0500* 0.2000"]);
});

it("a comparison takes pictures that are done, and no films", () => {
  const job = (kind: string, state = "done") => ({ kind, state, result: {} }) as unknown as Job;
  expect([job("stylize"), job("sheet"), job("video"), job("compare"), job("stylize", "failed")].map(isComparable)).toEqual([true, true, false, false, false]);
});

it("a device is for all jobs that paint, and not for drafts", () => {
  expect((["stylize", "texture", "sheet", "batch", "video"] as const).every((kind) => applies("device", kind))).toBe(true);
  expect(NOT_IN_DRAFT).toContain("device");
});

it("numbers are words for people", () => {
  expect([
    duration(0.4),
    duration(1),
    duration(200),
    brief(7200),
    bytes(900),
    bytes(1_234_567),
    bytes(9.9995e8),
  ]).toEqual(["less than a second", "1 second", "3 minutes", "2.0 h", "900 B", "1.2 MB", "1.0 GB"]);
  expect([shown(undefined), shown(0.30000001), shown([1, 2]), shown(true)]).toEqual(["default", "0.3", "1, 2", "on"]);
});
