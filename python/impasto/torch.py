"""The bridge to PyTorch: an objective as a function of a tensor, with its gradient.

`torch.optim` moves the picture, and this package's engine evaluates it. Torch is imported only here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from impasto.objective import Objective

__all__ = ["objective"]


def objective(of: Objective) -> Callable[[torch.Tensor], torch.Tensor]:
    """Returns a function from a picture to the loss, a scalar tensor of the picture's dtype.

    The picture is a float tensor on the CPU: (height, width, 3), (3, height, width) or (1, 3, height, width). It holds
    sRGB 0..1. The first form counts where two would do. The loss has a gradient by it, and no second derivative.

    Raises `TypeError` for a tensor on another device or of integers, `ValueError` for another shape, and `RuntimeError`
    for `create_graph=True`.
    """

    def loss(image: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = _Evaluate.apply(image, of)
        return result

    return loss


class _Evaluate(torch.autograd.Function):  # type: ignore[misc, unused-ignore]
    """Evaluates once, forward, and keeps the gradient for the way back."""

    @staticmethod
    def forward(ctx: Any, image: torch.Tensor, of: Objective) -> torch.Tensor:
        if image.device.type != "cpu":
            raise TypeError(f"image: expected a tensor on the CPU, found one on {image.device}: call .cpu()")
        if not image.is_floating_point():
            raise TypeError(f"image: expected floats of 0..1, found {image.dtype}: call .float() / 255")
        pixels = image.detach().to(torch.float32)
        channels_first = tuple(image.shape) != of.shape
        if channels_first:
            height, width, _ = of.shape
            if tuple(image.shape) not in ((3, height, width), (1, 3, height, width)):
                raise ValueError(f"image: expected {of.shape} or (1, 3, {height}, {width}), found {tuple(image.shape)}")
            pixels = pixels.reshape(3, height, width).permute(1, 2, 0)
        value, gradient, _ = of.evaluate(np.ascontiguousarray(pixels.numpy()))
        kept = torch.from_numpy(gradient)
        kept = kept.permute(2, 0, 1).reshape(image.shape) if channels_first else kept
        ctx.save_for_backward(kept.to(image.dtype))
        return image.new_tensor(value)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        if torch.is_grad_enabled():
            # create_graph=True asks for a gradient of the gradient, which would silently be 0.
            raise RuntimeError("the loss of impasto has no second derivative: leave create_graph=True away")
        (by_loss,), (gradient,) = grad_outputs, ctx.saved_tensors
        return by_loss * gradient, None
