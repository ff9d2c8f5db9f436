"""The record of one picture: statistics and features, and the way back from their derivatives to the pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto import _native
from impasto._errors import invalid

__all__ = ["Tape"]


class Tape:
    """What an encoder saw in one picture. `Encoder.record` makes it.

    Compute a loss from what it holds, and the derivatives of the loss by that on paper. `pull_back` gives the gradient
    by the pixels. The keys of all dictionaries are the layers as they were given to `record`.
    """

    def __init__(
        self, native: _native.Tape, style: Sequence[Any], content: Sequence[Any], features: Sequence[Any]
    ) -> None:
        self._native = native
        self._style, self._content, self._features = style, content, features

    @cached_property
    def gram(self) -> dict[Any, npt.NDArray[np.float64]]:
        """The Gram matrix of each style layer, float64 (channels, channels): F Fᵀ divided by the positions.

        It is the same as `impasto.gram(F)` of the features F.
        """
        return dict(zip(self._style, self._native.gram(), strict=True))

    @property
    def second(self) -> dict[Any, npt.NDArray[np.float64]]:
        """The second moments E[f fᵀ] of the features: the Gram matrices by their other name."""
        return self.gram

    @cached_property
    def mean(self) -> dict[Any, npt.NDArray[np.float64]]:
        """The mean E[f] of each style layer's features, float64 (channels,)."""
        return dict(zip(self._style, self._native.mean(), strict=True))

    @cached_property
    def content_mse(self) -> dict[Any, float]:
        """The mean over all features of (F - F*)², where F* are the features of the content, for each content layer."""
        return dict(zip(self._content, self._native.content_mse(), strict=True))

    @cached_property
    def features(self) -> dict[Any, npt.NDArray[np.float32]]:
        """The features of each recorded layer, float32 (channels, height, width)."""
        return dict(zip(self._features, self._native.features(), strict=True))

    def pull_back(
        self,
        *,
        gram: Mapping[Any, npt.ArrayLike] | None = None,
        mean: Mapping[Any, npt.ArrayLike] | None = None,
        content: Mapping[Any, float] | None = None,
        features: Mapping[Any, npt.ArrayLike] | None = None,
    ) -> npt.NDArray[np.float32]:
        """Returns the gradient of a loss by the pixels, float32 (height, width, 3), per unit of sRGB 0..1.

        The arguments are the derivatives of the loss: by the entries of `gram` (channels, channels), by `mean`
        (channels,), by `content_mse` (a number), and by `features` (channels, height, width), each for the layers that
        the loss depends on.

        A Gram matrix is symmetric, so G[i, j] and G[j, i] cannot move apart: of a derivative D that is not symmetric,
        (D + Dᵀ) / 2 is taken.

        The gradient is linear in the derivatives. It can be asked for several times; a tape that is not the last record
        of its encoder runs its picture through the network again.

        Raises `InvalidOption` for a layer that was not recorded, or a derivative of another shape.
        """
        kinds = {"gram": (gram, self._style), "mean": (mean, self._style), "content": (content, self._content)}
        for what, (given, layers) in {**kinds, "features": (features, self._features)}.items():
            _check_recorded(what, given or {}, layers)
        return self._native.pull_back(
            _ordered("gram", gram or {}, self.gram),
            _ordered("mean", mean or {}, self.mean),
            [float((content or {}).get(layer, 0.0)) for layer in self._content],
            _ordered("features", features, self.features) if features else [],
        )


def _check_recorded(what: str, given: Mapping[Any, Any], layers: Sequence[Any]) -> None:
    for layer in given:
        if layer not in layers:
            recorded = ", ".join(map(str, layers)) or "none"
            hint = f"give it to record as {'style' if what in ('gram', 'mean') else what}"
            raise invalid(what, f"{layer} was not recorded, only {recorded}", layer, hint=hint)


def _ordered(
    what: str, given: Mapping[Any, npt.ArrayLike], recorded: Mapping[Any, npt.NDArray[Any]]
) -> list[npt.NDArray[np.float64] | None]:
    """Returns the derivatives in the order of the record, None where there is none."""
    arrays: list[npt.NDArray[np.float64] | None] = []
    for layer, seen in recorded.items():
        array = np.ascontiguousarray(given[layer], np.float64) if layer in given else None
        if array is not None and array.shape != seen.shape:
            raise invalid(what, f"at {layer}: expected shape {seen.shape}, found {array.shape}", given[layer])
        arrays.append(array)
    return arrays
