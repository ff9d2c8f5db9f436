// The keys of the page, for the list of them and for the handler.

import { pressable, typing } from "../../../studio/src/lib/keys";
import { view } from "../../../studio/src/stage/view.svelte";
import { page } from "../state/page.svelte";

export const KEYS: [string, string][] = [
  ["Ctrl+Enter", "Run"],
  ["Shift+X", "Stop, and keep the picture"],
  ["Ctrl+S", "Save the picture"],
  ["m", "Next way of comparing"],
  ["c, held", "See the content"],
  ["0", "Show all of the picture"],
  ["1 and 2", "Zoom to 100 % and 200 %"],
  ["+ and −", "Zoom by a step"],
  ["Space, held", "Drag moves the picture"],
  ["?", "This list"],
];

export function keydown(e: KeyboardEvent, help: () => void) {
  if (document.querySelector("dialog[open]") || e.altKey) return;
  if (e.ctrlKey || e.metaKey) {
    if (e.key === "Enter") page.start();
    else if (e.key === "s") page.save();
    else return;
    return e.preventDefault();
  }
  if (typing(e.target)) return;
  if (e.key === " ") {
    if (pressable(e.target)) return;
    view.panning = true;
    return e.preventDefault();
  }
  const acts: Record<string, () => void> = {
    X: () => page.end("stop"),
    m: () => view.nextMode(),
    c: () => (view.peek = true),
    "0": () => view.fit(),
    "1": () => view.zoomTo(1),
    "2": () => view.zoomTo(2),
    "+": () => view.step(1),
    "-": () => view.step(-1),
    "?": help,
  };
  acts[e.key]?.();
}

export function keyup(e: KeyboardEvent) {
  if (e.key === "c") view.peek = false;
  if (e.key === " ") view.panning = false;
}
