"""Pictures in: everything that is a picture in Python, brought to one form.

A picture is a path, the bytes of a file, a file object, a PIL image, or an array: NumPy's, or anything that speaks
`__array__`, `__array_interface__` or `__dlpack__`, such as a tensor of torch. Arrays are `[height, width, channels]` or
`[height, width]`, as uint8 (0..255), uint16 (0..65535), bool, or floats in 0..1. The channels come first only where
they cannot come last, or where `layout="chw"` says so.
"""

from __future__ import annotations

import io
import os
from typing import Any, Literal, TypeAlias, Union

import numpy as np

from impasto import _native
from impasto._errors import PictureError

Picture: TypeAlias = _native.Picture
Layout: TypeAlias = Literal["hwc", "chw"]
PictureLike: TypeAlias = Union[str, "os.PathLike[str]", bytes, Any]
"""A path, the bytes of a file, a file object, a PIL image, an array, or a tensor."""

SLACK = 1e-3
"""How far beyond 0..1 a float may lie. Resizing and codecs overshoot by less."""


def as_picture(
    source: PictureLike,
    what: str = "picture",
    *,
    layout: Layout | None = None,
    order: Literal["rgb", "bgr"] = "rgb",
    limits: str | None = None,
) -> Picture:
    """Returns the picture that an argument is. `what` names the argument in errors and recipes.

    Raises `PictureError` for what cannot be read, and `TypeError` for what is no picture.
    """
    picture = _of_file(source, what, limits)
    if picture is not None:
        return picture
    if _is_pil(source):
        return _of_pil(source, what)
    return of_array(array_of(source, what), what, layout=layout, order=order)


def _of_file(source: Any, what: str, limits: str | None) -> Picture | None:
    """Returns the picture of a file or of its bytes, and of what is a picture already."""
    if isinstance(source, Picture):
        return source
    native = getattr(source, "_picture", None)
    if isinstance(native, Picture):
        return native
    if isinstance(source, (str, os.PathLike)):
        return Picture.read(os.fspath(source), limits)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return Picture.decode(bytes(source), what, limits)
    if hasattr(source, "read") and not _is_pil(source):
        data = source.read()
        if not isinstance(data, bytes):
            raise TypeError(f'{what}: the file was opened as text: open it with mode "rb"')
        name = getattr(source, "name", None)
        return Picture.decode(data, os.path.basename(name) if isinstance(name, str) else what, limits)
    return None


def is_file_like(source: Any) -> bool:
    """Whether an argument names a file, so that the library can read it by itself."""
    return isinstance(source, (str, os.PathLike))


def _is_pil(source: Any) -> bool:
    # PIL is not imported for this: an image of PIL can only exist if somebody has imported it.
    return any(kind.__module__ == "PIL.Image" and kind.__name__ == "Image" for kind in type(source).__mro__)


def _of_pil(image: Any, what: str) -> Picture:
    """Reads an image of PIL as its file would be read: upright, with its profile, its depth and its opacity."""
    from PIL import ImageOps

    image = ImageOps.exif_transpose(image)
    profile, exif = image.info.get("icc_profile"), image.info.get("exif")
    mode = image.mode
    if mode in ("CMYK", "LAB"):
        # Inks and L*a*b* are brought to RGB by the profile, as in a file.
        file = io.BytesIO()
        image.save(file, "TIFF", **({"icc_profile": profile} if profile else {}))
        return Picture.decode(file.getvalue(), what)
    if mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        array = np.asarray(image).astype(np.uint16)
    elif mode == "I":
        array = np.asarray(image)
        if array.size and (array.min() < 0 or array.max() > 65535):
            raise PictureError(f"{what}: an image of mode I has values beyond 0..65535", hint="scale it to 16 bits")
        array = array.astype(np.uint16)
    elif mode == "F":
        array = np.asarray(image)
    elif mode in ("L", "LA", "RGB", "RGBA") and "transparency" not in image.info:
        array = np.asarray(image)
    else:
        transparent = "transparency" in image.info or mode in ("PA", "La", "RGBa")
        array = np.asarray(image.convert("RGBA" if transparent else "L" if mode == "1" else "RGB"))
    return of_array(array, what, layout="hwc", icc_profile=profile, exif=exif)


