// The server's events. One tab of the browser holds the stream and relays it to the others, because a browser allows
// only six connections to a server. Where tabs cannot agree (plain http from another machine), each has its own stream;
// the server may end that one, and the tab polls instead.

import { BASE } from "./client";

export interface ServerEvent {
  type: string;
  id: number | null;
  data: any;
}

export interface Handlers {
  event(event: ServerEvent): void;
  /** The stream is open, or it is broken and will be tried again. */
  connected(is: boolean): void;
  /** There is no stream for this tab: time to look. */
  poll(): void;
}

const TYPES = [
  "job.created",
  "job.state",
  "job.changed",
  "job.deleted",
  "style.changed",
  "preset.changed",
  "queue.changed",
  "job.progress",
  "preview",
  "resync",
];
const POLL_MS = 5000;
const RETRY_MS = 2000;

export class Events {
  #handlers: Handlers;
  #last: number;
  #channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("impasto-events") : null;
  #stream: EventSource | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(handlers: Handlers, last: number) {
    this.#handlers = handlers;
    this.#last = last;
  }

  start() {
    if (!navigator.locks || !this.#channel) return this.#open();
    this.#channel.onmessage = ({ data }) => {
      if ("connected" in data) this.#handlers.connected(data.connected);
      else this.#deliver(data);
    };
    void navigator.locks.request("impasto-events", () => {
      this.#open();
      return new Promise(() => {});
    });
  }

  /** The newest durable event that this tab has seen. */
  get last(): number {
    return this.#last;
  }

  /**
   * Takes up after `last`, whose effects are known already. Opens a stream that has died, as on phones in the pocket.
   */
  resume(last: number) {
    this.#last = last;
    if (this.#stream?.readyState === EventSource.CLOSED) this.#open();
  }

  /** Ends the stream for good. */
  close() {
    this.#stream?.close();
    this.#channel?.close();
    setTimeout(() => clearTimeout(this.#retry));
  }

  #open() {
    clearTimeout(this.#retry);
    this.#stream?.close();
    const stream = new EventSource(`${BASE}/events?after=${this.#last}`);
    this.#stream = stream;
    stream.onopen = () => this.#tell(true);
    stream.onerror = () => {
      this.#tell(false);
      if (stream.readyState !== EventSource.CLOSED) return;
      this.#retry = setTimeout(() => this.#open(), RETRY_MS);
      this.#handlers.poll();
    };
    for (const type of TYPES) {
      stream.addEventListener(type, (e) => {
        const id = type === "job.progress" || type === "preview" || !e.lastEventId ? null : Number(e.lastEventId);
        const event = { type, id, data: e.data ? JSON.parse(e.data) : {} };
        this.#channel?.postMessage(event);
        this.#deliver(event);
      });
    }
    stream.addEventListener("superseded", () => {
      stream.close();
      setInterval(() => this.#handlers.poll(), POLL_MS);
    });
  }

  #deliver(event: ServerEvent) {
    if (event.id !== null) {
      if (event.id <= this.#last) return;
      this.#last = event.id;
    }
    this.#handlers.event(event);
  }

  #tell(connected: boolean) {
    this.#channel?.postMessage({ connected });
    this.#handlers.connected(connected);
  }
}
