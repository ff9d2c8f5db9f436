// The keys of the stage: comparing, zooming and moving.

import { pressable } from "../lib/keys";
import { view } from "./view.svelte";

export const VIEW_KEYS: [string, string][] = [
  ["m", "Next way of comparing"],
  ["c, held", "See the content"],
  ["0", "Show all of the picture"],
  ["1 and 2", "Zoom to 100 % and 200 %"],
  ["+ and −", "Zoom by a step"],
  ["Space, held", "Drag moves the picture"],
];

/** Does what a single key means for the stage; `false` if it means nothing. */
export function viewKey(e: KeyboardEvent): boolean {
  if (e.key === "m") view.nextMode();
  else if (e.key === "c") view.peek = true;
  else if (e.key === "0") view.fit();
  else if (e.key === "1" || e.key === "2") view.zoomTo(Number(e.key));
  else if (e.key === "+" || e.key === "-") view.step(e.key === "+" ? 1 : -1);
  else if (e.key === " " && !pressable(e.target)) view.panning = true;
  else return false;
  return true;
}

/** A held key was let go. */
export function keyup(e: KeyboardEvent) {
  if (e.key === "c") view.peek = false;
  if (e.key === " ") view.panning = false;
}
