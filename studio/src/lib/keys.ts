// Elements that keys belong to.

/** Keys typed into such an element belong to it. */
export function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && !["range", "checkbox", "radio", "file", "button"].includes(target.type);
}

/** A press of the space bar on such an element means that element. */
export function pressable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("button, a, label, summary, input, select") !== null;
}
