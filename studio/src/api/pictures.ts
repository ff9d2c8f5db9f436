// Pictures: their addresses, and their upload under the hash of their bytes.

import { digest } from "../lib/sha256";
import { BASE, Problem, send } from "./client";
import type { Picture, Slot } from "./types";

/** The address of a picture or a result, at most `fit` pixels long. */
export function pictureUrl(slot: Slot, fit = 512): string {
  if (typeof slot === "string") return `${BASE}/pictures/${slot}?fit=${fit}`;
  return `${BASE}/jobs/${slot.job}/result?fit=${fit}`;
}

/** Uploads a file. The server's answer says what it understood. */
export async function upload(file: Blob, name: string): Promise<Picture> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes.length === 0) throw new Problem({ detail: `${name} is empty.` }, 0);
  const id = await digest(bytes);
  const type = file.type.startsWith("image/") ? file.type : "application/octet-stream";
  const path = `/pictures/${id}?name=${encodeURIComponent(name)}`;
  const answer = await send(path, { method: "PUT", body: bytes, headers: { "content-type": type } });
  return answer.json();
}

/** The files of a drop or a paste that may be pictures. The server decides; formats such as EXR have no media type here. */
export function pictureFiles(data: DataTransfer | null): File[] {
  return Array.from(data?.files ?? []).filter((f) => f.type === "" || f.type.startsWith("image/") || f.type.includes("octet"));
}

/** What file inputs accept. */
export const ACCEPT = "image/*,.exr,.qoi,.tga,.jxl,.tif,.tiff,.ppm,.pgm,.pnm";
