// The jobs that the page knows, kept up to date by the server's events.

import { call, get, Problem } from "../api/client";
import type { ServerEvent } from "../api/events";
import type { Job, Settings } from "../api/types";
import { uuid } from "../lib/uuid";
import { title } from "../lib/titles";
import { app } from "./app.svelte";

const RECENT = 40;
const ACTIVE = ["running", "paused", "queued"];
const SPOKEN_PARTS = [0.25, 0.5, 0.75];

export const isActive = (job: Job) => ACTIVE.includes(job.state);

class Jobs {
  byId = $state<Record<string, Job>>({});
  /** Addresses of the newest previews. */
  previews = $state<Record<string, string>>({});
  /** Rises when any list of jobs may have changed. */
  version = $state(0);
  /** Called when a job of this browser is done. */
  onDone: (job: Job) => void = () => {};
  #wanted = new Set<string>();
  #fetching = false;

  /** Jobs that wait or run, in the order in which they run. */
  active = $derived(
    Object.values(this.byId)
      .filter((j) => isActive(j) && !j.parent && !j.binned)
      .sort((a, b) => ACTIVE.indexOf(a.state) - ACTIVE.indexOf(b.state) || (a.position ?? 0) - (b.position ?? 0)),
  );

  running = $derived(this.active.find((j) => j.state === "running") ?? null);

  /** Jobs with something to look at, newest first. */
  recent = $derived(
    Object.values(this.byId)
      .filter((j) => !j.parent && !j.binned && (j.state === "done" || j.state === "running"))
      .sort((a, b) => b.created.localeCompare(a.created))
      .slice(0, RECENT),
  );

  async load() {
    const [recent, active] = await Promise.all([
      get<{ jobs: Job[] }>(`/jobs?limit=${RECENT}`),
      get<{ jobs: Job[] }>("/jobs?state=queued,running,paused&order=queue&limit=100"),
    ]);
    const settings = (id: string) => this.byId[id]?.settings;
    this.byId = Object.fromEntries(
      [...recent.jobs, ...active.jobs].map((j) => [j.id, { settings: settings(j.id), ...j }]),
    );
    this.version += 1;
    if (app.job) await this.need(app.job);
  }

  /** Makes sure that a job is known with its settings. */
  async need(id: string): Promise<Job | null> {
    const known = this.byId[id];
    if (known?.settings) return known;
    return this.refresh(id);
  }

  async refresh(id: string): Promise<Job | null> {
    try {
      const job = await get<Job>(`/jobs/${id}`);
      this.#take(job);
      return job;
    } catch (error) {
      if (error instanceof Problem && error.status === 404) {
        delete this.byId[id];
        if (app.job === id) app.job = null;
      }
      return null;
    }
  }

  async run(settings: Settings): Promise<Job> {
    const job = await call<Job>("PUT", `/jobs/${uuid()}`, settings);
    this.#take(job);
    return job;
  }

  /** `stop`, `finish-soon`, `cancel`, `pause`, `resume` or `retry`. */
  async act(id: string, what: string): Promise<Job> {
    const { job } = await call<{ job: Job; changed: boolean }>("POST", `/jobs/${id}/${what}`);
    this.#take(job);
    return job;
  }

  async edit(id: string, fields: Record<string, unknown>) {
    this.#take(await call<Job>("PATCH", `/jobs/${id}`, fields));
    if ("position" in fields) await this.load();
  }

  async bin(job: Job) {
    await call("DELETE", `/jobs/${job.id}`);
    delete this.byId[job.id];
    if (app.job === job.id) app.job = null;
    this.version += 1;
    app.toast(`${title(job)} is in the bin.`, false, () => void this.restore(job.id));
  }

  async restore(id: string) {
    this.#take(await call<Job>("POST", `/jobs/${id}/restore`));
    this.version += 1;
  }

  on({ type, data }: ServerEvent) {
    if (type === "job.progress") return this.#progress(data);
    if (type === "preview") return void (this.previews[data.id] = `${data.url}?v=${data.scale}.${data.iteration}`);
    if (type === "job.deleted") {
      delete this.byId[data.id];
      this.version += 1;
    } else if (type.startsWith("job.")) {
      this.version += 1;
      const known = this.byId[data.id];
      if (!data.parent && (known?.state_seq ?? -1) < data.state_seq) this.#wanted.add(data.id);
      if (data.parent) this.#wanted.add(data.parent);
      void this.#fetch();
    }
  }

  #progress({ id, state_seq, progress }: { id: string; state_seq: number; progress: Job["progress"] }) {
    const job = this.byId[id];
    if (!job || job.state_seq > state_seq || job.state !== "running") return;
    const [was, is] = [job.progress?.fraction ?? 0, progress?.fraction ?? 0];
    job.progress = progress;
    for (const part of SPOKEN_PARTS) if (was < part && is >= part) app.say(`${title(job)}: ${part * 100} percent`);
  }

  async #fetch() {
    if (this.#fetching) return;
    this.#fetching = true;
    while (this.#wanted.size > 0) {
      const [id] = this.#wanted;
      this.#wanted.delete(id);
      await this.refresh(id);
    }
    this.#fetching = false;
  }

  #take(job: Job) {
    const known = this.byId[job.id];
    if (known && known.state_seq > job.state_seq) return;
    this.byId[job.id] = { ...job, settings: job.settings ?? known?.settings };
    if (!known || known.state === job.state || job.parent) return;
    if (job.state === "running") app.say(`${title(job)} has begun.`);
    if (job.state === "failed") app.say(`${title(job)} failed: ${job.error?.detail ?? ""}`);
    if (job.state === "done") {
      app.say(`${title(job)} is done.`);
      this.onDone(job);
    }
  }
}

export const jobs = new Jobs();
