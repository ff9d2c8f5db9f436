"""The result of a run: a picture in memory, with its recipe and the history of its losses."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from impasto import _native
from impasto._jobs import note, plain
from impasto._pictures import as_picture
from impasto._steps import Losses, Step

if TYPE_CHECKING:
    import numpy as np

SHOWN = 512
"""Long edge in pixels of a result that a notebook shows."""


class Result:
    """The result of a run.

    It saves itself with its recipe, gives its pixels to NumPy, PIL and torch, and shows itself in a notebook.
    """

    def __init__(
        self,
        kept: _native.Kept,
        history: Sequence[Step],
        facts: dict[str, Any],
        inputs: Sequence[tuple[str, Any]] = (),
    ) -> None:
        self._kept = kept
        self._inputs = tuple(inputs)
        self.history: list[Step] = list(history)
        """The steps of the run, each with its losses."""
        self.seconds: float = facts.get("seconds", sum(step.seconds for step in self.history))
        """Seconds that the steps took."""
        self.end: str = facts.get("end", "running")
        """How the run ended: complete, stopped, paused, cancelled, failed; `running` if it has not."""
        self.output: str | None = facts.get("output")
        """The file that the run wrote."""
        self.checkpoint: str | None = facts.get("checkpoint")
        """The checkpoint from which the run can continue."""

    # === Pixels ===

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._kept.size

    @property
    def array(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """A new uint8 array `[height, width, 3]` in sRGB. It owns its memory, and may be changed."""
        return self._kept.to_numpy("uint8")

    def to_numpy(
        self, dtype: Literal["uint8", "uint16", "float32"] | Any = "uint8", *, alpha: bool = False
    ) -> np.ndarray[Any, Any]:
        """Returns a new array `[height, width, 3]` in sRGB: 0..255, 0..65535, or floats in 0..1.

        With `alpha` it has a fourth channel: the opacity of the content.
        """
        import numpy

        return self._kept.to_numpy(numpy.dtype(dtype).name, alpha)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if copy is False:
            raise ValueError("a result cannot be seen as an array without a copy")
        array = self.array
        return array if dtype is None else array.astype(dtype)

    def pil(self) -> Any:
        """Returns an image of PIL: with 8 bits, the colour profile, and the opacity of the content."""
        from PIL import Image

        options = {"depth": 8, "no_metadata": True}
        image = Image.open(io.BytesIO(self.to_bytes("png", **options)))
        image.load()
        return image

    def torch(self) -> Any:
        """Returns a float32 tensor `[3, height, width]` in 0..1, in the memory of the processor."""
        import torch

        return torch.from_numpy(self.to_numpy("float32").transpose(2, 0, 1).copy())

    @property
    def _picture(self) -> _native.Picture:
        return self._kept.picture("result")

    # === Files ===

    def save(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Writes the picture to a file, with its recipe; the extension chooses the format.

        The file has the bytes that the run itself would have written to it. Options: `format`, `depth`, `quality`,
        `profile`, `no_metadata`, `keep_gps`, as for `impasto.stylize`. Those of the run are the defaults.
        """
        note(self._kept.save(os.fspath(path), self._written(options)))

    def to_bytes(self, format: str = "png", **options: Any) -> bytes:
        """Returns the bytes of the file that `save` writes."""
        return self._kept.to_bytes(f"result.{format}", self._written(options))

    def _written(self, options: dict[str, Any]) -> str:
        known = json.loads(self._kept.written)
        unknown = next((name for name in options if name not in known), None)
        if unknown is not None:
            raise TypeError(f"save() got an unexpected keyword argument '{unknown}'")
        return json.dumps({**known, **plain(options)})

    # === The run ===

    @property
    def recipe(self) -> dict[str, Any]:
        """The recipe: every option of the run, and the names and digests of its pictures."""
        recipe: dict[str, Any] = json.loads(self._kept.recipe)
        return recipe

    @property
    def losses(self) -> Losses | None:
        """The losses before the last step; `None` for a draft, which has no steps."""
        return self.history[-1].losses if self.history else None

    def plot(self, ax: Any = None) -> Any:
        """Draws the losses by iteration with matplotlib, and returns the axes."""
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError("plot() needs matplotlib: pip install 'impasto[notebook]'") from error
        axes = plt.subplots(figsize=(7, 3.5))[1] if ax is None else ax
        rows = [step.losses.to_dict() for step in self.history]
        for name in rows[0] if rows else ():
            values = [row[name] for row in rows]
            if any(value > 0 for value in values):
                axes.plot(range(1, len(rows) + 1), values, label=name, linewidth=2 if name == "total" else 1)
        for number, (before, step) in enumerate(zip(self.history, self.history[1:]), 1):
            if before.scale != step.scale:
                axes.axvline(number + 0.5, color="0.8", linewidth=1, zorder=0)
        axes.set(xlabel="iteration", ylabel="loss", yscale="log" if rows else "linear")
        if rows:
            axes.legend(fontsize="small")
        return axes

    # === Display ===

    def __repr__(self) -> str:
        (width, height), steps = self.size, len(self.history)
        return f"<impasto.Result {width}x{height}, {self.end}, {steps} steps in {self.seconds:.1f} s>"

    def _alt(self) -> str:
        styles = " and ".join(name for kind, name in self._names() if kind == "style")
        content = next((name for kind, name in self._names() if kind == "content"), None)
        of = f"{content} repainted" if content else "A texture"
        return f"{of} in the style of {styles or 'a picture'}, {self.size[0]} by {self.size[1]} pixels"

    def _names(self) -> list[tuple[str, str]]:
        recipe = self.recipe
        content = recipe.get("content")
        named = [("content", content["name"])] if content else []
        return named + [("style", style["name"]) for style in recipe.get("styles", ())]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from impasto._show import figure

        png = self._kept.shown(SHOWN, "png")
        shown = [(label, small) for label, source in self._inputs if (small := _small(source)) is not None]
        result = (f"result, {self.seconds:.1f} s", "image/png", png, self._alt())
        pictures = [(label, "image/jpeg", data, label) for label, data in shown]
        losses = f"<p>loss {self.losses.total:.6g} after {len(self.history)} steps</p>" if self.losses else ""
        return {
            "text/plain": repr(self),
            "text/html": figure([*pictures, result]) + losses,
            "image/png": base64.b64encode(png).decode(),
        }

    # === Pickling ===

    def __reduce__(self) -> tuple[Any, ...]:
        facts = {"seconds": self.seconds, "end": self.end, "output": self.output, "checkpoint": self.checkpoint}
        files = [(label, source) for label, source in self._inputs if isinstance(source, (str, os.PathLike))]
        inputs = [(label, os.fspath(source)) for label, source in files]
        return _restored, (self._kept.state(), self.history, facts, inputs)


def _restored(
    state: dict[str, Any], history: Sequence[Step], facts: dict[str, Any], inputs: Sequence[tuple[str, Any]]
) -> Result:
    return Result(_native.Kept.restored(**state), history, facts, inputs)


def _small(source: Any) -> bytes | None:
    """Returns a small JPEG of an input, if it is still there."""
    try:
        return as_picture(source).resized(192).encoded("jpg", 85)
    except (ValueError, OSError, TypeError):
        return None
