// A style of the form, and the same style in the settings of a job.

import type { Ref, StyleEntry } from "../state/form.svelte";

/** The style of the form for one in the settings of a job. */
export function entryOf(given: Record<string, unknown>, picture: Ref): StyleEntry {
  return {
    picture,
    weight: (given.weight as number) ?? 1,
    scale: (given.scale as number) ?? 1,
    rotate: (given.rotate as number) ?? 0,
    region: (given.region as string) ?? null,
    at: (given.at as string) ?? null,
  };
}

/** The parts of a job that decide which settings of a style count. */
export interface Among {
  several: boolean;
  regions: boolean;
  film: boolean;
}

/** The style in the settings of a job: a picture alone, or with the settings that are not the defaults. */
export function styleOf(entry: StyleEntry, { several, regions, film }: Among): unknown {
  const { picture, weight, scale, rotate, region } = entry;
  const at = entry.at?.trim();
  const style: Record<string, unknown> = { picture: picture.slot };
  if (several && weight !== 1) style.weight = weight;
  if (scale !== 1) style.scale = scale;
  if (rotate !== 0) style.rotate = rotate;
  if (regions && region) style.region = region;
  if (several && film && at) style.at = at;
  return Object.keys(style).length > 1 || typeof picture.slot !== "string" ? style : picture.slot;
}
