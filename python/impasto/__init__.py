"""Repaints a picture in the style of another: neural style transfer (Gatys, Ecker and Bethge, CVPR 2016).

    import impasto

    result = impasto.stylize("photo.jpg", "painting.jpg", size=768)
    result.save("out.png")
"""

from impasto._errors import (
    CheckpointError,
    Diverged,
    Error,
    ImpastoNote,
    InvalidOption,
    ModelNotFound,
    NotEnoughMemory,
    OutputError,
    PictureError,
    PictureNotFound,
)
from impasto._files import load, save
from impasto._native import __version__

__all__ = [
    "CheckpointError",
    "Diverged",
    "Error",
    "ImpastoNote",
    "InvalidOption",
    "ModelNotFound",
    "NotEnoughMemory",
    "OutputError",
    "PictureError",
    "PictureNotFound",
    "__version__",
    "load",
    "save",
]
