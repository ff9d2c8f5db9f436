// The user's actions on jobs: run, end, use their settings again.

import { explain, get, Problem } from "../api/client";
import type { Job, Picture, PictureSettings, Settings, Slot } from "../api/types";
import { optionsOf } from "../lib/settings";
import { entryOf } from "../lib/styles";
import { title } from "../lib/titles";
import { app } from "./app.svelte";
import { form, refOf, type Ref, type StyleEntry } from "./form.svelte";
import { jobs } from "./jobs.svelte";
import { planner } from "./preview.svelte";

class Runner {
  busy = $state(false);
}
export const runner = new Runner();

/** Reports an error: beside its field, if it names one. */
function report(error: unknown) {
  if (error instanceof Problem && error.status === 422) planner.blame(error);
  app.toast(explain(error), true);
}

/** Begins a job with the settings of the form, or others. The stage shows it. */
export async function run(settings: Settings = $state.snapshot(form.settings) as Settings): Promise<Job | null> {
  if (runner.busy) return null;
  runner.busy = true;
  try {
    const waits = jobs.active.length > 0;
    const job = await jobs.run(settings);
    if (!waits) app.show(job.id);
    app.say(waits ? `${title(job)} waits in the queue.` : `${title(job)} has begun.`);
    if (waits) app.toast(`${title(job)} waits in the queue.`);
    return job;
  } catch (error) {
    report(error);
    return null;
  } finally {
    runner.busy = false;
  }
}

/** Does something with a job and reports an error. */
export async function act(id: string, what: string): Promise<Job | null> {
  try {
    return await jobs.act(id, what);
  } catch (error) {
    report(error);
    return null;
  }
}

export async function attempt(work: Promise<unknown>) {
  await work.catch(report);
}

const FORM_KINDS = ["stylize", "texture", "sheet", "batch", "video"];

/** Finds the picture that a slot of some settings means. */
async function refFor(slot: unknown, known: Picture[]): Promise<Ref | null> {
  if (typeof slot === "string") {
    const picture =
      known.find((p) => p.id === slot) ?? (await get<Picture>(`/pictures/${slot}/info`).catch(() => null));
    return picture && refOf(picture);
  }
  if (slot && typeof slot === "object" && "job" in slot) {
    const job = await jobs.need(String(slot.job));
    return job?.result ? jobRef(job) : null;
  }
  return null;
}

/** A finished job's result as an input. */
export function jobRef(job: Job): Ref {
  return { slot: { job: job.id }, name: title(job), width: job.result!.width, height: job.result!.height };
}

/** Puts a job's settings and pictures into the form. */
export async function useSettings(row: Job, changes: Record<string, unknown> = {}): Promise<void> {
  const job = await jobs.need(row.id);
  if (!job?.settings) return;
  const known = [...job.inputs.styles, ...job.inputs.masks, ...(job.inputs.content ? [job.inputs.content] : [])];
  const { settings } = job;
  const data = form.data;
  if (FORM_KINDS.includes(settings.kind)) data.kind = settings.kind as typeof data.kind;
  data.options = optionsOf({ ...settings, vary: undefined, ...changes });
  if (Array.isArray(settings.size)) {
    const [width, height = width] = settings.size as number[];
    data.texture = { width, height };
    delete data.options.size;
  }
  const content = await refFor(settings.content, known);
  if (settings.kind === "video") data.film = content;
  else data.content = content;
  const contents = await Promise.all(((settings.contents as Slot[]) ?? []).map((s) => refFor(s, known)));
  data.contents = contents.filter((c) => c !== null);
  const styles = await Promise.all(((settings.styles as unknown[]) ?? []).map((s) => styleFor(s, known)));
  data.styles = styles.filter((s) => s !== null);
  data.mask = await refFor((settings.mask as Slot[] | undefined)?.[0], known);
  data.regions = data.styles.some((s) => s.region !== null);
  data.protect = await refFor(settings.protect, known);
  if (settings.kind === "sheet") {
    data.vary = ((settings.vary as string[]) ?? []).map((v) => ({
      name: v.split("=")[0],
      values: v.split("=")[1].replaceAll(",", ", "),
    }));
  }
  app.show(null);
  app.say(`The settings of ${title(job)} are set.`);
}

async function styleFor(style: unknown, known: Picture[]): Promise<StyleEntry | null> {
  const given =
    typeof style === "object" && style && "picture" in style ? (style as Record<string, unknown>) : { picture: style };
  const picture = await refFor(given.picture, known);
  return picture && entryOf(given, picture);
}

/** Runs a job's settings again with another seed. */
export async function againWithNewSeed(row: Job) {
  const job = await jobs.need(row.id);
  if (job?.settings) await run({ ...job.settings, seed: Math.floor(Math.random() * 2 ** 31) });
}

/** The settings in the recipe of a picture. */
export const recipeOf = (picture: Picture) => get<PictureSettings>(`/pictures/${picture.id}/settings`);

/** Puts the pictures of a recipe into the form, where the server knows them. */
export async function useInputs(recipe: PictureSettings) {
  const info = (id: string) => get<Picture>(`/pictures/${id}/info`).then(refOf, () => null);
  const { content, styles } = recipe.inputs;
  if (content?.known) form.setContent(await info(content.sha256));
  const known = (await Promise.all(styles.filter((s) => s.known).map((s) => info(s.sha256)))).filter((s) => s !== null);
  if (known.length > 0) form.data.styles = [];
  for (const style of known) form.addStyle(style);
}
