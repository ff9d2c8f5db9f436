// Modules: they are fetched and started, and their errors become words.

import type { Problem } from "./messages";

/** An error with its words. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

/** An error after which the module cannot be used. */
export class Lost extends Refused {}

let panic = "";
(globalThis as unknown as { impastoPanicked: (message: string) => void }).impastoPanicked = (message) =>
  (panic = message);

/** Fetches a module and says how far it is. */
export async function fetched(url: string, loading: (part: number) => void): Promise<Response> {
  const answer = await fetch(url);
  if (!answer.ok || !answer.body) throw new Error(`it could not be fetched (status ${answer.status})`);
  // A packed answer says its packed length; then the part is not known.
  const total = answer.headers.get("content-encoding") ? 0 : Number(answer.headers.get("content-length"));
  let bytes = 0;
  const counted = answer.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length;
        if (total > 0) loading(Math.min(1, bytes / total));
        controller.enqueue(chunk);
      },
    }),
  );
  return new Response(counted, { headers: { "content-type": "application/wasm" } });
}

/** Starts a module. Any error is a loss. `what` is its name in sentences. */
export async function started<T>(what: string, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const { message, hint, lost } = understood(error, what);
    throw new Lost({ message: lost ? message : `${what} did not start: ${message}.`, hint });
  }
}

/** The words of an error. A module throws JSON on purpose; a trap is the end of it. */
export function understood(error: unknown, what: string): Problem & { lost: boolean } {
  const lost = (message: string, hint: string | null) => ({ message, hint, lost: true });
  if (error instanceof Refused) return { ...error.problem, lost: error instanceof Lost };
  if (typeof error === "string") return { ...thrown(error), lost: false };
  if (error instanceof WebAssembly.CompileError) {
    const browsers = "Chrome 123, Firefox 121, Safari 17.5 and later ones";
    return lost(
      `This browser cannot run ${what.toLowerCase()}.`,
      `It needs WebAssembly with vectors, which ${browsers} have.`,
    );
  }
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
    if (panic) return lost(`${what} failed.`, `It says: ${panic}.`);
    return lost(`The browser gave ${what.toLowerCase()} no more memory.`, "Take a smaller size.");
  }
  return { message: error instanceof Error ? error.message : String(error), hint: null, lost: false };
}

/** The words of a browser's error, which come with their place in the program. */
export function plain(words: string): string {
  const [line] = words.split("\n");
  const [, before, said] = /^(.*)JsValue\((?:\w*Error: )?(.*?)\)?$/.exec(line) ?? [line, "", line];
  return (before + said).replace(/\.$/, "");
}

function thrown(text: string): Problem {
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return { message: text, hint: null };
  }
}
