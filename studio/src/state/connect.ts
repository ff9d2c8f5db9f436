// The beginning: sign in, read the state, follow the events. It is read again when a tab comes back into view.

import { onSignedOut, Problem } from "../api/client";
import { Events, type ServerEvent } from "../api/events";
import { signIn } from "../api/session";
import { app } from "./app.svelte";
import { form } from "./form.svelte";
import { jobs } from "./jobs.svelte";
import { library } from "./library.svelte";

const RETRY_MS = 3000;
let events: Events | null = null;

async function read(): Promise<number> {
  const status = await library.loadStatus();
  // Drivers take their time, and the page needs no card.
  void library.loadDevices().catch(() => {});
  await Promise.all([jobs.load(), library.load(), form.verify()]);
  return Number(status.last_event);
}

function onEvent(event: ServerEvent) {
  if (event.type === "resync") void read().catch(() => {});
  else if (event.type === "queue.changed") void library.loadQueue().catch(() => {});
  else if (event.type === "style.changed" || event.type === "preset.changed") void library.load().catch(() => {});
  else jobs.on(event);
}

/** After a break the server may be another one, or have lost what is known here. */
function onConnected(is: boolean) {
  const again = is && !app.connected;
  app.connected = is;
  if (again) void catchUp();
}

/** Reads everything again, if events were missed. */
async function catchUp() {
  if (document.visibilityState !== "visible" || !events) return;
  try {
    const status = await library.loadStatus();
    const last = Number(status.last_event);
    if (last !== events.last) await Promise.all([jobs.load(), library.load()]);
    events.resume(last);
  } catch {
    app.connected = false;
  }
}

export async function connect(): Promise<void> {
  if (!(await signIn())) return void (app.signedOut = true);
  try {
    const last = await read();
    events = new Events({ event: onEvent, connected: onConnected, poll: () => void catchUp() }, last);
    onSignedOut(() => events?.close());
    events.start();
    document.addEventListener("visibilitychange", () => void catchUp());
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return;
    app.connected = false;
    await new Promise((done) => setTimeout(done, RETRY_MS));
    return connect();
  }
}
