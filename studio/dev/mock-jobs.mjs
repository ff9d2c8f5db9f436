// The jobs of the mock: a queue that "paints" one job at a time, its events, drafts and plans. Results are canned
// pictures of the repository; the one that is shown depends on the style and on the colour option.

import { file } from "./mock.mjs";

const LADDER = [128, 181, 256, 362, 512, 768];

export function makeJobs({ pictures, speed }) {
  const jobs = new Map();
  const listeners = new Set();
  const log = [];
  const drafts = [];
  let queue = { paused: false };
  let clock = Date.UTC(2026, 10, 29, 9, 0, 0);

  const emit = (type, data) => {
    const transient = type === "job.progress" || type === "preview";
    if (!transient) log.push({ id: log.length + 1, type, data });
    for (const res of listeners) write(res, { id: transient ? null : log.length, type, data });
  };
  const write = (res, { id, type, data }) => res.write(`${id ? `id: ${id}\n` : ""}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  const brief = (job) => ({ id: job.id, kind: job.kind, state: job.state, state_seq: job.state_seq, parent: job.parent });
  const change = (job, fields, type = "job.changed") => {
    Object.assign(job, fields);
    job.state_seq += 1;
    emit(type, brief(job));
  };
  const waiting = () => [...jobs.values()].filter((j) => j.state === "queued").sort((a, b) => a.position - b.position);
  const running = () => [...jobs.values()].filter((j) => j.state === "running");
  const state = () => ({ paused: queue.paused, waiting: waiting().length, running: running().length });

  /** The canned picture for some settings. */
  function paint(settings) {
    const style = settings.styles?.[0]?.picture ?? settings.styles?.[0];
    const name = pictures.get(style)?.picture.name ?? "";
    if (settings.kind === "sheet") return file("docs/images/harbour-sheet.jpg");
    if (settings.kind === "texture") return file("samples/swirls.jpg");
    if (name.startsWith("mosaic")) return file("docs/images/harbour-mosaic.jpg");
    const colour = settings.colour ?? "style";
    return file(`docs/images/harbour-swirls${colour === "style" ? "" : `-${colour}`}.jpg`);
  }

  function wrong(settings) {
    if (settings.size > 4000) return { option: "size", detail: "The run does not fit into memory.", hint: "The largest size that fits is 4000." };
    if (settings.kind !== "texture" && settings.kind !== "compare" && settings.kind !== "batch" && !settings.content) return { option: "content", detail: "There is no content." };
    return null;
  }

  function create(id, settings, parent = null) {
    const ids = [settings.content].flat().filter((x) => typeof x === "string");
    const styles = (settings.styles ?? []).map((s) => s.picture ?? s).map((s) => pictures.get(s)?.picture).filter(Boolean);
    const job = {
      id, kind: settings.kind, state: "queued", state_seq: 1, title: settings.title ?? null, starred: false,
      position: jobs.size, created: new Date((clock += 60000)).toISOString(), started: null, finished: null, settings,
      inputs: { content: pictures.get(ids[0])?.picture ?? null, styles, masks: [] }, progress: null, result: null,
      stopped_early: false, attempts: 0, error: null, parent, children: null, retry_of: null, notes: [], binned: null,
    };
    jobs.set(id, job);
    if (settings.kind === "batch") {
      job.children = { total: settings.contents.length * settings.styles.length, done: 0, failed: 0, running: 0 };
      for (const content of settings.contents)
        for (const style of settings.styles) create(crypto.randomUUID(), { ...settings, kind: "stylize", content, styles: [style] }, id);
    }
    emit("job.created", brief(job));
    return job;
  }

  function finish(job, fields) {
    change(job, { finished: new Date(clock).toISOString(), progress: null, ...fields }, "job.state");
    const parent = jobs.get(job.parent);
    if (!parent) return;
    parent.children[job.state === "done" ? "done" : "failed"] += 1;
    const { total, done, failed } = parent.children;
    change(parent, { state: done + failed === total ? "done" : "running" }, "job.state");
  }

  const complete = (job, stopped_early = false) =>
    finish(job, { state: "done", stopped_early, result: { width: 640, height: 480, format: "png", bytes: 700000, seconds: 6, iterations: 90, timelapse: !!job.settings.timelapse } });

  function tick() {
    const job = running().find((j) => j.kind !== "batch");
    if (!job) {
      const next = waiting().find((j) => j.kind !== "batch");
      if (next && !queue.paused) change(next, { state: "running", started: new Date(clock).toISOString(), attempts: 1, step: 0 }, "job.state");
      return;
    }
    job.step += job.settings.size > 256 ? speed / 8 : speed;
    if (job.settings.seed === 13) return finish(job, { state: "failed", error: { title: "Diverged", detail: "The loss is not a finite number.", hint: "Try a lower learning rate.", option: "learning_rate" } });
    if (job.step >= 60) return complete(job);
    const scale = Math.min(6, 1 + Math.floor(job.step / 10));
    const [width, height] = [LADDER[scale - 1], Math.round(LADDER[scale - 1] * 0.75)];
    job.progress = {
      stage: job.step < 3 ? "preparing" : "painting", scale, scales: 6, iteration: Math.floor(job.step % 10) * 2, iterations: 20, fraction: job.step / 60,
      elapsed: job.step / 10, seconds_left: (60 - job.step) / 10, width, height, preview: `${scale}.${Math.floor(job.step % 10)}`, item: null, items: null,
    };
    emit("job.progress", { id: job.id, state_seq: job.state_seq, progress: job.progress });
    if (Math.floor(job.step) % 5 === 0) emit("preview", { id: job.id, url: `/api/v1/jobs/${job.id}/preview`, iteration: job.progress.iteration, scale });
  }
  const timer = setInterval(tick, 100);

  const row = ({ settings, notes, step, ...rest }) => rest;
  function list(url) {
    const q = (name) => url.searchParams.get(name);
    const states = q("state")?.split(",");
    let found = [...jobs.values()].filter((j) => (q("parent") ? j.parent === q("parent") : !j.parent) && !!j.binned === (q("bin") === "true"));
    if (states) found = found.filter((j) => states.includes(j.state));
    if (q("kind")) found = found.filter((j) => j.kind === q("kind"));
    if (q("starred")) found = found.filter((j) => j.starred);
    if (q("q")) found = found.filter((j) => JSON.stringify(row(j)).toLowerCase().includes(q("q").toLowerCase()));
    found.sort(q("order") === "queue" ? (a, b) => a.position - b.position : (a, b) => b.created.localeCompare(a.created));
    if (q("before")) found = found.filter((j) => j.created < q("before"));
    const page = found.slice(0, Number(q("limit") ?? 60));
    return { jobs: page.map(row), next: found.length > page.length ? page.at(-1).created : null };
  }

  function act(job, what, reply) {
    const active = ["queued", "running", "paused"].includes(job.state);
    if (what === "retry") {
      const next = create(crypto.randomUUID(), job.settings);
      next.retry_of = job.id;
      return reply(201, { job: next, changed: true });
    }
    if (active && what === "cancel") finish(job, { state: "cancelled" });
    else if (job.state === "running" && (what === "stop" || what === "finish-soon")) complete(job, what === "stop");
    else if (active && what === "pause") change(job, { state: "paused" }, "job.state");
    else if (job.state === "paused" && what === "resume") change(job, { state: "queued" }, "job.state");
    else return reply(200, { job, changed: false });
    reply(200, { job, changed: true });
  }

  function patch(job, fields) {
    const { position, ...rest } = fields;
    if (position) {
      const order = waiting().filter((j) => j !== job);
      const at = position === "first" ? 0 : position === "last" ? order.length : order.findIndex((j) => j.id === position.before);
      order.splice(at, 0, job);
      order.forEach((j, i) => (j.position = i));
    }
    change(job, rest);
  }

  function answer({ req, res, url, parts, body, json, problem, image }) {
    const [area, id, what] = parts;
    if (area === "events") {
      res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      res.write("retry: 2000\n\n");
      const after = Number(req.headers["last-event-id"] ?? url.searchParams.get("after") ?? log.length);
      for (const event of log.slice(after)) write(res, event);
      listeners.add(res);
      return void res.on("close", () => listeners.delete(res));
    }
    if (area === "queue") {
      if (id) {
        queue.paused = id === "pause";
        emit("queue.changed", state());
      }
      return json(res, 200, state());
    }
    if (area === "plans" || area === "drafts") {
      const settings = body();
      const fault = wrong(settings);
      if (fault) return problem(res, 422, fault);
      if (area === "drafts") {
        drafts.push(settings);
        return setTimeout(() => image(res, paint({ ...settings, kind: settings.kind === "sheet" ? "stylize" : settings.kind })), 350);
      }
      const size = settings.size ?? 768;
      const seconds = 6 * ((Number(size) || 512) / 512) ** 2 * (settings.effort === "fine" ? 3 : 1);
      return json(res, 200, { width: size, height: Math.round(size * 0.75), scales: [], seconds, peak_bytes: 9e8, peak_bytes_in_half: null, threads: 2, notes: [], warnings: [] });
    }
    if (area !== "jobs") return problem(res, 404, { detail: "There is no such thing." });
    if (!id) return json(res, 200, list(url));
    const job = jobs.get(id);
    if (req.method === "PUT") {
      const settings = body();
      const fault = wrong(settings);
      if (fault) return problem(res, 422, fault);
      return json(res, job ? 200 : 201, job ?? create(id, settings));
    }
    if (!job) return problem(res, 404, { detail: "There is no such job." });
    if (what === "restore") return change(job, { binned: null }), json(res, 200, job);
    if (req.method === "POST") return act(job, what, (status, reply) => json(res, status, reply));
    if (req.method === "PATCH") return patch(job, body()), json(res, 200, job);
    if (req.method === "DELETE") {
      if (url.searchParams.get("forever")) jobs.delete(id);
      else change(job, { binned: new Date(clock).toISOString() }, "job.deleted");
      return res.writeHead(204).end();
    }
    if (!what) return json(res, 200, job);
    if (what === "scores") {
      const measures = { ssim: { aspect: "content", better: "higher", about: "Structural similarity" }, colour: { aspect: "colour", better: "lower", about: "Distance of the colours" } };
      return json(res, 200, { pictures: (job.settings.pictures ?? [0]).map((_, i) => ({ scores: { ssim: 0.5 + i / 9, colour: 2 + i, layers: {} } })), measures });
    }
    if (what === "cells") return json(res, 200, { width: 640, height: 480, columns: ["0.3", "1"], rows: [""], cells: [0, 1].map((i) => ({ left: i * 320, top: 0, width: 320, height: 480, label: `strength ${i ? 1 : 0.3}`, settings: { strength: i ? 1 : 0.3 } })) });
    if (what === "losses") return json(res, 200, { steps: Array.from({ length: 60 }, (_, i) => ({ iteration: i, scale: Math.floor(i / 10), total: 10 / (i + 1) + 1, content: 1, style: 10 / (i + 1), tv: 0 })) });
    if (["preview", "result", "report", "timelapse", "zip"].includes(what)) return image(res, paint(job.settings));
    return problem(res, 404, { detail: "There is no such thing." });
  }

  const status = () => ({
    version: "0.0.0", models: [{ name: "lite", available: true, note: null }, { name: "vgg19", available: false, note: "not fetched" }], default_model: "lite",
    limits: { file_bytes: 4e8, megapixels: 100, waiting_jobs: 64 }, queue: state(), disk: { used: 1.2e8, quota: 2e10, free: 1e11 }, last_event: log.length,
  });
  return { answer, emit, status, create, complete, jobs, drafts, stop: () => clearInterval(timer) };
}
