"""Pixels of pictures in progress: float32 arrays (height, width, 3) of sRGB values, nominally 0..1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from impasto._errors import PictureError
from impasto._pictures import array_of, as_picture, channels_last

FAR = 20.0
"""How far from 0..1 a picture in progress may be. An optimiser may overshoot; values of 0..255 are a slip."""


def as_pixels(source: Any, what: str) -> npt.NDArray[np.float32]:
    """Returns a C-contiguous float32 array (height, width, 3).

    An array of floats with three channels may leave 0..1, as pictures do while they are optimised. Anything else is
    read as every picture is.
    """
    is_path = isinstance(source, (str, bytes)) or hasattr(source, "__fspath__")
    if not is_path and (hasattr(source, "__array__") or hasattr(source, "__dlpack__")):
        array = array_of(source, what)
        pixels = channels_last(array, what)
        if array.dtype.kind == "f" and pixels.shape[2] == 3:
            return _checked(np.ascontiguousarray(pixels, np.float32), what)
    return as_picture(source, what).to_numpy("float32")


def _checked(array: npt.NDArray[np.float32], what: str) -> npt.NDArray[np.float32]:
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise PictureError(f"{what}: {array[place]} at {place}, expected finite values")
    if float(np.abs(array).max()) > FAR:
        found = f"{float(array.min()):g}..{float(array.max()):g}"
        raise PictureError(f"{what}: expected values of 0..1, found {found}", hint="0..255? divide by 255")
    return array
