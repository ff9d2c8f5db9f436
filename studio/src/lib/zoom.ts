// The mathematics of the stage: one transform from pixels of the picture to pixels of the screen.

export interface Size {
  width: number;
  height: number;
}

/** `scale` screen pixels for each pixel of the picture, whose top left corner is at `x`, `y`. */
export interface Transform {
  scale: number;
  x: number;
  y: number;
}

/** The fixed steps of zoom, in screen pixels for each pixel of the picture. */
export const STEPS = [0.0625, 0.125, 0.25, 0.5, 1, 2, 4, 8];

/** The largest scale at which the whole picture is seen, in the middle. */
export function fit(picture: Size, pane: Size): Transform {
  const scale = Math.min(pane.width / picture.width, pane.height / picture.height) || 1;
  return centred(picture, pane, scale);
}

export function centred(picture: Size, pane: Size, scale: number): Transform {
  return { scale, x: (pane.width - picture.width * scale) / 2, y: (pane.height - picture.height * scale) / 2 };
}

/** The transform of another scale that leaves the screen's point `px`, `py` where it is. */
export function zoomAt(t: Transform, scale: number, px: number, py: number): Transform {
  const ratio = scale / t.scale;
  return { scale, x: px - (px - t.x) * ratio, y: py - (py - t.y) * ratio };
}

/** The next fixed step above (`direction` 1) or below (-1) a scale. */
export function step(scale: number, direction: 1 | -1): number {
  const near = 1e-3;
  if (direction > 0) return STEPS.find((s) => s > scale * (1 + near)) ?? STEPS[STEPS.length - 1];
  return STEPS.findLast((s) => s < scale * (1 - near)) ?? STEPS[0];
}

/** Keeps the picture in the pane: centred where it is smaller, without a gap where it is larger. */
export function clamp(t: Transform, picture: Size, pane: Size): Transform {
  const axis = (at: number, length: number, room: number) =>
    length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, at));
  return {
    scale: t.scale,
    x: axis(t.x, picture.width * t.scale, pane.width),
    y: axis(t.y, picture.height * t.scale, pane.height),
  };
}

/** The point of the picture below a point of the screen. */
export function toPicture(t: Transform, px: number, py: number): { x: number; y: number } {
  return { x: (px - t.x) / t.scale, y: (py - t.y) / t.scale };
}

/** The size to ask the server for: the least of a few that has all pixels the screen can show. */
export function derivative(picture: Size, scale: number, density: number): number {
  const wanted = Math.max(picture.width, picture.height) * Math.min(scale, 1) * density;
  return [512, 1024, 2048].find((s) => s >= wanted) ?? 4096;
}
