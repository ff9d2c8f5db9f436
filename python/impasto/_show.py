"""Pictures side by side: in a notebook (`show`), and as one array (`grid`)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from impasto._pictures import PictureLike, as_picture

if TYPE_CHECKING:
    import numpy as np

Shown = tuple[str, str, bytes, str]
"""A picture to show: its title, its media type, its bytes, and its description for those who cannot see it."""


def figure(pictures: Iterable[Shown]) -> str:
    """Returns HTML that shows pictures side by side, with their titles."""
    import html

    cells = "".join(
        f'<figure style="display:inline-block;margin:0 8px 8px 0;vertical-align:top">'
        f'<img src="data:{kind};base64,{base64.b64encode(data).decode()}" alt="{html.escape(alt, quote=True)}" '
        f'style="max-width:100%">'
        f"<figcaption>{html.escape(title)}</figcaption></figure>"
        for title, kind, data, alt in pictures
    )
    return f"<div>{cells}</div>"


class Figure:
    """Pictures side by side, which a notebook shows."""

    def __init__(self, pictures: Sequence[Shown]) -> None:
        self._pictures = list(pictures)

    def __repr__(self) -> str:
        titles = ", ".join(title for title, *_ in self._pictures if title)
        return f"<impasto.Figure of {len(self._pictures)} pictures{': ' if titles else ''}{titles}>"

    def _repr_html_(self) -> str:
        return figure(self._pictures)


def show(*pictures: PictureLike, titles: Sequence[str] | None = None, size: int = 320) -> Figure:
    """Shows pictures side by side in a notebook: give it as the last line of a cell, or to `display`.

    `size` is the long edge of each picture in pixels.
    """
    names = list(titles or ())
    if len(names) > len(pictures):
        raise ValueError(f"titles: expected at most {len(pictures)}, found {len(names)}")
    names += [""] * (len(pictures) - len(names))
    shown: list[Shown] = []
    for number, (source, title) in enumerate(zip(pictures, names), 1):
        picture = as_picture(source, f"picture {number}")
        alt = title or f"picture {number}, {picture.size[0]} by {picture.size[1]} pixels"
        shown.append((title, "image/png", picture.resized(size).encoded("png"), alt))
    return Figure(shown)


def grid(
    pictures: Iterable[PictureLike], columns: int | None = None, *, gap: int = 4
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Returns pictures in rows and columns as one new uint8 array, on white. All take the size of the largest place.

    `columns` is about the square root of their number by default; `gap` is in pixels.
    """
    import numpy

    arrays = [as_picture(picture, f"picture {n}").to_numpy("uint8") for n, picture in enumerate(pictures, 1)]
    if not arrays:
        raise ValueError("pictures: expected at least one")
    across = max(1, min(len(arrays), columns or round(len(arrays) ** 0.5)))
    down = -(-len(arrays) // across)
    height, width = (max(array.shape[side] for array in arrays) for side in (0, 1))
    sheet = numpy.full((down * (height + gap) - gap, across * (width + gap) - gap, 3), 255, numpy.uint8)
    for place, array in enumerate(arrays):
        top, left = place // across * (height + gap), place % across * (width + gap)
        sheet[top : top + array.shape[0], left : left + array.shape[1]] = array
    return sheet
