// A new picture comes in steps, and the one before stays until it is read.

import { afterEach, expect, test, vi } from "vitest";
import type { Ask } from "../../src/painter/messages";
import type { Sample } from "../../src/samples";
import { Pictures } from "../../src/state/pictures.svelte";

type Take = Extract<Ask, { kind: "take" }>;

const sample = (id: string): Sample => ({ id, title: id, credit: "", url: `/${id}.jpg`, thumb: "" });
const read = (serial: number) => ({ kind: "read" as const, width: 4, height: 3, serial });
const file = (name: string) => new File(["x"], name);

function pictures() {
  const asks: Take[] = [];
  return { asks, pictures: new Pictures((ask) => asks.push(ask)) };
}

afterEach(() => void vi.unstubAllGlobals());

test("the last click on a sample counts, whichever file comes first", async () => {
  for (const order of [
    ["a", "b"],
    ["b", "a"],
  ]) {
    const arrive: Record<string, () => void> = {};
    const answer = { ok: true, blob: async () => new Blob() };
    vi.stubGlobal("fetch", (url: string) => new Promise((resolve) => (arrive[url] = () => resolve(answer))));
    const { asks, pictures: all } = pictures();
    const clicks = [all.sample("style", sample("a")), all.sample("style", sample("b"))];
    for (const id of order) {
      arrive[`/${id}.jpg`]();
      await new Promise((resolve) => setTimeout(resolve));
    }
    expect(await Promise.all(clicks)).toEqual([true, true]);
    expect(asks.map(({ name }) => name)).toEqual(["b.jpg"]);
    expect(all.coming.style?.sample).toBe("b");
  }
});

test("a sample that cannot be fetched is said, unless another is wanted by now", async () => {
  vi.stubGlobal("fetch", async () => ({ ok: false }));
  const { asks, pictures: all } = pictures();
  expect(await all.sample("content", sample("a"))).toBe(false);
  const late = all.sample("content", sample("a"));
  all.file("content", file("mine.png"));
  expect(await late).toBe(true);
  expect(asks.map(({ name }) => name)).toEqual(["mine.png"]);
});

test("a picture is in use as soon as it is read", () => {
  const { asks, pictures: all } = pictures();
  all.file("content", file("one.png"));
  expect([all.content, all.pair, all.coming.content?.name]).toEqual([null, null, "one.png"]);
  expect(all.read(read(asks[0].serial))).toBe("content");
  expect([all.content?.name, all.content?.width, all.coming.content]).toEqual(["one.png", 4, null]);
  expect(all.read(read(asks[0].serial))).toBeNull();
  all.file("style", file("two.png"));
  all.read(read(asks[1].serial));
  expect(all.pair?.style.name).toBe("two.png");
});

test("a file that is no picture leaves the picture before", () => {
  const { asks, pictures: all } = pictures();
  all.file("content", file("one.png"));
  all.read(read(asks[0].serial));
  all.file("content", file("notes.txt"));
  expect(all.refused(asks[1].serial)).toBe(true);
  expect([all.content?.name, all.coming.content]).toEqual(["one.png", null]);
  expect(all.refused(asks[1].serial)).toBe(false);
});

test("a picture that the painter does not take gives way to the one that it has", () => {
  const { asks, pictures: all } = pictures();
  for (const name of ["one.png", "empty.png"]) {
    all.file("style", file(name));
    all.read(read(asks.at(-1)!.serial));
    if (name === "one.png") all.taken(asks[0].serial);
  }
  all.refused(asks[1].serial);
  expect(all.style?.name).toBe("one.png");
  all.refused(asks[0].serial);
  expect(all.style).toBeNull();
});
