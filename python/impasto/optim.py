"""Optimisers in NumPy, to be read. Each step returns the moved picture; the picture given stays as it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["SGD", "Adam"]

Array = npt.NDArray[np.floating]


class Adam:
    """Adam (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1).

    The learning rate is about the step of a pixel, in units of the picture's values: 0.02 for sRGB 0..1.
    """

    def __init__(self, learning_rate: float = 0.02, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8):
        self.learning_rate, self.beta1, self.beta2, self.epsilon = learning_rate, beta1, beta2, epsilon
        self.steps = 0
        self.first: Array = np.zeros(())  # the running mean of the gradient
        self.second: Array = np.zeros(())  # the running mean of its square

    def step(self, x: Array, gradient: Array) -> Array:
        """Returns the picture after one step against the gradient."""
        self.steps += 1
        self.first = self.beta1 * self.first + (1 - self.beta1) * gradient
        self.second = self.beta2 * self.second + (1 - self.beta2) * gradient**2
        # Both began as zero. Early means are too small by these factors.
        first = self.first / (1 - self.beta1**self.steps)
        second = self.second / (1 - self.beta2**self.steps)
        moved: Array = (x - self.learning_rate * first / (np.sqrt(second) + self.epsilon)).astype(x.dtype)
        return moved


class SGD:
    """Gradient descent with momentum, as PyTorch and Keras have it (Sutskever et al., ICML 2013).

    `learning_rate` may be changed between two steps, for a schedule.
    """

    def __init__(self, learning_rate: float, momentum: float = 0.0):
        self.learning_rate, self.momentum = learning_rate, momentum
        self.velocity: Array = np.zeros(())

    def step(self, x: Array, gradient: Array) -> Array:
        """Returns the picture after one step against the gradient."""
        self.velocity = self.momentum * self.velocity + gradient
        moved: Array = (x - self.learning_rate * self.velocity).astype(x.dtype)
        return moved
