// Settings that stay in this browser from one visit to the next.

import { keep as keepWord, kept as keptWord } from "../../../studio/src/lib/kept";
import type { Settings } from "../painter/messages";

const NAME = "web";
export const USUAL: Settings = { size: 512, strength: 1, stroke_size: 1, colour: "style", effort: "normal" };

export function kept(): Settings {
  try {
    return sensible(JSON.parse(keptWord(NAME) ?? "{}"));
  } catch {
    return { ...USUAL };
  }
}

/** The usual settings with those of `found` that have a value of the right kind and range. */
export function sensible(found: Record<string, unknown>): Settings {
  const number = (name: keyof Settings, least: number, most: number) => {
    const value = found?.[name];
    return typeof value === "number" && value >= least && value <= most ? value : (USUAL[name] as number);
  };
  const choice = (name: keyof Settings, ...choices: string[]) => {
    const value = found?.[name] as string;
    return choices.includes(value) ? value : (USUAL[name] as string);
  };
  return {
    size: number("size", 64, 1600),
    strength: number("strength", 0, 1),
    stroke_size: number("stroke_size", 0.25, 4),
    colour: choice("colour", "style", "keep", "match", "luminance"),
    effort: choice("effort", "normal", "fine"),
  };
}

export const keep = (settings: Settings) => keepWord(NAME, JSON.stringify(settings));
