// The keys of the page, for the list of them and for the handler.

import { typing } from "../../../studio/src/lib/keys";
import { VIEW_KEYS, viewKey } from "../../../studio/src/stage/keys";
import { look } from "../../../studio/src/ui/look.svelte";
import { page } from "../state/page.svelte";

export const KEYS: [string, string][] = [
  ["Ctrl+Enter", "Run"],
  ["Ctrl+S", "Save the picture"],
  ["Shift+X", "Stop, and keep the picture"],
  ...VIEW_KEYS,
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
  if (!look.shortcuts || typing(e.target)) return;
  if (e.key === "?") help();
  else if (e.key === "X") page.running.end("stop");
  else if (!viewKey(e)) return;
  e.preventDefault();
}
