// Requests that follow a moving control: one at a time, and only the newest counts. While the control moves, a request
// that runs may finish, so that something is seen on the way. When it rests, a request for an older value is aborted.

/** Time without a change after which the control is taken to rest, in milliseconds. */
export const REST = 120;

export class Latest<T> {
  #task: (value: T, signal: AbortSignal) => Promise<void>;
  #running: { value: T; abort: AbortController } | null = null;
  #next: { value: T } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(task: (value: T, signal: AbortSignal) => Promise<void>) {
    this.#task = task;
  }

  /** Runs the task for `value` now, or as soon as the present one ends. */
  request(value: T) {
    this.#next = { value };
    if (!this.#running) return void this.#start();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#running?.abort.abort(), REST);
  }

  /** Ends the present task and forgets the next. */
  cancel() {
    clearTimeout(this.#timer);
    this.#next = null;
    this.#running?.abort.abort();
  }

  async #start() {
    while (this.#next) {
      const abort = new AbortController();
      this.#running = { value: this.#next.value, abort };
      this.#next = null;
      await this.#task(this.#running.value, abort.signal).catch(() => {});
      clearTimeout(this.#timer);
      this.#running = null;
    }
  }
}
