// The card as the browser tells of it, and the reader's choice.

import { afterEach, expect, test, vi } from "vitest";
import { browser, look, named } from "../../src/painter/card";
import { asked, Painting } from "../../src/state/device.svelte";

const info = { vendor: "", architecture: "", device: "", description: "" };

afterEach(() => void vi.unstubAllGlobals());

/** A browser with this card, and with JSPI. */
async function seen(adapter: object | null) {
  vi.resetModules();
  vi.stubGlobal("WebAssembly", { Suspending: class {}, promising: (call: () => void) => call });
  vi.stubGlobal("navigator", { gpu: { requestAdapter: async () => adapter } });
  return (await import("../../src/painter/card")).look();
}

test("a browser without WebGPU, JSPI or a card has none, and it is said why", async () => {
  vi.stubGlobal("navigator", {});
  expect(await look()).toMatchObject({ name: null, why: expect.stringContaining("WebGPU") });
  expect(await seen(null)).toMatchObject({ name: null, why: expect.stringContaining("finds no graphics card") });
  vi.resetModules();
  vi.stubGlobal("WebAssembly", {});
  const without = (await import("../../src/painter/card")).look();
  expect(await without).toMatchObject({ name: null, why: expect.stringContaining("JSPI") });
});

test("a card has the name that the browser gives, and a program is known as one", async () => {
  expect(named({ ...info, description: "NVIDIA RTX" })).toBe("NVIDIA RTX");
  expect(named({ ...info, vendor: "apple", architecture: "metal-3" })).toBe("apple metal-3");
  expect(named(info)).toBe("a graphics card");
  const card = { ...info, vendor: "nvidia" };
  expect(await seen({ info: card })).toEqual({ name: "nvidia", program: false, why: null });
  expect(await seen({ info: { ...card, isFallbackAdapter: true } })).toMatchObject({ program: true });
  expect(await seen({ info: card, isFallbackAdapter: true })).toMatchObject({ program: true });
  expect(await seen({ info: { ...info, vendor: "google", architecture: "swiftshader" } })).toMatchObject({
    name: "google swiftshader",
    program: true,
  });
});

test("a recipe names the browser with its version", () => {
  const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
  expect(browser(chrome)).toBe("Chrome/156.0.0.0");
  expect(browser(`${chrome} Edg/156.0.0.0`)).toBe("Edg/156.0.0.0");
  expect(browser("Mozilla/5.0 (X11; rv:160.0) Gecko/20100101 Firefox/160.0")).toBe("Firefox/160.0");
  expect(browser("AppleWebKit/605 (KHTML, like Gecko) Version/26.0 Safari/605")).toBe("Version/26.0");
  expect(browser("curl")).toBe("a browser");
});

test("the address may name a device, and only then a program that plays a card is one", () => {
  expect([asked("?device=gpu"), asked("?device=cpu"), asked("?device=great"), asked("")]).toEqual([
    "gpu",
    "cpu",
    null,
    null,
  ]);
  const program = { name: "swiftshader", program: true, why: null };
  const [usual, forced] = [new Painting(""), new Painting("?device=gpu")];
  for (const painting of [usual, forced]) painting.card = program;
  expect([usual.possible, usual.choice, usual.expected]).toEqual([false, "auto", false]);
  expect([forced.possible, forced.choice, forced.expected]).toEqual([true, "gpu", true]);
  expect(usual.why).toContain("a program that plays a graphics card (swiftshader)");
});

test("auto expects the device of the last run", () => {
  const painting = new Painting("");
  painting.card = { name: "card", program: false, why: null };
  expect([painting.possible, painting.expected]).toEqual([true, false]);
  painting.last = { card: true, why: null };
  expect(painting.expected).toBe(true);
  painting.choose("cpu");
  expect([painting.expected, painting.last]).toEqual([false, null]);
});
