// The keys of the whole page.

import { pressable, typing } from "../lib/keys";
import { masking } from "../mask/masking.svelte";
import { view } from "../stage/view.svelte";
import { act, run } from "./actions.svelte";
import { app } from "./app.svelte";
import { form } from "./form.svelte";
import { isActive, jobs } from "./jobs.svelte";

/** Single keys; those of the mask work only while one is painted. */
function single(e: KeyboardEvent): boolean {
  const job = app.job ? jobs.byId[app.job] : null;
  if (e.key === "?") app.dialog = "keys";
  else if (app.view !== "paint") return false;
  else if (e.key === "X" && job && isActive(job)) void act(job.id, "cancel");
  else if (e.key === "m") view.nextMode();
  else if (e.key === "c") view.peek = true;
  else if (e.key === "0") view.fit();
  else if (e.key === "1" || e.key === "2") view.zoomTo(Number(e.key));
  else if (e.key === "+" || e.key === "-") view.step(e.key === "+" ? 1 : -1);
  else if (e.key === " " && !pressable(e.target)) view.panning = true;
  else if (!masking.place) return false;
  else if (e.key === "[" || e.key === "]") masking.resizeBrush(e.key === "]" ? 1 : -1);
  else if (e.key === "e") masking.tool = masking.tool === "brush" ? "eraser" : "brush";
  else if (e.key === "V") masking.invert();
  else return false;
  return true;
}

export function keydown(e: KeyboardEvent) {
  if (document.querySelector("dialog[open]")) return;
  const command = e.ctrlKey || e.metaKey;
  if (command && e.key === "Enter") {
    e.preventDefault();
    if (app.view === "paint" && form.ready) void run();
  } else if (command && e.key.toLowerCase() === "z" && masking.place && !typing(e.target)) {
    e.preventDefault();
    if (e.shiftKey) masking.redo();
    else masking.undo();
  } else if (!command && !e.altKey && app.shortcuts && !typing(e.target) && single(e)) e.preventDefault();
}

export function keyup(e: KeyboardEvent) {
  if (e.key === "c") view.peek = false;
  if (e.key === " ") view.panning = false;
}
