// The page's own state: the view, the theme, the session, the connection, and messages to the user.

import { onSignedOut } from "../api/client";

export type View = "paint" | "queue" | "history" | "library";
export type Theme = "auto" | "light" | "dark";
export const VIEWS: [View, string][] = [
  ["paint", "Paint"],
  ["queue", "Queue"],
  ["history", "History"],
  ["library", "Library"],
];

interface Toast {
  id: number;
  text: string;
  bad: boolean;
  undo?: () => void;
}

const TOAST_MS = 7000;

const stored = (name: string) => localStorage.getItem(`impasto.${name}`);
const store = (name: string, value: string) => localStorage.setItem(`impasto.${name}`, value);

class App {
  view = $state<View>("paint");
  /** The job on the stage. Without one the stage shows the draft. */
  job = $state<string | null>(null);
  signedOut = $state(false);
  connected = $state(true);
  theme = $state<Theme>((stored("theme") as Theme) ?? "auto");
  /** Shortcuts of a single key are on. */
  shortcuts = $state(stored("shortcuts") !== "off");
  notify = $state(stored("notify") === "on");
  /** The text of the live region. */
  spoken = $state("");
  toasts = $state<Toast[]>([]);
  /** The dialog that is open. */
  dialog = $state<null | "keys">(null);
  #next = 0;

  constructor() {
    onSignedOut(() => (this.signedOut = true));
    if (!location.hash.startsWith("#/")) this.#read(stored("view") ?? "");
    else this.#read(location.hash);
    addEventListener("hashchange", () => this.#read(location.hash));
  }

  #read(hash: string) {
    const [, view, id] = hash.split("/");
    if (view === "job" && id) [this.view, this.job] = ["paint", id];
    else if (VIEWS.some(([v]) => v === view)) {
      this.view = view as View;
      if (view === "paint") this.job = null;
    }
  }

  /** The address of the present view. */
  get hash(): string {
    return this.view === "paint" && this.job ? `#/job/${this.job}` : `#/${this.view}`;
  }

  go(view: View) {
    this.view = view;
  }

  show(job: string | null) {
    this.view = "paint";
    this.job = job;
  }

  remember() {
    store("view", this.hash);
    store("theme", this.theme);
    store("shortcuts", this.shortcuts ? "on" : "off");
    store("notify", this.notify ? "on" : "off");
  }

  say(text: string) {
    this.spoken = text;
  }

  toast(text: string, bad = false, undo?: () => void) {
    const id = this.#next++;
    this.toasts = this.toasts.filter((t) => t.text !== text);
    this.toasts.push({ id, text, bad, undo });
    this.say(text);
    setTimeout(() => this.dismiss(id), TOAST_MS);
  }

  dismiss(id: number) {
    this.toasts = this.toasts.filter((t) => t.id !== id);
  }
}

export const app = new App();
