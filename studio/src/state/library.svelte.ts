// The server's offers: styles, presets, sample photographs, encoders and graphics cards.

import { call, get } from "../api/client";
import type { Device, LibraryStyle, Picture, Preset, QueueState, Status } from "../api/types";
import { uuid } from "../lib/uuid";

class Library {
  styles = $state<LibraryStyle[]>([]);
  presets = $state<Preset[]>([]);
  samples = $state<Picture[]>([]);
  /** The graphics cards of the server's machine. */
  cards = $state<Device[]>([]);
  status = $state<Status | null>(null);
  queue = $state<QueueState>({ paused: false, waiting: 0, running: 0 });

  async load() {
    const [styles, presets, samples] = await Promise.all([
      get<{ styles: LibraryStyle[] }>("/styles"),
      get<{ presets: Preset[] }>("/presets"),
      get<{ contents: Picture[] }>("/samples"),
    ]);
    this.styles = styles.styles;
    this.presets = presets.presets;
    this.samples = samples.contents;
  }

  async loadDevices() {
    this.cards = (await get<Device[]>("/devices")).filter((d) => d.api !== null);
  }

  async loadStatus(): Promise<Status> {
    const status = await get<Status>("/status");
    this.queue = status.queue;
    return (this.status = status);
  }

  async loadQueue() {
    this.queue = await get<QueueState>("/queue");
  }

  async pauseQueue(paused: boolean) {
    this.queue = await call<QueueState>("POST", paused ? "/queue/pause" : "/queue/resume");
  }

  async saveStyle(style: { name: string; tags: string[]; picture: string; settings?: unknown }, id = uuid()) {
    await call("PUT", `/styles/${id}`, style);
    await this.load();
  }

  async savePreset(name: string, settings: unknown) {
    await call("PUT", `/presets/${uuid()}`, { name, settings });
    await this.load();
  }

  async remove(what: "styles" | "presets", id: string) {
    await call("DELETE", `/${what}/${id}`);
    await this.load();
  }
}

export const library = new Library();
