// Pictures and films: their addresses, and their upload under the hash of their bytes.

import { digest, digestOfFile } from "../lib/sha256";
import { BASE, Problem, send } from "./client";
import type { Picture, Slot } from "./types";

/** The address of a picture or a result, at most `fit` pixels long. */
export function pictureUrl(slot: Slot, fit = 512): string {
  if (typeof slot === "string") return `${BASE}/pictures/${slot}?fit=${fit}`;
  return `${BASE}/jobs/${slot.job}/result?fit=${fit}`;
}

const FILMS = /\.(mp4|m4v|mov|mkv|webm|avi|mpe?g|ts|m2ts|mts|wmv|flv|ogv|3gp|mxf|y4m)$/i;

/** Whether a file is a film, by its type or its name. A GIF is a picture, unless a film is asked for. */
export const isFilm = (file: Blob, name: string, wanted = false) =>
  file.type.startsWith("video/") || FILMS.test(name) || (wanted && (file.type === "image/gif" || file.type === "image/apng"));

/** Uploads a file. The server's answer says what it understood. */
export async function upload(file: Blob, name: string, film = false): Promise<Picture> {
  if (file.size === 0) throw new Problem({ detail: `${name} is empty.` }, 0);
  const path = (id: string) => `/pictures/${id}?name=${encodeURIComponent(name)}`;
  if (film) {
    // A film may be larger than the memory of a page, so the browser reads it piece by piece.
    const type = file.type.startsWith("video/") ? file.type : "video/x-unknown";
    const id = await digestOfFile(file);
    return (await send(path(id), { method: "PUT", body: file, headers: { "content-type": type } })).json();
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  const id = await digest(bytes);
  const type = file.type.startsWith("image/") ? file.type : "application/octet-stream";
  const answer = await send(path(id), { method: "PUT", body: bytes, headers: { "content-type": type } });
  return answer.json();
}

/** The files of a drop or a paste that may be pictures or films. The server decides; formats such as EXR have no media type here. */
export function pictureFiles(data: DataTransfer | null): File[] {
  return Array.from(data?.files ?? []).filter((f) => f.type === "" || /^(image|video)\/|octet/.test(f.type) || isFilm(f, f.name));
}

/** The files that inputs accept. */
export const ACCEPT = "image/*,.exr,.qoi,.tga,.jxl,.tif,.tiff,.ppm,.pgm,.pnm";
export const ACCEPT_FILMS = "video/*,.mkv,.mov,.avi,.ts,.mts,.m2ts,.mxf,.y4m";