def array_of(source: Any, what: str) -> np.ndarray[Any, Any]:
    """Returns the array that an argument is, without a copy where that is possible."""
    if isinstance(source, np.ndarray):
        return source
    device = getattr(source, "device", None)
    kind = getattr(device, "type", None) or (str(device) if device is not None else "cpu")
    if str(kind).split(":")[0].lower() not in ("cpu", "none"):
        raise TypeError(f"{what}: expected an array in the memory of the processor, found one on {device}: call .cpu()")
    if hasattr(source, "detach") and hasattr(source, "requires_grad"):
        source = source.detach()
        if str(getattr(source, "dtype", "")) == "torch.bfloat16":
            source = source.float()
    if hasattr(source, "__dlpack__"):
        if hasattr(source, "__dlpack_device__") and int(source.__dlpack_device__()[0]) not in (1, 3, 11, 13):
            raise TypeError(f"{what}: expected an array in the memory of the processor: copy it there first")
        try:
            return np.from_dlpack(source)
        except (BufferError, TypeError, RuntimeError, AttributeError):
            if not hasattr(source, "__array__"):
                raise
    if hasattr(source, "__array__") or hasattr(source, "__array_interface__"):
        return np.asarray(source)
    raise TypeError(
        f"{what}: expected a path, bytes, a file object, a PIL image or an array, found {type(source).__name__}"
    )


def of_array(
    array: np.ndarray[Any, Any],
    what: str = "picture",
    *,
    layout: Layout | None = None,
    order: Literal["rgb", "bgr"] = "rgb",
    icc_profile: bytes | None = None,
    exif: bytes | None = None,
) -> Picture:
    """Returns the picture that an array holds. The numbers are copied."""
    pixels = channels_last(array, what, layout)
    if order not in ("rgb", "bgr"):
        raise ValueError(f'order: expected "rgb" or "bgr", found {order!r}')
    if order == "bgr" and pixels.shape[2] >= 3:
        pixels = pixels[:, :, [2, 1, 0, 3][: pixels.shape[2]]]
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype == np.uint8:
        return Picture.from_uint8(_plain(pixels, np.uint8), what, icc_profile, exif)
    if pixels.dtype.newbyteorder("=") == np.uint16:
        return Picture.from_uint16(_plain(pixels, np.uint16), what, icc_profile, exif)
    if pixels.dtype.kind == "f":
        return Picture.from_float32(checked(pixels, what), what, icc_profile, exif)
    raise PictureError(
        f"{what}: expected an array of uint8, uint16, bool or floats, found {pixels.dtype}",
        hint="for values of 0 to 255 use .astype('uint8')",
    )


def channels_last(array: np.ndarray[Any, Any], what: str, layout: Layout | None = None) -> np.ndarray[Any, Any]:
    """Returns a view `[height, width, channels]`."""
    if layout not in (None, "hwc", "chw"):
        raise ValueError(f'layout: expected "hwc" or "chw", found {layout!r}')
    given = array.shape
    if array.ndim == 4 and array.shape[0] == 1:
        array = array[0]
    elif array.ndim == 4:
        raise PictureError(f"{what}: expected one picture, found a batch of shape {given}", hint="pass one of them")
    if array.ndim == 2:
        array = array[:, :, None]
    elif array.ndim != 3:
        raise PictureError(f"{what}: expected [height, width, channels] or [height, width], found shape {given}")
    elif layout == "chw" or (layout is None and array.shape[0] in (1, 3, 4) and array.shape[2] not in (1, 3, 4)):
        array = array.transpose(1, 2, 0)
    if 0 in array.shape:
        raise PictureError(f"{what}: the array is empty: its shape is {given}")
    if array.shape[2] not in (1, 2, 3, 4):
        axis = 0 if layout == "chw" else len(given) - 1
        raise PictureError(
            f"{what}: expected 1, 3 or 4 channels, found {array.shape[2]} along axis {axis} of shape {given}",
            hint='layout="chw" or layout="hwc" says which axis has the channels',
        )
    return array


def checked(pixels: np.ndarray[Any, Any], what: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Returns floats as float32, if all of them are numbers in 0..1."""
    low, high = float(np.min(pixels)), float(np.max(pixels))
    # NaN makes both comparisons false.
    if -SLACK <= low and high <= 1 + SLACK:
        clipped: np.ndarray[Any, np.dtype[np.float32]] = np.clip(_plain(pixels, np.float32), 0.0, 1.0)
        return clipped
    if not np.isfinite(pixels).all():
        y, x, channel = (int(at) for at in np.argwhere(~np.isfinite(pixels))[0])
        value = pixels[y, x, channel]
        raise PictureError(f"{what}: found {value} at row {y}, column {x}, channel {channel}")
    hint = "floats are in 0..1: "
    if low >= -SLACK and high <= 255 * (1 + SLACK):
        hint += "divide by 255"
    elif -1 - SLACK <= low and high <= 1 + SLACK:
        hint += "for values of -1 to 1 use (x + 1) / 2"
    else:
        hint += "undo the normalisation (multiply by the deviation, add the mean), then clip"
    raise PictureError(f"{what}: expected floats in 0..1, found {low:g} to {high:g}", hint=hint)


def _plain(array: np.ndarray[Any, Any], dtype: type[Any]) -> np.ndarray[Any, Any]:
    """Returns the array in C order and in the byte order of this machine."""
    return np.ascontiguousarray(array, dtype=dtype)
