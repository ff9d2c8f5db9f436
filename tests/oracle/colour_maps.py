"""Computes numbers for crates/impasto/tests/all/colour.rs: colour transfers by NumPy, SciPy and scikit-image; Oklab.

The transfers give a style the colours of a content. The Oklab values of known colours are by colour-science.

    pip install numpy scipy scikit-image colour-science
    python tests/oracle/colour_maps.py
"""

import json
import sys
from pathlib import Path

sys.path.pop(0)  # this folder has a colour.py too
import colour
import numpy as np
from scipy.linalg import cholesky, sqrtm
from skimage.exposure import match_histograms

OUT = Path(__file__).parents[2] / "crates/impasto/tests/fixtures/colour_maps.json"


def moments(picture):
    pixels = picture.reshape(-1, 3)
    mean = pixels.mean(axis=0)
    return mean, (pixels - mean).T @ (pixels - mean) / len(pixels) + 1e-4 * np.eye(3)


def linear(style, content, kind):
    (style_mean, s), (content_mean, c) = moments(style), moments(content)
    if kind == "cholesky":
        a = cholesky(c, lower=True) @ np.linalg.inv(cholesky(s, lower=True))
    elif kind == "pca":
        a = sqrtm(c) @ np.linalg.inv(sqrtm(s))
    else:
        root = sqrtm(s)
        inverse = np.linalg.inv(root)
        a = inverse @ sqrtm(root @ c @ root) @ inverse
    return (style - style_mean) @ np.real(a).T + content_mean


def main():
    random = np.random.default_rng(3)
    # Mid-range values, so that nothing is clipped; correlated channels; some values twice.
    mix = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7]])
    style = 0.35 + 0.3 * np.round(random.random((5, 6, 3)) @ mix, 2)
    content = 0.3 + 0.35 * random.random((4, 7, 3)) @ mix.T
    cases = {kind: linear(style, content, kind) for kind in ["cholesky", "pca", "monge-kantorovich"]}
    cases["histogram"] = match_histograms(style, content, channel_axis=-1)
    planar = lambda picture: [round(float(v), 8) for v in picture.transpose(2, 0, 1).ravel()]
    OUT.write_text(json.dumps({
        "style": planar(style),
        "content": planar(content),
        "cases": {kind: planar(picture) for kind, picture in cases.items()},
    }))
    for rgb in [(1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0.5, 0.5, 0.5)]:
        print(rgb, np.round(colour.XYZ_to_Oklab(colour.sRGB_to_XYZ(rgb)), 5))


main()
