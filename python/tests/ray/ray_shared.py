"""What the tests of `impasto.ray` share: options of quick runs, and pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

# A preset for quick runs: shallow layers have a small halo, so blocks can be small.
QUICK: dict[str, Any] = {
    "size": 224,
    "min_size": 96,
    "iterations": [3, 2, 12],
    "style_layers": ["relu1_1", "relu2_1", "relu3_1"],
    "content_layers": ["relu3_1"],
}

# Two blocks across and down, at scales above 160 pixels: of those of QUICK, the last.
CUT: dict[str, Any] = {"blocks": (2, 2), "spread_above": 160}


def picture(width: int, height: int, seed: int) -> np.ndarray:
    """Waves and noise, as an array of 8 bits."""
    y, x = np.mgrid[0:height, 0:width] / 16.0
    waves = [np.sin(x * (1 + 0.3 * c) + seed) * np.cos(y * (0.7 + 0.2 * c)) for c in range(3)]
    noise = np.random.default_rng(seed).random((height, width, 3)) * 0.3
    return ((np.stack(waves, -1) * 0.3 + 0.5 + noise - 0.15).clip(0, 1) * 255).astype(np.uint8)
