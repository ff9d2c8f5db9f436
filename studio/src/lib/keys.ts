// The keys of the page, for the dialog that lists them and for the handler.

export const KEYS: [string, string][] = [
  ["Ctrl+Enter", "Run"],
  ["Shift+X", "Cancel the job on the stage"],
  ["m", "Next way of comparing"],
  ["c, held", "See the content"],
  ["0", "Show all of the picture"],
  ["1 and 2", "Zoom to 100 % and 200 %"],
  ["+ and −", "Zoom by a step"],
  ["Space, held", "Drag moves the picture"],
  ["[ and ]", "Smaller and larger brush"],
  ["e", "Eraser and brush in turn"],
  ["Ctrl+Z", "Undo a stroke of the mask"],
  ["Ctrl+Shift+Z", "Redo it"],
  ["Shift+V", "Invert the mask"],
  ["Alt+Up, Alt+Down", "Move a job in the queue"],
  ["?", "This list"],
];

/** Keys typed into such an element belong to it. */
export function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["range", "checkbox", "radio", "file", "button"].includes(target.type);
}

/** A press of the space bar on such an element means that element. */
export function pressable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("button, a, label, summary, input, select") !== null;
}
