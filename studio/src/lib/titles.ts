// Names of jobs, and where their pictures are.

import { BASE } from "../api/client";
import type { Job, Progress } from "../api/types";
import { count, duration, stem } from "./words";

const KINDS = {
  stylize: "Picture",
  texture: "Texture",
  sheet: "Sheet",
  batch: "Batch",
  compare: "Comparison",
  video: "Film",
};

export const kindName = (job: Job) => KINDS[job.kind];

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** The job's title without the endings of files' names, or one made of the pictures' names. */
export function title(job: Job): string {
  if (job.title) {
    const names = [job.inputs.content, ...job.inputs.styles].flatMap((p) => (p ? [p.name] : []));
    const tidy = names.reduce((text, name) => text.replaceAll(name, stem(name)), job.title);
    return tidy === job.title ? tidy : capital(tidy);
  }
  const styles = job.inputs.styles.map((s) => stem(s.name)).join(" and ");
  const content = job.inputs.content ? stem(job.inputs.content.name) : "";
  if (job.kind === "batch") return `Batch of ${count(job.children?.total ?? 0, "picture")}`;
  if (job.kind === "compare") return "Comparison";
  if (job.kind === "texture") return `Texture of ${styles || "a style"}`;
  const name = `${content || "a picture"} in the style of ${styles || "another"}`;
  return job.kind === "sheet" ? `Sheet: ${name}` : capital(name);
}

/** A text alternative for a job's result. */
export const alt = (job: Job) => `Result: ${title(job)}`;

export const resultUrl = (job: Job, fit: number) => `${BASE}/jobs/${job.id}/result?fit=${fit}`;
export const hasPicture = (job: Job) =>
  job.kind !== "compare" && job.kind !== "batch" && job.state === "done" && job.result !== null;
/** The referee scores it beside others: it is one picture, and not a film. */
export const isComparable = (job: Job) => hasPicture(job) && job.kind !== "video";

const STAGES: Record<Progress["stage"], string> = {
  reading: "Reading the pictures",
  preparing: "Preparing",
  draft: "Making the draft",
  painting: "Painting",
  writing: "Writing the file",
};

/** The progress of a film in words. */
function filmText({ stage, item, items, shot, shots, seconds_left }: Progress): string {
  const at = stage === "painting" ? `Frame ${Math.min((item ?? 0) + 1, items ?? 0)} of ${items}` : STAGES[stage];
  const of = stage === "painting" && shots && shots > 1 ? `, shot ${shot || 1} of ${shots}` : "";
  return at + of + (seconds_left === null || stage !== "painting" ? "" : `, ${duration(seconds_left)} left`);
}

/** The progress of a job in words. */
export function progressText(progress: Progress | null): string {
  if (!progress) return "Starting";
  if (progress.frames) return filmText(progress);
  const at = progress.stage === "painting" ? `Scale ${progress.scale} of ${progress.scales}` : STAGES[progress.stage];
  const item = progress.items ? `${progress.item} of ${progress.items}, ` : "";
  const left = progress.seconds_left === null ? "" : `, ${duration(progress.seconds_left)} left`;
  return item + at + left;
}
