// Which frame of a film is on the stage: the newest one, or the one that the user looks at.

import { BASE } from "../api/client";
import type { Job } from "../api/types";

/** The formats that browsers play. */
const PLAYABLE = ["mp4", "webm"];

class Films {
  /** The film itself is shown, and not single frames. */
  playing = $state(false);
  /** The job whose frame the user chose, and the frame, counted from 0. */
  #chosen = $state<{ job: string; frame: number } | null>(null);

  /** Frames that can be looked at: those up to the last painted one. */
  painted(job: Job): number {
    if (job.kind !== "video") return 0;
    return job.state === "done" ? (job.result?.frames ?? 0) : (job.progress?.frame ?? job.painted ?? 0);
  }

  /** The newest frame is shown as it is painted. */
  get follows(): boolean {
    return this.#chosen === null;
  }

  /** The frame to show, counted from 0. */
  frame(job: Job): number {
    const last = Math.max(0, this.painted(job) - 1);
    if (this.#chosen?.job !== job.id) return job.state === "done" ? 0 : last;
    return Math.min(this.#chosen.frame, last);
  }

  look(job: Job, frame: number) {
    // At the end of what is painted, the page follows again.
    const isNewest = job.state !== "done" && frame >= this.painted(job) - 1;
    this.#chosen = isNewest ? null : { job: job.id, frame };
  }

  follow() {
    this.#chosen = null;
  }

  playable(job: Job): boolean {
    return job.state === "done" && PLAYABLE.includes(job.result?.format ?? "");
  }

  url(job: Job): string {
    return `${BASE}/jobs/${job.id}/frames/${this.frame(job)}`;
  }
}

export const films = new Films();

/** The address of a finished film, to be played. */
export const filmUrl = (job: Job) => `${BASE}/jobs/${job.id}/result?show=true`;
