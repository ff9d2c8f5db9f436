"""`load` and `save`: pictures as arrays, and arrays as files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

from impasto._pictures import Layout, PictureLike, as_picture

if TYPE_CHECKING:
    import numpy as np


def load(
    source: PictureLike,
    size: int | None = None,
    *,
    layout: Layout | None = None,
    order: Literal["rgb", "bgr"] = "rgb",
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Returns a picture as a new float32 array `[height, width, 3]`: sRGB in 0..1, upright.

    `source` is anything that is a picture: a path, bytes, a file object, a PIL image, an array or a tensor. `size` is
    the long edge in pixels; a picture is never enlarged. `layout` and `order` say how an array is laid out.
    """
    picture = as_picture(source, layout=layout, order=order)
    array = (picture if size is None else picture.resized(size)).to_numpy("float32")
    return array  # type: ignore[no-any-return, unused-ignore]


def save(picture: PictureLike, path: str | os.PathLike[str], *, layout: Layout | None = None) -> None:
    """Writes a picture to a file with 8 bits in sRGB, in the format that the extension names.

    The file appears complete or not at all. A result is better saved by `result.save`, with its recipe.
    """
    as_picture(picture, layout=layout).save(os.fspath(path))
