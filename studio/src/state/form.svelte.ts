// The form: pictures and options of the next job. It is kept in this browser, without pixels, so that a reload or
// another tab shows it again.

import { get, Problem } from "../api/client";
import { pictureUrl } from "../api/pictures";
import type { Kind, Picture, Settings, Slot } from "../api/types";
import { optionsOf, type Options } from "../lib/settings";
import { styleOf } from "../lib/styles";
import { applies, FILM_FORMATS, NOT_IN_DRAFT, SHEET_SIZE } from "../options";

/** A picture that the form refers to. */
export interface Ref {
  slot: Slot;
  name: string;
  width: number;
  height: number;
  /** Frames of a film, and its length in seconds. */
  frames?: number;
  seconds?: number;
}

export interface StyleEntry {
  picture: Ref;
  weight: number;
  scale: number;
  rotate: number;
  /** The colour of the mask's region that this style paints. */
  region: string | null;
  /** The time at which a film has this style alone, such as 10s or 50%. */
  at: string | null;
}

export interface Vary {
  name: string;
  values: string;
}

type FormKind = Exclude<Kind, "compare">;
const STORE = "impasto.form";
const SAVE_MS = 300;

/** Colours of regions, one for each style. They are bright and far apart, as masks need. */
export const REGIONS = ["#ff0000", "#00ff00", "#0000ff", "#ffff00", "#00ffff", "#ff00ff"];

export const refOf = (p: Picture): Ref => ({
  slot: p.id,
  name: p.name,
  width: p.width,
  height: p.height,
  ...(p.frames > 0 && { frames: p.frames, seconds: p.seconds }),
});
export const thumb = (ref: Ref, fit = 256) => pictureUrl(ref.slot, fit);
export const sameRef = (a: Ref | null, b: Ref | null) => JSON.stringify(a?.slot) === JSON.stringify(b?.slot);

const EMPTY = {
  kind: "stylize" as FormKind,
  content: null as Ref | null,
  contents: [] as Ref[],
  film: null as Ref | null,
  styles: [] as StyleEntry[],
  mask: null as Ref | null,
  /** The mask has a region for each style, by colour. */
  regions: false,
  protect: null as Ref | null,
  options: {} as Options,
  texture: { width: 512, height: 512 },
  vary: [{ name: "strength", values: "0.3, 0.6, 1" }] as Vary[],
};

