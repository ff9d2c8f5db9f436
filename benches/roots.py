"""Measures whether a card could judge: Newton-Schulz roots in single precision, against eigenvalues in double.

The Wasserstein loss needs the root of A^1/2 B A^1/2 and its inverse (A the style's covariance + e I, B the picture's).
A card has no eigenvalues, but products; the coupled iteration of Newton and Schulz (Higham, "Functions of Matrices",
2008, chapter 6) needs nothing else. Its error grows with the matrix's condition. This prints, for each style layer, the
condition, and the relative errors of the trace of the root and of the derivative I - A^1/2 (..)^-1/2 A^1/2.

    pip install .
    python benches/roots.py [--model random:vgg19] [--size 384]
"""

import argparse
from pathlib import Path

import impasto
import numpy as np
from PIL import Image

PICTURES = Path(__file__).resolve().parent.parent / "docs/pictures"
LAYERS = [f"relu{block}_1" for block in range(1, 6)]

# The loss adds this to both diagonals, so that the roots can be differentiated.
REGULARISATION = 1e-4

STEPS = 20, 30


def covariance(encoder, picture, layer):
    features = encoder.features(picture, layer)[layer].astype(np.float64)
    features = features.reshape(len(features), -1)
    features -= features.mean(1, keepdims=True)
    return features @ features.T / features.shape[1] + REGULARISATION * np.eye(len(features))


def exact(product, root):
    """The trace of the root of a product, and the derivative, by eigenvalues in double precision."""
    values, vectors = np.linalg.eigh(product)
    roots = np.sqrt(np.maximum(values, 0))
    inverse = 1 / np.sqrt(np.maximum(values, np.finfo(float).tiny))
    half = root @ vectors
    return roots.sum(), np.eye(len(root)) - (half * inverse) @ half.T, values[-1] / values[0]


def newton_schulz(product, root, steps):
    """The same in single precision, by `steps` steps from the product itself."""
    norm = np.linalg.norm(product)
    three = 3 * np.eye(len(product), dtype=np.float32)
    y, z = (product / norm).astype(np.float32), np.eye(len(product), dtype=np.float32)
    for _ in range(steps):
        t = (three - z @ y) / 2
        y, z = y @ t, t @ z
    root = root.astype(np.float32)
    inverse = (root @ z @ root).astype(np.float64) / np.sqrt(norm)
    return np.sqrt(norm) * np.trace(y.astype(np.float64)), np.eye(len(root)) - inverse


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="lite")
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--content", type=Path, default=PICTURES / "coffee.jpg")
    parser.add_argument("--style", type=Path, default=PICTURES / "starry-night.jpg")
    arguments = parser.parse_args()
    encoder = impasto.Encoder(arguments.model)
    content, style = (small(path, arguments.size) for path in (arguments.content, arguments.style))
    print("| layer | channels | condition |", *(f"trace, {n} steps | derivative, {n} steps |" for n in STEPS))
    print("| --- | --- | --- |" + " --- | --- |" * len(STEPS))
    for layer in LAYERS:
        values, vectors = np.linalg.eigh(covariance(encoder, style, layer))
        root = (vectors * np.sqrt(values)) @ vectors.T
        product = root @ covariance(encoder, content, layer) @ root
        trace, derivative, condition = exact(product, root)
        cells = [layer, len(root), f"{condition:.0e}" if condition > 0 else "none"]
        for steps in STEPS:
            with np.errstate(all="ignore"):  # It may run out of range.
                seen, by = newton_schulz(product, root, steps)
            cells.append(f"{abs(seen - trace) / trace:.0e}")
            cells.append(f"{np.linalg.norm(by - derivative) / np.linalg.norm(derivative):.0e}")
        print("|", " | ".join(map(str, cells)), "|")


def small(path, size):
    picture = Image.open(path).convert("RGB")
    picture.thumbnail((size, size))
    return picture


main()
