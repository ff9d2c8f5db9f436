// Options of a job as a flat record: what differs between two of them, and which are the defaults.

import { DEFAULTS, NOT_OPTIONS } from "../options";

export type Options = Record<string, unknown>;

export interface Difference {
  name: string;
  before: unknown;
  after: unknown;
}

const equal = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The options in settings, without pictures, and without values that are the defaults. */
export function optionsOf(settings: Options): Options {
  const options: Options = {};
  for (const [name, value] of Object.entries(settings)) {
    if (NOT_OPTIONS.includes(name) || value === null || value === undefined || value === "") continue;
    if (name in DEFAULTS && equal(DEFAULTS[name], value)) continue;
    options[name] = value;
  }
  return options;
}

/** The options that would change, by name, if `after` took the place of `before`. */
export function differences(before: Options, after: Options): Difference[] {
  const a = optionsOf(before);
  const b = optionsOf(after);
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return names
    .filter((name) => !equal(a[name], b[name]))
    .map((name) => ({ name, before: a[name] ?? DEFAULTS[name], after: b[name] ?? DEFAULTS[name] }));
}

/** `before` with the chosen ones of its differences from `after`. */
export function applied(before: Options, chosen: Difference[]): Options {
  const options = { ...before };
  for (const { name, after } of chosen) options[name] = after;
  return optionsOf(options);
}

/** A list of numbers as people type it, such as "200, 100". */
export function numbers(text: string): number[] {
  return text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map(Number)
    .filter(Number.isFinite);
}
