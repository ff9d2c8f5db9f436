"""Networks: what they are, the features of pictures, and records that derivatives go back through.

Network: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014.
"""

from __future__ import annotations

import html
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from impasto import _native
from impasto._errors import invalid
from impasto._layers import Layer, resolve
from impasto._pixels import as_pixels
from impasto._text import Text
from impasto.tape import Tape

__all__ = ["Encoder", "Layer"]

LayerName: TypeAlias = str | int
"""The name of a layer, in the network's own spelling or Keras', or the index of a ReLU in torchvision."""


class Encoder:
    """A VGG network without its classifier, with its weights frozen.

    `name` is `lite` (small, in the package), `vgg19` and others whose weights are on this machine, or a file of
    weights: a state_dict, safetensors, or a file of Keras. `pooling` is `max`, `average` or `l2`; by default it is the
    pooling of the network's training. `threads` limits the threads; results do not depend on it.

    Raises `ModelNotFound` where there are no such weights.
    """

    def __init__(
        self,
        name: str | os.PathLike[str] = "lite",
        *,
        pooling: Literal["max", "average", "l2"] | None = None,
        threads: int | None = None,
    ) -> None:
        self.name = os.fspath(name)
        """The name or the file."""
        self._given = (pooling, threads)
        self._native = _native.Encoder(self.name, pooling, threads)
        self.table: tuple[Layer, ...] = tuple(Layer(*row) for row in self._native.table)
        """The layers with their properties, the first one first."""

    @property
    def layers(self) -> list[str]:
        """The names of all layers, the first one first. Features are taken after the ReLU of each."""
        return [layer.name for layer in self.table]

    @property
    def pooling(self) -> str:
        """The pooling between two blocks: `max`, `average` or `l2`."""
        return self._native.pooling

    @property
    def metadata(self) -> dict[str, str]:
        """What the file of weights says of itself: source, licence and so on."""
        return self._native.metadata

    def layer(self, name: LayerName) -> Layer:
        """Returns the properties of a layer.

        Keras' names (`block4_conv2`) and torchvision's indices of ReLUs (22) stand for `relu4_2`. The name of a
        convolution before its ReLU is refused.

        Raises `InvalidOption` for a layer that the network does not have.
        """
        own = resolve(name, self.table)
        for layer in self.table:
            if layer.name == own:
                return layer
        self._native.check_layer(own)
        raise invalid("layer", f"there is no layer {own}", name)

    def preprocess(self, x: Any) -> npt.NDArray[np.float32]:
        """Returns the input of the first convolution, float32 (3, height, width), to look at.

        `features` and `record` do this themselves. Networks of torchvision take (RGB - mean) / deviation; those of
        Oxford, Caffe and Keras take BGR of 0..255 less the mean.
        """
        matrix, bias = (np.array(part, np.float32) for part in self._native.input_map)
        pixels = as_pixels(x, "x")
        mixed: npt.NDArray[np.float32] = np.einsum("oc,hwc->ohw", matrix, pixels) + bias[:, None, None]
        return mixed

    def deprocess(self, y: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Undoes `preprocess`: from (3, height, width) to a picture, float32 (height, width, 3), sRGB 0..1."""
        matrix, bias = (np.array(part, np.float64) for part in self._native.input_map)
        centred = np.asarray(y, np.float64) - bias[:, None, None]
        mixed = np.einsum("co,ohw->hwc", np.linalg.inv(matrix), centred)
        return np.asarray(mixed, np.float32)

    def features(
        self, x: Any, layers: LayerName | Iterable[LayerName] | None = None
    ) -> dict[LayerName, npt.NDArray[np.float32]]:
        """Returns the features of a picture: for each layer a float32 array (channels, height, width).

        `x` is any picture; an array is (height, width, 3), sRGB 0..1. `layers` is one layer or several; by default
        all of them. The keys are the layers as they were given.
        """
        names = self._names(self.layers if layers is None else layers)
        found = self._native.features(as_pixels(x, "x"), list(names.values()))
        return dict(zip(names, found, strict=True))

    def record(
        self,
        x: Any,
        *,
        style: LayerName | Iterable[LayerName] = (),
        content: Mapping[LayerName, Any] | None = None,
        features: LayerName | Iterable[LayerName] = (),
    ) -> Tape:
        """Records a picture, so that derivatives of a loss can be taken back to its pixels.

        `style` names the layers whose Gram matrices and means are recorded. `content` has for each layer a picture of
        the same size; the mean squared difference of the features is recorded. `features` names the layers whose
        features are recorded themselves: a loss of any kind can be written with them, and they take memory.

        Content pictures are run through the network once and remembered, so a loop may pass them every time.
        """
        of_style, of_features = self._names(style), self._names(features)
        of_content = self._names(content or ())
        pictures = [as_pixels(picture, "content") for picture in (content or {}).values()]
        tape = self._native.record(
            as_pixels(x, "x"),
            list(of_style.values()),
            list(zip(of_content.values(), pictures, strict=True)),
            list(of_features.values()),
        )
        return Tape(tape, list(of_style), list(of_content), list(of_features))

    def reconstruct(
        self,
        picture: Any,
        layer: LayerName | Sequence[LayerName],
        *,
        of: Literal["content", "style"] = "content",
        iterations: int | None = None,
        seed: int = 0,
    ) -> npt.NDArray[np.float32]:
        """Returns a picture, float32 (height, width, 3), that begins as noise and ends with what a layer keeps.

        With `of="content"` it gets the features of the picture at a layer (Mahendran and Vedaldi, CVPR 2015). With
        `of="style"` it gets the statistics at one or more layers; a single layer stands for itself and all shallower
        style layers (Gatys, Ecker and Bethge, CVPR 2016, figure 1). The size is the picture's own.
        """
        if of not in ("content", "style"):
            raise invalid("of", f"expected content or style, found {of}", of)
        names = list(self._names(layer).values())
        pixels = as_pixels(picture, "picture")
        return self._native.reconstruct(pixels, names, of == "style", iterations, seed)

    def summary(self) -> str:
        """Returns the table that `model.summary()` prints in Keras, without the classifier.

        Keras knows sizes as None, and counts all weights as frozen here.
        """
        total = sum(layer.parameters for layer in self.table)
        rows = [("input_layer (InputLayer)", "(None, None, None, 3)", "0")]
        for layer in self.table:
            shape = f"(None, None, None, {layer.channels})"
            rows.append((f"{layer.keras_name} (Conv2D)", shape, f"{layer.parameters:,}"))
            if layer.pooled:
                pool = f"{layer.keras_name.split('_')[0]}_pool ({_KERAS_POOLING[self.pooling]})"
                rows.append((pool, shape, "0"))
        heads = ("Layer (type)", "Output Shape", "Param #")
        widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(3)]
        size = _bytes(4 * total)
        lines = [
            f'Model: "{self.name}"',
            _rule(widths, "┏━┳┓"),
            _row(heads, widths, "┃"),
            _rule(widths, "┡━╇┩"),
            f"\n{_rule(widths, '├─┼┤')}\n".join(_row(row, widths, "│") for row in rows),
            _rule(widths, "└─┴┘"),
            f" Total params: {total:,} ({size})",
            " Trainable params: 0 (0.00 B)",
            f" Non-trainable params: {total:,} ({size})",
        ]
        return Text("\n".join(lines))

    def _names(self, layers: LayerName | Iterable[LayerName]) -> dict[LayerName, str]:
        """Returns the network's own name of each layer, in order. A layer may be named once."""
        given = [layers] if isinstance(layers, (str, int)) else list(layers)
        names = {name: self.layer(name).name for name in given}
        if len(set(names.values())) < len(given):
            raise invalid("layers", f"a layer is named twice: {', '.join(map(str, given))}", given)
        return names

    def __repr__(self) -> str:
        total = sum(layer.parameters for layer in self.table)
        head = f"Encoder({self.name!r}): {len(self.table)} layers, {total:,} weights, {self.pooling} pooling"
        columns = [("layer", "channels", "stride", "receptive field")]
        columns += [(row.name, str(row.channels), str(row.stride), str(row.receptive_field)) for row in self.table]
        lines = [f"  {name:<9}{channels:>9}{stride:>8}{field:>17}" for name, channels, stride, field in columns]
        return "\n".join([head, *lines])

    def _repr_html_(self) -> str:
        head, *_ = repr(self).splitlines()
        cells = "".join(
            f"<tr><td>{row.name}</td><td>{row.channels}</td><td>{row.stride}</td><td>{row.receptive_field}</td></tr>"
            for row in self.table
        )
        heads = "<tr><th>layer</th><th>channels</th><th>stride</th><th>receptive field</th></tr>"
        return f"<p>{html.escape(head)}</p><table>{heads}{cells}</table>"

    def __reduce__(self) -> tuple[Any, ...]:
        pooling, threads = self._given
        return _opened, (self.name, pooling, threads)


def _opened(name: str, pooling: Any, threads: int | None) -> Encoder:
    return Encoder(name, pooling=pooling, threads=threads)


_KERAS_POOLING = {"max": "MaxPooling2D", "average": "AveragePooling2D", "l2": "L2Pooling2D"}


def _rule(widths: Sequence[int], signs: str) -> str:
    left, line, middle, right = tuple(signs)
    return left + middle.join(line * (width + 2) for width in widths) + right


def _row(cells: Sequence[str], widths: Sequence[int], edge: str) -> str:
    name, shape, count = cells
    return f"{edge} {name:<{widths[0]}} {edge} {shape:<{widths[1]}} {edge} {count:>{widths[2]}} {edge}"


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} GB"
