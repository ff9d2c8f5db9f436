"""Repaints a picture in the style of another: neural style transfer (Gatys, Ecker and Bethge, CVPR 2016).

    import impasto

    result = impasto.stylize("photo.jpg", "painting.jpg", size=768)
    result.save("out.png")
"""

from impasto import optim
from impasto._batch import Item, batch
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
from impasto._result import Result
from impasto._run import Run
from impasto._sheet import Scores, Sheet, compare, sheet
from impasto._show import Figure, grid, show
from impasto._signatures import document
from impasto._steps import Losses, Plan, PlannedScale, Step
from impasto._style import Style
from impasto._transfer import (
    StyleTransfer,
    fetch_model,
    models,
    plan,
    read_recipe,
    resume,
    start_again,
    stylize,
    texture,
)
from impasto._video import Film, Frame, frames, video
from impasto.encoder import Encoder
from impasto.objective import Objective
from impasto.statistics import Moments, describe, gram, moments, total_variation
from impasto.tape import Tape

__all__ = [
    "CheckpointError",
    "Diverged",
    "Encoder",
    "Error",
    "Figure",
    "Film",
    "Frame",
    "ImpastoNote",
    "InvalidOption",
    "Item",
    "Losses",
    "ModelNotFound",
    "Moments",
    "NotEnoughMemory",
    "Objective",
    "OutputError",
    "PictureError",
    "PictureNotFound",
    "Plan",
    "PlannedScale",
    "Result",
    "Run",
    "Scores",
    "Sheet",
    "Step",
    "Style",
    "StyleTransfer",
    "Tape",
    "__version__",
    "batch",
    "compare",
    "describe",
    "fetch_model",
    "frames",
    "gram",
    "grid",
    "load",
    "models",
    "moments",
    "optim",
    "plan",
    "read_recipe",
    "resume",
    "save",
    "sheet",
    "show",
    "start_again",
    "stylize",
    "texture",
    "total_variation",
    "video",
]

document(stylize, StyleTransfer.__init__, plan, task="stylize")
document(texture, task="texture")
document(batch, task="batch")
document(sheet, task="sheet")
document(compare, task="compare")
document(video, frames, task="video")
