// The results of this visit, the newest first, and the one on the stage.

import type { Chosen } from "./pictures.svelte";

/** Older ones are forgotten. */
export const MOST = 12;

export interface Result {
  id: number;
  title: string;
  /** The address of the file. */
  url: string;
  png: Blob;
  /** The name of the file. */
  file: string;
  width: number;
  height: number;
  content: Chosen;
  stopped: boolean;
  seconds: number;
  /** Whether the graphics card painted it. */
  card: boolean;
  saved: boolean;
}

export class Results {
  all = $state<Result[]>([]);
  /** The result on the stage; null for the draft. */
  chosen = $state<number | null>(null);
  readonly shown = $derived(this.all.find((result) => result.id === this.chosen) ?? null);
  /** Tells whether a result would be lost with the page. */
  readonly unsaved = $derived(this.all.some((result) => !result.saved));

  add(result: Omit<Result, "url" | "saved">) {
    this.all = [{ ...result, url: URL.createObjectURL(result.png), saved: false }, ...this.all];
    for (const { url } of this.all.splice(MOST)) URL.revokeObjectURL(url);
  }

  forget(id: number) {
    for (const { url } of this.all.filter((result) => result.id === id)) URL.revokeObjectURL(url);
    this.all = this.all.filter((result) => result.id !== id);
    if (this.chosen === id) this.chosen = null;
  }
}
