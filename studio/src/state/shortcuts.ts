// The keys of the whole page, and the list of them.

import { typing } from "../lib/keys";
import { masking } from "../mask/masking.svelte";
import { VIEW_KEYS, viewKey } from "../stage/keys";
import { look } from "../ui/look.svelte";
import { act, run } from "./actions.svelte";
import { app } from "./app.svelte";
import { form } from "./form.svelte";
import { isActive, jobs } from "./jobs.svelte";

export const KEYS: [string, string][] = [
  ["Ctrl+Enter", "Run"],
  ["Shift+X", "Cancel the job on the stage"],
  ...VIEW_KEYS,
  ["[ and ]", "Smaller and larger brush"],
  ["e", "Eraser and brush in turn"],
  ["Ctrl+Z", "Undo a stroke of the mask"],
  ["Ctrl+Shift+Z", "Redo it"],
  ["Shift+V", "Invert the mask"],
  ["Alt+Up, Alt+Down", "Move a job in the queue"],
  ["?", "This list"],
];

/** Single keys; those of the mask work only while one is painted. */
function single(e: KeyboardEvent): boolean {
  const job = app.job ? jobs.byId[app.job] : null;
  if (e.key === "?") app.dialog = "keys";
  else if (app.view !== "paint") return false;
  else if (e.key === "X" && job && isActive(job)) void act(job.id, "cancel");
  else if (viewKey(e)) return true;
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
  } else if (!command && !e.altKey && look.shortcuts && !typing(e.target) && single(e)) e.preventDefault();
}
