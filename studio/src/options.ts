// The options that the page offers: their names in the settings of a job, their controls, and where they are shown.

import type { Kind } from "./api/types";

export interface Option {
  name: string;
  label: string;
  control: "choice" | "number" | "text" | "switch" | "list";
  choices?: [value: string, label: string][];
  min?: number;
  max?: number;
  step?: number;
  /** The words for a value that is not given. */
  empty?: string;
  help?: string;
  kinds?: Kind[];
}

export interface Group {
  title: string;
  options: Option[];
}

const FILMS: Kind[] = ["video"];
const PICTURES: Kind[] = ["stylize", "texture", "sheet", "batch"];

/** The formats of films. */
export const FILM_FORMATS = ["mp4", "webm", "mkv", "mov", "gif", "apng"];

const same = (...values: string[]): [string, string][] => values.map((v) => [v, v]);

export const COLOURS: [string, string, string][] = [
  ["style", "Style", "The style's colours"],
  ["keep", "Keep", "The content's colours with the painted light and dark"],
  ["match", "Match", "The style is given the content's colours first"],
  ["luminance", "Luminance", "Only light and dark are painted"],
];

export const EFFORTS: [string, string, string][] = [
  ["draft", "Draft", "Half a second, no strokes"],
  ["normal", "Normal", "A few iterations at each scale"],
  ["fine", "Fine", "About three times as long"],
];

/** The options below "More". The choices of the model and of the device come from the server. */
export const MORE: Group[] = [
  {
    title: "Start",
    options: [
      { name: "seed", label: "Seed", control: "number", min: 0, max: 2 ** 53, step: 1, empty: "0" },
      {
        name: "init",
        label: "Begin with",
        control: "choice",
        choices: same("draft", "content", "noise", "gray", "style-stats"),
        empty: "the preset's",
      },
    ],
  },
  {
    title: "Recipe",
    options: [
      {
        name: "preset",
        label: "Recipe",
        control: "choice",
        choices: same("impasto", "gatys", "johnson", "johnson-pt", "crowson", "scaling", "keras"),
        empty: "impasto",
      },
      { name: "model", label: "Encoder", control: "choice", choices: [], empty: "lite" },
      { name: "content_weight", label: "Content weight", control: "number", min: 0, step: 0.1, help: "More keeps more detail of the content" },
      { name: "style_weight", label: "Style weight", control: "number", min: 0, step: 0.1 },
      { name: "tv_weight", label: "Smoothness", control: "number", min: 0, step: 0.1, help: "Weight of the total variation" },
      { name: "iterations", label: "Iterations", control: "list", help: "At each scale; or one number for each scale, as 200, 100, 60" },
      { name: "plateau", label: "Plateau", control: "number", min: 0, max: 0.99, step: 0.001, help: "A scale ends when its loss falls by less than this part" },
      { name: "min_size", label: "Smallest scale", control: "number", min: 1, step: 1 },
      {
        name: "statistic",
        label: "Statistic",
        control: "choice",
        choices: same("gram", "gram-hw", "mean-std", "covariance", "wasserstein", "wasserstein-newton"),
      },
      { name: "pooling", label: "Pooling", control: "choice", choices: same("max", "average", "l2"), empty: "as trained" },
      { name: "optimizer", label: "Optimiser", control: "choice", choices: same("adam", "lbfgs") },
      { name: "learning_rate", label: "Learning rate", control: "number", min: 0, step: 0.01 },
      { name: "keep", label: "Keep", control: "choice", choices: same("average", "last", "best"), help: "The iterate that becomes the result" },
      {
        name: "colour_map",
        label: "Colour map",
        control: "choice",
        choices: same("monge-kantorovich", "cholesky", "pca", "histogram"),
        help: "Only with matched colours",
      },
      { name: "device", label: "Device", control: "choice", choices: [], empty: "auto", help: "The network runs there; auto takes a card that is faster than the processor" },
      { name: "half", label: "Half precision", control: "switch", help: "Less memory" },
    ],
  },
  {
    title: "Film",
    options: [
      { name: "fps", label: "Frames a second", control: "text", empty: "the film's", help: "The nearest frames are taken: 12, 23.976 or 30000/1001", kinds: FILMS },
      { name: "hold", label: "Hold", control: "number", min: 2, max: 12, step: 1, empty: "1", help: "Paint every N-th frame and show it N times, as on twos", kinds: FILMS },
      { name: "every", label: "Paint every", control: "number", min: 2, max: 12, step: 1, empty: "1", help: "Frames between are made from both neighbours", kinds: FILMS },
      { name: "boil", label: "New paint after", control: "number", min: 0.2, max: 3600, step: 0.1, empty: "never", help: "Seconds, also where nothing moves; 2 looks as if painted by hand", kinds: FILMS },
      { name: "loop", label: "Loop", control: "switch", help: "The end leads to the beginning", kinds: FILMS },
      { name: "match_shots", label: "Match shots", control: "switch", help: "A shot of an earlier scene keeps its look", kinds: FILMS },
      { name: "no_cuts", label: "One shot", control: "switch", help: "Look for no cuts", kinds: FILMS },
      { name: "tone_map", label: "Tone-map", control: "switch", help: "For films of high dynamic range", kinds: FILMS },
      { name: "format", label: "File", control: "choice", choices: same(...FILM_FORMATS), empty: "mp4", kinds: FILMS },
      { name: "codec", label: "Codec", control: "choice", choices: same("h264", "h265", "av1", "vp9", "prores", "ffv1"), empty: "the file's usual", kinds: FILMS },
      { name: "crf", label: "Quality", control: "number", min: 0, max: 63, step: 1, empty: "16", help: "Of h264, h265, av1 and vp9: lower is better and larger", kinds: FILMS },
      { name: "no_sound", label: "No sound", control: "switch", help: "Leave out sound, subtitles and chapters", kinds: FILMS },
    ],
  },
  {
    title: "File",
    options: [
      { name: "format", label: "Format", control: "choice", choices: same("png", "jpg", "tif", "webp", "exr", "qoi", "bmp"), empty: "png", kinds: PICTURES },
      { name: "depth", label: "Bits a channel", control: "choice", choices: same("8", "16", "32"), empty: "the content's", kinds: PICTURES },
      { name: "quality", label: "JPEG quality", control: "number", min: 1, max: 100, step: 1, empty: "95", kinds: PICTURES },
      { name: "profile", label: "Colour profile", control: "choice", choices: same("input", "srgb", "p3"), empty: "the content's", kinds: PICTURES },
      { name: "timelapse", label: "Film of the painting", control: "switch", help: "A GIF beside the result", kinds: ["stylize"] },
    ],
  },
];

