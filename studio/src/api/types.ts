// The shapes of the HTTP API, as the server sends them.

export interface Picture {
  id: string;
  name: string;
  format: string;
  width: number;
  height: number;
  bytes: number;
  depth: number;
  alpha: boolean;
  profile: string | null;
  created: string;
  notes: string[];
  has_recipe: boolean;
  /** Frames and seconds of a film; both are 0 for a picture. */
  frames: number;
  seconds: number;
}

/** A picture's place in the settings: an upload, or the result of a finished job. */
export type Slot = string | { job: string };

export type Kind = "stylize" | "texture" | "sheet" | "batch" | "compare" | "video";

export interface Settings {
  kind: Kind;
  [option: string]: unknown;
}

export type JobState = "queued" | "running" | "paused" | "done" | "failed" | "cancelled";

export interface Progress {
  stage: "reading" | "preparing" | "draft" | "painting" | "writing";
  scale: number;
  scales: number;
  iteration: number;
  iterations: number;
  fraction: number;
  elapsed: number;
  seconds_left: number | null;
  width: number;
  height: number;
  preview: string | null;
  item?: number | null;
  items?: number | null;
  /** The shot of a film, and its frame that was painted last, both from 1 on. */
  shot?: number;
  shots?: number;
  frame?: number;
  frames?: number;
}

export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  hint?: string | null;
  option?: string | null;
  allowed?: unknown;
}

export interface Result {
  width: number;
  height: number;
  format: string;
  bytes: number;
  seconds: number;
  iterations: number;
  timelapse: boolean;
  /** Frames and shots of a film, and its length in seconds. */
  frames?: number;
  shots?: number;
  length?: number;
}

/** A job. Rows of lists lack `settings` and `notes`. */
export interface Job {
  id: string;
  kind: Kind;
  state: JobState;
  state_seq: number;
  title: string | null;
  starred: boolean;
  position: number | null;
  created: string;
  started: string | null;
  finished: string | null;
  settings?: Settings;
  inputs: { content: Picture | null; styles: Picture[]; masks: Picture[] };
  progress: Progress | null;
  /** Frames of a film that can be looked at. */
  painted?: number;
  result: Result | null;
  stopped_early: boolean;
  attempts: number;
  error: ProblemBody | null;
  parent: string | null;
  children: { total: number; done: number; failed: number; running: number } | null;
  retry_of: string | null;
  notes?: string[];
  binned: string | null;
}

export interface Plan {
  width: number;
  height: number;
  scales: { width: number; height: number; iterations: number; seconds: number }[];
  seconds: number;
  peak_bytes: number;
  peak_bytes_in_half: number | null;
  threads: number;
  notes: string[];
  warnings?: string[];
}

export interface LibraryStyle {
  id: string;
  name: string;
  tags: string[];
  picture: Picture;
  sample: boolean;
  settings: Partial<Settings> | null;
}

export interface Preset {
  id: string;
  name: string;
  settings: Partial<Settings>;
  builtin: boolean;
}

export interface Status {
  version: string;
  models: { name: string; available: boolean; note?: string | null }[];
  default_model: string;
  limits: { file_bytes: number; megapixels: number; waiting_jobs: number };
  queue: QueueState;
  disk: { used: number; quota: number; free: number };
  last_event: number;
  films?: { available: boolean; problem: string | null; file_bytes: number };
}

/** A device that can run the network: the processor, or a graphics card, which has an `api`. */
export interface Device {
  name: string;
  model: string;
  kind: string;
  api: string | null;
}

export interface QueueState {
  paused: boolean;
  waiting: number;
  running: number;
}

/** The settings in a picture's recipe, and which of its inputs the server knows. */
export interface PictureSettings {
  settings: Settings;
  notes: string[];
  inputs: { content: RecipeInput | null; styles: RecipeInput[] };
}

export interface RecipeInput {
  name: string;
  sha256: string;
  known: boolean;
}

export interface SheetCells {
  width: number;
  height: number;
  columns: string[];
  rows: string[];
  cells: {
    left: number;
    top: number;
    width: number;
    height: number;
    label: string;
    settings: Record<string, unknown>;
  }[];
}
