// Files that are picked, dropped or pasted.

const FILMS = /\.(mp4|m4v|mov|mkv|webm|avi|mpe?g|ts|m2ts|mts|wmv|flv|ogv|3gp|mxf|y4m)$/i;

/** The types and endings that file inputs accept. */
export const ACCEPT = "image/*,.exr,.qoi,.tga,.jxl,.tif,.tiff,.ppm,.pgm,.pnm,.heic,.heif";
export const ACCEPT_FILMS = "video/*,.mkv,.mov,.avi,.ts,.mts,.m2ts,.mxf,.y4m";

/** Tells whether a file is a film, by its type or its name. A GIF is a picture, unless a film is asked for. */
export const isFilm = (file: Blob, name: string, wanted = false) =>
  file.type.startsWith("video/") ||
  FILMS.test(name) ||
  (wanted && (file.type === "image/gif" || file.type === "image/apng"));

/**
 * The files of a drop or a paste that may be pictures or films. Browsers know no media type of formats such as OpenEXR.
 */
export function pictureFiles(data: DataTransfer | null): File[] {
  return Array.from(data?.files ?? []).filter(
    (f) => f.type === "" || /^(image|video)\/|octet/.test(f.type) || isFilm(f, f.name),
  );
}
