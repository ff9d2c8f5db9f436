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
  /** What stands for a value that is not given. */
  empty?: string;
  help?: string;
  kinds?: Kind[];
}

export interface Group {
  title: string;
  options: Option[];
}

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

/** The options below "More". The model's choices come from the server. */
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
      { name: "half", label: "Half precision", control: "switch", help: "Less memory" },
    ],
  },
  {
    title: "File",
    options: [
      { name: "format", label: "Format", control: "choice", choices: same("png", "jpg", "tif", "webp", "exr", "qoi", "bmp"), empty: "png" },
      { name: "depth", label: "Bits a channel", control: "choice", choices: same("8", "16", "32"), empty: "the content's" },
      { name: "quality", label: "JPEG quality", control: "number", min: 1, max: 100, step: 1, empty: "95" },
      { name: "profile", label: "Colour profile", control: "choice", choices: same("input", "srgb", "p3"), empty: "the content's" },
      { name: "timelapse", label: "Film of the painting", control: "switch", help: "A GIF beside the result", kinds: ["stylize"] },
    ],
  },
];

/** Options that decide nothing about the look of a draft. A change of these asks for no new one. */
export const NOT_IN_DRAFT = [
  "title", "format", "depth", "quality", "profile", "timelapse", "effort", "time", "iterations", "plateau", "keep", "half",
  "optimizer", "learning_rate", "vary", "seamless", "init", "tv_weight", "min_size",
];

/** The options that a texture has; others are an error there. */
const OF_TEXTURES = [
  "preset", "model", "statistic", "style_layers", "style_layer_weights", "tv_weight", "stroke_size", "iterations", "time", "min_size", "seed",
  "init", "threads", "memory", "format", "depth", "quality", "profile", "seamless",
];

/** Whether an option means something in a job of this kind. */
export function applies(name: string, kind: Kind): boolean {
  const kinds = MORE.flatMap((g) => g.options).find((o) => o.name === name)?.kinds;
  if (kind === "texture") return OF_TEXTURES.includes(name);
  return name !== "seamless" && (!kinds || kinds.includes(kind));
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
  profile: "input",
  half: false,
  timelapse: false,
  seamless: false,
  rest: "keep",
  style_scale: 1,
  resize: "linear",
};
