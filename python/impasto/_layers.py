"""Names of layers: the network's own (`relu4_2`), those of Keras (`block4_conv2`) and of torchvision (index 22).

Features are taken after the ReLU, as in Keras and in Gatys' own program. A name that stands for the convolution before
its ReLU is refused, because its values would be others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from impasto._errors import invalid


class Layer(NamedTuple):
    """One layer: a convolution of 3 x 3 and its ReLU."""

    name: str
    """The name, such as `relu4_2`."""
    inputs: int
    """Channels of the input."""
    channels: int
    """Channels of the features."""
    stride: int
    """Pixels from one feature to the next."""
    receptive_field: int
    """Pixels of a row that one feature depends on."""
    pooled: bool
    """Whether a pooling of 2 x 2 follows."""

    @property
    def keras_name(self) -> str:
        """The name in Keras, such as `block4_conv2`."""
        return re.sub(r"relu(\d+)_(\d+)", r"block\1_conv\2", self.name)

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return 9 * self.inputs * self.channels + self.channels


def torchvision_indices(layers: Sequence[Layer]) -> dict[int, tuple[str, str]]:
    """Returns what each index of torchvision's `vgg.features` is: `conv`, `relu` or `pool`, and its layer's name."""
    sequence: list[tuple[str, str]] = []
    for layer in layers:
        sequence += [("conv", layer.name), ("relu", layer.name)]
        if layer.pooled:
            sequence.append(("pool", layer.name))
    return dict(enumerate(sequence))


def resolve(name: str | int, layers: Sequence[Layer]) -> str:
    """Returns the network's own name of a layer. A name that it does not know is returned as it is."""
    if isinstance(name, int) or name.isdigit():
        return _of_index(int(name), layers)
    keras = re.fullmatch(r"block(\d+)_(conv(\d+)|pool)", name)
    if keras and keras[3]:
        return f"relu{keras[1]}_{keras[3]}"
    if keras:
        last = [layer.name for layer in layers if layer.name.startswith(f"relu{keras[1]}_")][-1:]
        raise _refused(name, "a pooling", last[0] if last else None)
    counted = re.fullmatch(r"conv_(\d+)", name)
    if counted and 1 <= int(counted[1]) <= len(layers):
        raise _before_relu(name, layers[int(counted[1]) - 1].name)
    plain = re.fullmatch(r"conv(\d+)_(\d+)", name)
    if plain:
        raise _before_relu(name, f"relu{plain[1]}_{plain[2]}")
    return name


def _of_index(index: int, layers: Sequence[Layer]) -> str:
    indices = torchvision_indices(layers)
    if index not in indices:
        last = max(number for number, (kind, _) in indices.items() if kind == "relu")
        raise invalid("layer", f"expected an index of a ReLU up to {last}, found {index}", index)
    kind, layer = indices[index]
    if kind == "conv":
        raise _before_relu(str(index), layer)
    if kind == "pool":
        raise _refused(str(index), "a pooling", layer)
    return layer


def _before_relu(name: str, relu: str) -> Exception:
    return _refused(name, "a convolution before its ReLU, and features are taken after it", relu)


def _refused(name: str, kind: str, instead: str | None) -> Exception:
    hint = f"{instead} is the nearest layer; results differ a little" if instead else None
    return invalid("layer", f"{name} is {kind}", name, hint=hint)
