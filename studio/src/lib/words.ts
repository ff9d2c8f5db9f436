// Numbers, times and names in words for people.

/** A duration such as "40 seconds" or "3 minutes". */
export function duration(seconds: number): string {
  if (seconds < 1) return "less than a second";
  if (seconds < 90) return count(Math.round(seconds), "second");
  if (seconds < 90 * 60) return count(Math.round(seconds / 60), "minute");
  return `${(seconds / 3600).toFixed(1)} hours`;
}

/** A short duration such as "40 s", "3 min" or "1.5 h". */
export function brief(seconds: number): string {
  if (seconds < 1) return "<1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

/** The sentence after pictures were dropped, pasted or picked. */
export function added(pictures: number, place: string): string {
  return `${count(pictures, "picture")} added as ${place}.`;
}

/** A number of bytes in decimal units. */
export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (n >= 999.5 && unit < 4) {
    n /= 1000;
    unit += 1;
  }
  return `${n < 10 && unit > 1 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

/** Text as a sentence: with a capital letter and a full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?]$/.test(trimmed) ? "" : ".");
}

/** A file's name without its extension. */
export function stem(name: string): string {
  return name.replace(/\.[^.]+$/, "");
}

/** A time of day, with the date if it is not today's. */
export function when(iso: string, now = new Date()): string {
  const time = new Date(iso);
  const clock = time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (time.toDateString() === now.toDateString()) return clock;
  return `${time.toLocaleDateString([], { day: "numeric", month: "short" })}, ${clock}`;
}

/** A value of an option as text. */
export function shown(value: unknown): string {
  if (value === undefined || value === null || value === "") return "default";
  if (value === true) return "on";
  if (value === false) return "off";
  if (Array.isArray(value)) return value.map(shown).join(", ");
  if (typeof value === "number") return String(Math.round(value * 1e4) / 1e4);
  return String(value);
}
