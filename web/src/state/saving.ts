// Files for the reader, and pictures for the screen.

/** Saves a file under a name. */
export function download(file: Blob, name: string) {
  const url = URL.createObjectURL(file);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Waits until a picture can be shown at once. */
export async function decoded(url: string) {
  const image = new Image();
  image.src = url;
  await image.decode().catch(() => {});
}
