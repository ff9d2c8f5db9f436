"""Statistics of features and pictures, in NumPy, to be read and compared with your own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from impasto._errors import invalid
from impasto._text import Text

__all__ = ["Moments", "describe", "gram", "moments", "total_variation"]

Features = npt.ArrayLike


def gram(features: Features, divide: Literal["positions", "elements"] | None = "positions") -> npt.NDArray[np.float64]:
    """Returns the Gram matrix F Fᵀ of features (channels, height, width), float64 (channels, channels).

    The field divides it in three ways. `positions` (height times width) makes it independent of the picture's size:
    TensorFlow's tutorial, and this package. `elements` (channels times positions) is PyTorch's tutorial. None divides
    by nothing: the Keras example, and the paper, which has the factor in the loss (Gatys, Ecker and Bethge, CVPR 2016,
    equation 3).
    """
    flat = _flat(features)
    channels, positions = flat.shape
    by = {"positions": positions, "elements": channels * positions, None: 1}
    if divide not in by:
        raise invalid("divide", f"expected positions, elements or None, found {divide}", divide)
    product: npt.NDArray[np.float64] = flat @ flat.T / by[divide]
    return product


class Moments(NamedTuple):
    """The moments of features over all positions."""

    weight: int
    """Number of positions."""
    mean: npt.NDArray[np.float64]
    """E[f], (channels,)."""
    second: npt.NDArray[np.float64]
    """E[f fᵀ], (channels, channels)."""


def moments(features: Features) -> Moments:
    """Returns weight, mean and second moments of features (channels, height, width), in float64."""
    flat = _flat(features)
    return Moments(flat.shape[1], flat.mean(axis=1), gram(features))


def total_variation(
    x: npt.ArrayLike, form: Literal["l1", "keras", "l2"] = "l1"
) -> tuple[float, npt.NDArray[np.float64]]:
    """Returns the total variation of a picture (height, width, channels), and its gradient, float64 of that shape.

    dx and dy are the differences to the right and to the lower neighbour. `l1` is Σ|dx| + Σ|dy| (TensorFlow's
    tutorial). `l2` is Σdx² + Σdy². `keras` is Σ(dx² + dy²)^1.25 over the pixels that have both neighbours (the Keras
    example). Where |d| has no derivative, 0 is taken.
    """
    x = np.asarray(x, np.float64)
    if form == "keras":
        dx, dy = x[:-1, 1:] - x[:-1, :-1], x[1:, :-1] - x[:-1, :-1]
        squares = dx**2 + dy**2
        slope = 2.5 * squares**0.25
        value, by_dx, by_dy = (squares**1.25).sum(), slope * dx, slope * dy
    elif form in ("l1", "l2"):
        dx, dy = x[:, 1:] - x[:, :-1], x[1:] - x[:-1]
        if form == "l1":
            value, by_dx, by_dy = np.abs(dx).sum() + np.abs(dy).sum(), np.sign(dx), np.sign(dy)
        else:
            value, by_dx, by_dy = (dx**2).sum() + (dy**2).sum(), 2 * dx, 2 * dy
    else:
        raise invalid("form", f"expected l1, keras or l2, found {form}", form)
    gradient = np.zeros_like(x)
    rows, columns = (gradient[:-1], gradient[:, :-1]) if form == "keras" else (gradient, gradient)
    rows[:, 1:] += by_dx
    rows[:, :-1] -= by_dx
    columns[1:] += by_dy
    columns[:-1] -= by_dy
    return float(value), gradient


def describe(features: Mapping[Any, Features]) -> str:
    """Returns a table of features: for each layer the shape, the smallest, the largest and the mean value."""
    lines = [f"{'layer':<14}{'shape':<18}{'min':>10}{'max':>10}{'mean':>10}"]
    for layer, values in features.items():
        array = np.asarray(values)
        shape = " x ".join(map(str, array.shape))
        lines.append(f"{layer!s:<14}{shape:<18}{array.min():>10.4g}{array.max():>10.4g}{array.mean():>10.4g}")
    return Text("\n".join(lines))


def _flat(features: Features) -> npt.NDArray[np.float64]:
    """Returns features as (channels, positions)."""
    array = np.asarray(features, np.float64)
    if array.ndim < 2:
        raise invalid("features", f"expected (channels, height, width), found {array.shape}")
    return array.reshape(array.shape[0], -1)
