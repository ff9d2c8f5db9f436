"""The objective of a preset, as a function of the pixels: for loops of your own, and for other optimisers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto import _native
from impasto._errors import invalid
from impasto._jobs import several
from impasto._pictures import as_picture
from impasto._pixels import as_pixels

__all__ = ["Objective"]

Terms = dict[str, Any]


class Objective:
    """The loss that a preset minimises, for pictures of one size.

    `content` is a picture and `styles` one or several, as `stylize` takes them, but without masks. With `size`, the
    content is reduced to that long edge in pixels, and the styles get the sizes that the recipe gives them; without,
    all keep their own sizes. The other options are those of `stylize` that the loss depends on: `model`,
    `content_weight`, `style_weight`, `style_weights`, `tv_weight`, `content_layers`, `style_layers`,
    `style_layer_weights`, `statistic`, `pooling`, `style_scale`, `strength`, `resize`.

    The presets come from papers and programs, which docs/presets.md names; `gatys` is Gatys, Ecker and Bethge, CVPR
    2016.

    Raises `InvalidOption` for an option that it does not know or a value that cannot be used.
    """

    def __init__(
        self,
        *,
        content: Any,
        styles: Any,
        preset: str = "impasto",
        size: int | None = None,
        threads: int | None = None,
        **options: Any,
    ) -> None:
        asked = {name: value for name, value in options.items() if value is not None}
        asked["preset"] = preset
        try:
            written = json.dumps(asked, default=_plain, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise invalid("options", str(error), options) from None
        self._native = _native.Objective(
            as_picture(content, "content"), [_style(style) for style in several(styles)], written, size, threads
        )
        self.terms: Terms = {}
        """The terms of the loss at the last evaluation; empty before the first."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of the pictures: (height, width, 3)."""
        height, width = self._native.size
        return height, width, 3

    def evaluate(self, x: Any) -> tuple[float, npt.NDArray[np.float32], Terms]:
        """Returns the loss of a picture, its gradient, and its terms.

        `x` is a picture of `shape`; an array holds sRGB 0..1 and may leave that range. The gradient is float32 (height,
        width, 3), per unit of sRGB 0..1. The terms are `content` and `style`, each by layers, and `tv`, with all
        weights applied: their sum is the loss.
        """
        pixels = as_pixels(x, "x")
        if pixels.shape != self.shape:
            raise invalid("x", f"expected shape {self.shape}, found {pixels.shape}", hint="the content's size counts")
        loss, gradient, (content, style, tv) = self._native.evaluate(pixels)
        self.terms = {"content": dict(content), "style": dict(style), "tv": tv}
        return loss, gradient, self.terms

    def flat(self, x: npt.ArrayLike) -> tuple[float, npt.NDArray[np.float64]]:
        """Returns loss and gradient of a picture that is one vector, in float64.

        It is what `scipy.optimize.minimize(objective.flat, x0.ravel(), jac=True, method="L-BFGS-B")` asks for.
        """
        loss, gradient, _ = self.evaluate(np.asarray(x, np.float32).reshape(self.shape))
        return loss, gradient.ravel().astype(np.float64)

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("an objective cannot be pickled: it holds an engine; make it again from its pictures")


def _style(style: Any) -> tuple[_native.Picture, str]:
    """Returns a style's picture, and its settings as JSON."""
    if not (hasattr(style, "picture") and hasattr(style, "settings")):
        return as_picture(style, "style"), "{}"
    for setting in ("mask", "region"):
        if getattr(style, setting) is not None:
            raise invalid(setting, "an objective is for the whole picture, and takes no masks")
    return as_picture(style.picture, "style"), json.dumps(style.settings(), default=_plain)


def _plain(value: Any) -> Any:
    """Returns what JSON has for a value of NumPy."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"expected numbers, names and lists, found {type(value).__name__}")
