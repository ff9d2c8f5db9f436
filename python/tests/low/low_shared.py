"""What the tests of the low level share: pictures, comparisons, and an independent VGG-19 in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np


def picture(seed: int, height: int = 40, width: int = 48) -> np.ndarray:
    """Returns a picture of waves with a little noise, float32 (height, width, 3), within 0..1."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [
        sum(np.sin(a * x + b * y + c) for a, b, c in random.uniform((-0.6, -0.6, 0), (0.6, 0.6, 6), (4, 3)))
        for _ in range(3)
    ]
    noisy = 0.5 + 0.1 * np.stack(waves, axis=-1) + 0.04 * random.standard_normal((height, width, 3))
    return noisy.clip(0, 1).astype(np.float32)


def relative(found: Any, expected: Any) -> float:
    """Returns |found - expected| / |expected|."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def cosine(found: Any, expected: Any) -> float:
    """Returns the cosine between two arrays."""
    found, expected = np.asarray(found, np.float64).ravel(), np.asarray(expected, np.float64).ravel()
    return float(found @ expected / (np.linalg.norm(found) * np.linalg.norm(expected)))


class TorchVgg:
    """VGG-19's convolutions in PyTorch, of full width, in float64, with random weights. It knows nothing of impasto."""

    BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
    MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        random = torch.Generator().manual_seed(5)
        self.modules: list[tuple[str, Any]] = []
        inputs = 3
        for block, (outputs, count) in enumerate(self.BLOCKS, 1):
            for place in range(1, count + 1):
                conv = torch.nn.Conv2d(inputs, outputs, 3, padding=1)
                with torch.no_grad():
                    conv.weight.normal_(0, (2 / (9 * inputs)) ** 0.5, generator=random)
                    conv.bias.normal_(0, 0.05, generator=random)
                self.modules += [(f"conv{block}_{place}", conv), (f"relu{block}_{place}", torch.nn.ReLU())]
                inputs = outputs
            self.modules.append((f"pool{block}", torch.nn.MaxPool2d(2)))

    def state_dict(self) -> dict[str, Any]:
        """Returns the weights by torchvision's names, in float32."""
        sequence = self.torch.nn.Sequential(*(module for _, module in self.modules))
        return {f"features.{name}": value for name, value in sequence.state_dict().items()}

    def features(self, x: Any, layers: list[str]) -> dict[str, Any]:
        """Returns the features of pixels (height, width, 3), float64, as (channels, height, width)."""
        torch = self.torch
        mean, deviation = (torch.tensor(v, dtype=torch.float64) for v in (self.MEAN, self.DEVIATION))
        at = ((x - mean) / deviation).permute(2, 0, 1)[None]
        found = {}
        for name, module in self.modules:
            at = module.double()(at)
            if name in layers:
                found[name] = at[0]
            if len(found) == len(layers):
                break
        return found
