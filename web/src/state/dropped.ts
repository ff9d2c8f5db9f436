// The file that is meant by a drop or a paste of several things.

import { pictureFiles } from "../../../studio/src/lib/files";

/** The first file that may be a picture. */
export const picture = (data: DataTransfer | null): File | null => {
  const files = pictureFiles(data);
  return files.find(({ type }) => type.startsWith("image/")) ?? files[0] ?? null;
};

/** The dropped file. One of any type is taken: the page then says that it is no picture. */
export const dropped = (data: DataTransfer | null): File | null => picture(data) ?? data?.files[0] ?? null;
