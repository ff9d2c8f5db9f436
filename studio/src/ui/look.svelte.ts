// The visitor's taste: the colours of the page, and whether single keys do something. Both stay in the browser.

import { keep, kept } from "../lib/kept";

export type Theme = "auto" | "light" | "dark";

class Look {
  #theme = $state<Theme>("auto");
  #shortcuts = $state(kept("shortcuts") !== "off");

  constructor() {
    const theme = kept("theme");
    this.theme = theme === "light" || theme === "dark" ? theme : "auto";
  }

  get theme() {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    document.documentElement.dataset.theme = theme;
    keep("theme", theme);
  }

  /** Shortcuts of a single key are on. */
  get shortcuts() {
    return this.#shortcuts;
  }
  set shortcuts(on: boolean) {
    this.#shortcuts = on;
    keep("shortcuts", on ? "on" : "off");
  }
}

export const look = new Look();
