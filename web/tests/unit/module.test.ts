// Errors of the modules in words.

import { expect, test } from "vitest";
import { Lost, plain, Refused, started, understood } from "../../src/painter/module";

const says = (error: unknown) => understood(error, "The painter");

test("what a module throws on purpose is no loss, and a trap is one", () => {
  expect(says('{"message":"no effort great","hint":null}')).toEqual({
    message: "no effort great",
    hint: null,
    lost: false,
  });
  expect(says("plain words")).toEqual({ message: "plain words", hint: null, lost: false });
  expect(says(new RangeError("memory"))).toMatchObject({
    message: "The browser gave the painter no more memory.",
    lost: true,
  });
  expect(says(new WebAssembly.CompileError("simd"))).toMatchObject({
    message: "This browser cannot run the painter.",
    lost: true,
  });
  expect(says(new Refused({ message: "no", hint: "try" }))).toEqual({ message: "no", hint: "try", lost: false });
});

test("the words of a panic are told", () => {
  (globalThis as unknown as { impastoPanicked: (words: string) => void }).impastoPanicked("index out of range");
  const trap = new WebAssembly.RuntimeError("unreachable");
  expect(says(trap)).toEqual({ message: "The painter failed.", hint: "It says: index out of range.", lost: true });
});

test("a module that does not start is lost", async () => {
  expect(await started("The painter", async () => 1)).toBe(1);
  const failed = started("The painter", () => Promise.reject(new Error("it could not be fetched (status 404)")));
  await expect(failed).rejects.toBeInstanceOf(Lost);
  await expect(failed).rejects.toThrow("The painter did not start: it could not be fetched (status 404).");
});

test("the words of a browser's error are a sentence", () => {
  expect(plain("it cannot be used: JsValue(OperationError: no more\n  at x (y:1:2))")).toBe("it cannot be used: no more");
  expect(plain("the device x (webgpu) was lost: reset.")).toBe("the device x (webgpu) was lost: reset");
});
