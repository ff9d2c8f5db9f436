"""Repaints a picture in the style of another: neural style transfer (Gatys, Ecker and Bethge, CVPR 2016).

    import impasto

    result = impasto.stylize("photo.jpg", "painting.jpg", size=768)
    result.save("out.png")
"""

from impasto import optim
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
from impasto.encoder import Encoder
from impasto.objective import Objective
from impasto.statistics import Moments, describe, gram, moments, total_variation
from impasto.tape import Tape

__all__ = [
    "CheckpointError",
    "Diverged",
    "Encoder",
    "Error",
    "ImpastoNote",
    "InvalidOption",
    "ModelNotFound",
    "Moments",
    "NotEnoughMemory",
    "Objective",
    "OutputError",
    "PictureError",
    "PictureNotFound",
    "Tape",
    "__version__",
    "describe",
    "gram",
    "load",
    "moments",
    "optim",
    "save",
    "total_variation",
]