class Form {
  data = $state(structuredClone(EMPTY));
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.load();
  }

  load() {
    try {
      Object.assign(this.data, structuredClone(EMPTY), JSON.parse(localStorage.getItem(STORE) ?? "{}"));
    } catch {
      Object.assign(this.data, structuredClone(EMPTY));
    }
  }

  save() {
    const text = JSON.stringify(this.data);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (localStorage.getItem(STORE) !== text) localStorage.setItem(STORE, text);
    }, SAVE_MS);
  }

  /** Leaves out pictures that the server has no more. */
  async verify() {
    const { content, contents, film, styles, mask, protect } = this.data;
    const refs = [content, film, mask, protect, ...contents, ...styles.map((s) => s.picture)].filter((r) => r !== null);
    const gone = new Set<string>();
    for (const { slot } of refs) {
      const path = typeof slot === "string" ? `/pictures/${slot}/info` : `/jobs/${slot.job}`;
      await get(path).catch(
        (error) => error instanceof Problem && error.status === 404 && gone.add(JSON.stringify(slot)),
      );
    }
    if (gone.size === 0) return;
    const here = (ref: Ref | null) => ref !== null && !gone.has(JSON.stringify(ref.slot));
    this.data.contents = contents.filter(here);
    this.data.styles = styles.filter((s) => here(s.picture));
    for (const place of ["content", "film", "mask", "protect"] as const)
      if (!here(this.data[place])) this.data[place] = null;
  }

  option<T>(name: string, otherwise: T): T {
    return (this.data.options[name] as T) ?? otherwise;
  }

  /** Sets an option; `undefined` and the default remove it. */
  set(name: string, value: unknown) {
    this.data.options = optionsOf({ ...this.data.options, [name]: value });
  }

  setContent(ref: Ref | null) {
    if (!sameRef(ref, this.data.content)) this.data.mask = this.data.protect = null;
    this.data.content = ref;
    if (ref && !this.data.contents.some((c) => sameRef(c, ref))) this.data.contents = [ref];
    if (this.data.kind === "texture" || (ref && this.data.kind === "video")) this.data.kind = "stylize";
  }

  setFilm(ref: Ref | null) {
    this.data.film = ref;
    if (ref) this.data.kind = "video";
  }

  addContents(refs: Ref[]) {
    for (const ref of refs) if (!this.data.contents.some((c) => sameRef(c, ref))) this.data.contents.push(ref);
    this.data.content ??= this.data.contents[0] ?? null;
  }

  addStyle(ref: Ref) {
    if (this.data.styles.some((s) => sameRef(s.picture, ref))) return;
    const region = this.data.regions ? (REGIONS[this.data.styles.length] ?? null) : null;
    this.data.styles.push({ picture: ref, weight: 1, scale: 1, rotate: 0, region, at: null });
  }

  onlyStyle(ref: Ref) {
    this.data.styles = [];
    this.data.regions = false;
    this.addStyle(ref);
  }

  /** The pictures that a run needs are there. */
  get ready(): boolean {
    const { kind, content, contents, film, styles } = this.data;
    if (styles.length === 0) return false;
    if (kind === "video") return film !== null;
    return kind === "texture" || (kind === "batch" ? contents.length > 0 : content !== null);
  }

  /** The settings of a job, as the server takes them. */
  get settings(): Settings {
    const { kind, content, contents, film, styles, mask, protect, options, texture, vary } = this.data;
    const { rest, feather, size, colour_map, ...others } = options;
    const settings: Settings = { kind };
    for (const [name, value] of Object.entries(others)) if (applies(name, kind)) settings[name] = value;
    if (
      kind === "video"
        ? !FILM_FORMATS.includes(String(settings.format))
        : FILM_FORMATS.includes(String(settings.format))
    )
      delete settings.format;
    if (settings.effort === "draft") delete settings.time;
    if (colour_map && options.colour === "match" && kind !== "texture") settings.colour_map = colour_map;
    if (kind === "texture") settings.size = [texture.width, texture.height];
    else if (size !== undefined && kind !== "sheet") settings.size = size;
    if (kind === "batch") {
      settings.contents = contents.map((c) => c.slot);
      settings.styles = styles.map((s) => s.picture.slot);
      return settings;
    }
    const among = { several: styles.length > 1, regions: mask !== null && this.data.regions, film: kind === "video" };
    settings.styles = styles.map((s) => styleOf(s, among));
    if (kind === "texture") return settings;
    if (kind === "video") {
      settings.content = film?.slot;
      return settings;
    }
    settings.content = content?.slot;
    if (kind === "sheet")
      settings.vary = vary.filter((v) => v.values.trim()).map((v) => `${v.name}=${v.values.replace(/\s/g, "")}`);
    if (mask) settings.mask = [mask.slot];
    if (protect) settings.protect = protect.slot;
    if (mask && rest) settings.rest = rest;
    if (feather !== undefined && (protect || (mask && rest !== "first"))) settings.feather = feather;
    return settings;
  }

  /** The settings of a draft: those of one picture, without options that only a run has. */
  get draftSettings(): Settings {
    const { kind, contents, content } = this.data;
    const settings: Settings = { ...this.settings, kind: kind === "texture" || kind === "video" ? kind : "stylize" };
    for (const name of NOT_IN_DRAFT) delete settings[name];
    if (kind === "batch") {
      settings.content = (content ?? contents[0])?.slot;
      settings.styles = settings.styles ? (settings.styles as unknown[]).slice(0, 1) : [];
      delete settings.contents;
    }
    return settings;
  }

  /** Settings of one picture, whose plan stands for the whole job, and how many pictures there are. */
  get planned(): { settings: Settings; pictures: number } {
    const { kind, contents, content, styles, vary } = this.data;
    const { vary: _, contents: all, ...one } = this.settings;
    if (kind === "sheet") {
      const pictures = vary
        .map((v) => v.values.split(",").filter((text) => text.trim()).length || 1)
        .reduce((a, b) => a * b, 1);
      return { settings: { ...one, kind: "stylize", size: SHEET_SIZE }, pictures };
    }
    if (kind !== "batch") return { settings: one as Settings, pictures: 1 };
    const settings = {
      ...one,
      kind: "stylize" as const,
      content: (content ?? contents[0])?.slot,
      styles: styles.slice(0, 1).map((s) => s.picture.slot),
    };
    return { settings, pictures: contents.length * styles.length };
  }
}

export const form = new Form();
