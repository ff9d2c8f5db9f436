// Requests to the server. An answer that is an error becomes a `Problem`, with the option at fault and a hint.

import { sentence } from "../lib/words";
import type { ProblemBody } from "./types";

export const BASE = "/api/v1";

export class Problem extends Error {
  readonly status: number;
  readonly option: string | null;
  readonly hint: string | null;

  constructor(body: ProblemBody, status: number) {
    super(sentence(body.detail || body.title || `The server answered with status ${status}`));
    this.status = body.status ?? status;
    this.option = body.option ?? null;
    this.hint = body.hint ? sentence(body.hint) : null;
  }
}

type Listener = () => void;
const signedOut = new Set<Listener>();

/** Calls `listener` whenever the server does not know this browser's session. */
export function onSignedOut(listener: Listener) {
  signedOut.add(listener);
}

/** Sends a request; the answer has a status of success, or this throws. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(BASE + path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Problem({ detail: "The server does not answer.", hint: "Is impasto serve still running?" }, 0);
  }
  if (answer.ok) return answer;
  if (answer.status === 401) for (const listener of signedOut) listener();
  const json = /json/.test(answer.headers.get("content-type") ?? "");
  const body: ProblemBody = json ? await answer.json().catch(() => ({})) : {};
  throw new Problem(body, answer.status);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, { signal })).json();
}

/** Sends JSON by `method`. The answer is JSON too, or nothing. */
export async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, signal };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "content-type": "application/json" };
  }
  const answer = await send(path, init);
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** The failure in words for people. */
export function explain(error: unknown): string {
  if (error instanceof Problem) return error.hint ? `${error.message} ${error.hint}` : error.message;
  return error instanceof Error ? error.message : String(error);
}
