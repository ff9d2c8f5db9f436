// The tab's title and icon: whole percents while something runs, a tick when it was done unseen.

const RING = 2 * Math.PI * 12;
let shown = "";

const ring = (colour: string, more = "") =>
  `<circle cx="16" cy="16" r="12" fill="none" stroke="${colour}" stroke-width="6"${more}/>`;

function icon(part: number | null, done: boolean): string {
  if (part === null && !done) return "/icon.svg";
  const length = (RING * (part ?? 0)).toFixed(1);
  const mark = done
    ? '<path d="M9 16.500l5 5 9-11" fill="none" stroke="white" stroke-width="4" ' +
      'stroke-linecap="round" stroke-linejoin="round"/>'
    : ring("#777") + ring("#f2764f", ` stroke-dasharray="${length} 99" transform="rotate(-90 16 16)"`);
  const ground = done ? '<rect width="32" height="32" rx="7" fill="#c1401a"/>' : "";
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${ground}${mark}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(drawing)}`;
}

/** Shows `part` of 0 to 1 of the running job, or that one is done. */
export function showInTab(part: number | null, done: boolean) {
  const percent = part === null ? "" : `${Math.floor(part * 100)} % – `;
  const key = `${percent}${done}`;
  if (key === shown) return;
  shown = key;
  document.title = `${done ? "Done – " : percent}Impasto`;
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link) link.href = icon(part, done);
}
