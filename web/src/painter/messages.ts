// The messages between the page and its worker. Pixels stay in the worker. Pictures come back as bitmaps, and also as
// files if they can be saved.

export interface Settings {
  size: number;
  strength: number;
  stroke_size: number;
  colour: string;
  effort: string;
}

export type Place = "content" | "style";

/** What paints a run: the graphics card if it is measured to be faster, the processor, or the card. */
export type Device = "auto" | "cpu" | "gpu";

/** The graphics card that the browser shows. */
export interface Card {
  name: string | null;
  /** A program that plays a card, which is slower than the painter itself. */
  program: boolean;
  /** Why there is none. */
  why: string | null;
}

export type Ask =
  | { kind: "take"; place: Place; name: string; file: Blob; serial: number }
  | { kind: "draft"; settings: Settings; longest: number; whole: boolean; serial: number }
  | { kind: "plan"; settings: Settings; serial: number }
  /** A program that plays a card is used only if `programs` is set. */
  | { kind: "run"; settings: Settings; device: Device; programs: boolean; serial: number }
  | { kind: "finish" }
  | { kind: "stop" };

export interface Progress {
  step: { scale: number; scales: number; width: number; height: number; iteration: number; iterations: number };
  fraction: number;
  seconds_left: number;
  on_card: boolean;
  /** The words of the card that failed at this run, which the processor began anew. */
  failure: string | null;
}

export interface Problem {
  message: string;
  hint: string | null;
}

export type Answer =
  | { kind: "loading"; part: number }
  | { kind: "ready"; card: Card }
  /** The file is a picture of this size. The painter takes it as soon as a run has ended. */
  | { kind: "read"; width: number; height: number; serial: number }
  | { kind: "taken"; serial: number }
  /** Work of a run, in pixels times iterations. */
  | { kind: "plan"; work: number; serial: number }
  /** A whole draft comes with its file. */
  | { kind: "draft"; bitmap: ImageBitmap; png: Blob | null; seconds: number; serial: number }
  /** The card is opened and measured. Whatever happens now may be its fault. */
  | { kind: "trying"; serial: number }
  /** Whether the card paints the run, and if not, why it does not. */
  | { kind: "device"; card: boolean; why: string | null; serial: number }
  | { kind: "progress"; progress: Progress; serial: number }
  | { kind: "preview"; bitmap: ImageBitmap; serial: number }
  /** The result, and the bytes that the module's memory has grown to. */
  | {
      kind: "done";
      png: Blob;
      width: number;
      height: number;
      stopped: boolean;
      seconds: number;
      memory: number;
      serial: number;
    }
  | { kind: "problem"; problem: Problem; serial: number }
  /** The module is lost, at the request of that number or before any. A new worker begins unless this is final. */
  | { kind: "broken"; problem: Problem; serial: number; final: boolean };