/** Options that decide nothing about the look of a draft. A change of these asks for no new one. */
export const NOT_IN_DRAFT = [
  "title", "format", "depth", "quality", "profile", "timelapse", "effort", "time", "iterations", "plateau", "keep", "half",
  "optimizer", "learning_rate", "vary", "seamless", "init", "tv_weight", "min_size", "fps", "hold", "every", "boil", "loop", "match_shots",
  "no_cuts", "tone_map", "codec", "crf", "no_sound", "device",
];

/** Options that are for one picture and not for a film. */
const NOT_OF_FILMS = ["time", "init", "optimizer", "keep_gps", "no_metadata"];

/** The options that a texture has; others are an error there. */
const OF_TEXTURES = [
  "preset", "model", "statistic", "style_layers", "style_layer_weights", "tv_weight", "stroke_size", "iterations", "time", "min_size", "seed",
  "init", "threads", "memory", "format", "depth", "quality", "profile", "seamless", "device",
];

/** Tells whether an option means something in a job of this kind. */
export function applies(name: string, kind: Kind): boolean {
  const known = MORE.flatMap((g) => g.options).filter((o) => o.name === name);
  if (kind === "texture") return OF_TEXTURES.includes(name);
  if (name === "seamless" || (kind === "video" && NOT_OF_FILMS.includes(name))) return false;
  return known.length === 0 || known.some((o) => !o.kinds || o.kinds.includes(kind));
}

/** Long edge of each picture of a sheet. */
export const SHEET_SIZE = 256;

/** Labels of options that have controls of their own. */
const FRONT: Record<string, string> = {
  strength: "Strength",
  stroke_size: "Stroke size",
  colour: "Colour",
  size: "Size",
  effort: "Effort",
  time: "Time limit",
  feather: "Feather",
  rest: "Rest of the picture",
  seamless: "Seamless",
  vary: "Values to try",
};

export function label(name: string): string {
  const more = MORE.flatMap((g) => g.options).find((o) => o.name === name);
  return FRONT[name] ?? more?.label ?? name.replaceAll("_", " ");
}

/** The names of pictures and of the task in settings. They are no options. */
export const NOT_OPTIONS = ["kind", "content", "contents", "styles", "pictures", "mask", "protect", "title"];

/** Values that mean the same as leaving the option out. */
export const DEFAULTS: Record<string, unknown> = {
  strength: 1,
  stroke_size: 1,
  colour: "style",
  effort: "normal",
  seed: 0,
  preset: "impasto",
  device: "auto",
  profile: "input",
  half: false,
  timelapse: false,
  loop: false,
  match_shots: false,
  no_cuts: false,
  tone_map: false,
  no_sound: false,
  seamless: false,
  rest: "keep",
  style_scale: 1,
  resize: "linear",
};
