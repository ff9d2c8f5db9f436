// Where the module waits for the graphics card: a call of it is suspended until the card's answer wakes it. The module
// imports these functions as they are (crates/impasto-web/src/work.rs). Browsers without JSPI (JavaScript Promise
// Integration) cannot suspend a call, and no card is used there.

interface Jspi {
  Suspending?: new (wait: () => Promise<void>) => () => void;
  promising?: (call: () => void) => () => Promise<void>;
}
const { Suspending, promising } = WebAssembly as Jspi;

/** Whether a call can be suspended. */
export const suspends = Boolean(Suspending && promising);

let resume = () => {};
const wait = () => new Promise<void>((resolve) => (resume = resolve));

export const impasto_pause = Suspending
  ? new Suspending(wait)
  : () => {
      throw new Error("this browser cannot suspend a call");
    };
export const impasto_wake = () => resume();

/** A call that may be suspended, as a promise of its end. Without JSPI it must not wait for anything. */
export const suspended = (call: () => void): (() => Promise<void>) =>
  suspends ? promising!(call) : async () => call();
