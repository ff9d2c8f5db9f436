// What the page and its worker say to each other. Pixels stay in the worker; pictures come back as files in memory.

export interface Settings {
  size: number;
  strength: number;
  stroke_size: number;
  colour: string;
  effort: string;
}

export type Place = "content" | "style";

export type Ask =
  | { kind: "take"; place: Place; name: string; file: Blob; serial: number }
  | { kind: "draft"; settings: Settings; longest: number; serial: number }
  | { kind: "plan"; settings: Settings }
  | { kind: "run"; settings: Settings; serial: number }
  | { kind: "finish" }
  | { kind: "stop" }
  | { kind: "save"; serial: number };

export interface Painted {
  file: Blob;
  width: number;
  height: number;
}

export interface Progress {
  step: { scale: number; scales: number; width: number; height: number; iteration: number; iterations: number };
  fraction: number;
  seconds_left: number;
}

export interface Problem {
  message: string;
  hint: string | null;
}

export type Answer =
  | { kind: "loading"; part: number }
  | { kind: "ready" }
  | { kind: "taken"; place: Place; width: number; height: number; serial: number }
  /** Work of a run, in pixels times iterations. */
  | { kind: "plan"; work: number }
  | { kind: "draft"; picture: Painted; seconds: number; serial: number }
  | { kind: "begun"; width: number; height: number; serial: number }
  | { kind: "progress"; progress: Progress; serial: number }
  | { kind: "preview"; picture: Painted; serial: number }
  | { kind: "done"; picture: Painted; png: Blob; stopped: boolean; seconds: number; serial: number }
  | { kind: "saved"; png: Blob; serial: number }
  | { kind: "problem"; problem: Problem; serial: number }
  /** The module is lost, and a new worker begins unless this is final. */
  | { kind: "broken"; problem: Problem; final: boolean };
