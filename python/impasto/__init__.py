"""Repaints a picture in the style of another: neural style transfer (Gatys, Ecker and Bethge, CVPR 2016).

    import impasto

    result = impasto.stylize("photo.jpg", "painting.jpg", size=768)
    result.save("out.png")
"""

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

__all__ = [
    "CheckpointError",
    "Diverged",
    "Error",
    "Figure",
    "ImpastoNote",
    "InvalidOption",
    "Item",
    "Losses",
    "ModelNotFound",
    "NotEnoughMemory",
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
    "__version__",
    "batch",
    "compare",
    "fetch_model",
    "grid",
    "load",
    "models",
    "plan",
    "read_recipe",
    "resume",
    "save",
    "sheet",
    "show",
    "start_again",
    "stylize",
    "texture",
]

document(stylize, StyleTransfer.__init__, plan, task="stylize")
document(texture, task="texture")
document(batch, task="batch")
document(sheet, task="sheet")
document(compare, task="compare")
