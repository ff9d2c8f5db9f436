"""Computes numbers for crates/impasto/tests/all/referee_oracle.rs, and draws the pinned random numbers of the measures.

SSIM is by scikit-image, MS-SSIM by pytorch-msssim, GMSD by piq, L*a*b* by scikit-image, sliced distances by SciPy and
POT, pyramids by SciPy, filters, structure and the layers of an encoder by PyTorch, noise by SciPy and scikit-image.

    pip install torch numpy scipy scikit-image PyWavelets pillow safetensors piq pytorch-msssim POT
    python tests/oracle/referee.py

The pinned numbers (crates/impasto/src/referee/pinned.bin) are drawn only if the file is missing: with other numbers,
scores could not be compared with older ones.
"""

import json
import sys
from pathlib import Path

sys.path.append(sys.path.pop(0))  # last, because this folder has a colour.py too
import numpy as np
import ot
import piq
import torch
from PIL import Image
from pytorch_msssim import ms_ssim
from scipy.linalg import sqrtm
from scipy.ndimage import convolve1d
from scipy.signal import convolve2d
from scipy.stats import wasserstein_distance
from skimage.color import rgb2lab
from skimage.metrics import structural_similarity
from skimage.restoration import estimate_sigma

from presets import Network

CRATE = Path(__file__).resolve().parents[2] / "crates/impasto"
FIXTURES = CRATE / "tests/fixtures"
PINNED = CRATE / "src/referee/pinned.bin"
LITE = CRATE.parent / "impasto-encoder/src/lite.safetensors"

DIRECTIONS, PATCH, FILTERS, FILTER = 128, 7, 32, 5


def pinned():
    """(directions, filters): unit vectors; the planes of each filter sum to 0."""
    count = DIRECTIONS * 3 * PATCH**2 + FILTERS * 3 * FILTER**2
    if not PINNED.exists():
        numbers = np.clip(np.rint(40 * np.random.default_rng(2017).standard_normal(count)), -127, 127)
        PINNED.write_bytes(numbers.astype(np.int8).tobytes())
    numbers = np.frombuffer(PINNED.read_bytes(), np.int8).astype(np.float64)
    assert len(numbers) == count
    directions, filters = np.split(numbers, [DIRECTIONS * 3 * PATCH**2])
    directions = directions.reshape(DIRECTIONS, -1)
    filters = filters.reshape(FILTERS, 3, FILTER, FILTER)
    filters = filters - filters.mean(axis=(2, 3), keepdims=True)
    return (
        directions / np.linalg.norm(directions, axis=1, keepdims=True),
        filters / np.sqrt((filters**2).sum(axis=(1, 2, 3), keepdims=True)),
    )


# ------------------------------------------------------------------------------------------------------- pictures


def read(name):
    """[height, width, 3] in 0..1."""
    return np.asarray(Image.open(FIXTURES / name).convert("RGB"), dtype=np.float64) / 255


def waves(width, height, kind):
    """A plane large enough for five scales; the Rust test draws it by the same formula."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    slow = np.sin(x * (0.11 + 0.01 * kind) + y * 0.07)
    fast = np.sin(x * 0.9 - y * 1.3 + 0.5 * kind)
    return 0.5 + 0.3 * slow + 0.15 * fast


def luma(picture):
    return picture @ [0.299, 0.587, 0.114]


# -------------------------------------------------------------------------------------------------------- measures


def ssim(a, b):
    return structural_similarity(
        a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1
    )


def batch(plane):
    return torch.from_numpy(plane)[None, None]


def ms_ssim_in_double(a, b):
    """pytorch-msssim with a window in double precision; its own is single, which shifts the result by 5e-5."""
    window = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window = torch.from_numpy(window / window.sum())[None, None, None]
    return float(ms_ssim(batch(a), batch(b), data_range=1, win=window))


def sphere(count):
    """Fibonacci's lattice on the upper half sphere."""
    i = np.arange(count)
    z = (i + 0.5) / count
    angle = np.pi * (3 - np.sqrt(5)) * i
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)


def colour_distance(picture, styles):
    """By SciPy, direction by direction, with the weights of several styles; also by POT if there is one style."""
    samples = rgb2lab(picture).reshape(-1, 3)
    of_styles = [(share, rgb2lab(style).reshape(-1, 3)) for share, style in styles]
    lab = np.concatenate([lab for _, lab in of_styles])
    weights = np.concatenate([np.full(len(lab), share / len(lab)) for share, lab in of_styles])
    distances = [
        wasserstein_distance(samples @ direction, lab @ direction, v_weights=weights) for direction in sphere(64)
    ]
    if len(styles) == 1:
        by_pot = ot.sliced_wasserstein_distance(samples, lab, projections=sphere(64).T, p=1)
        assert abs(by_pot - np.mean(distances)) < 1e-9, (by_pot, np.mean(distances))
    return float(np.mean(distances))


KERNEL = np.array([1, 4, 6, 4, 1]) / 16


def blurred(picture, gain=1):
    for axis in (0, 1):
        picture = gain * convolve1d(picture, KERNEL, axis=axis, mode="mirror")
    return picture


def halved(picture):
    return blurred(picture)[::2, ::2]


def doubled(picture, like):
    zeros = np.zeros_like(like)
    zeros[::2, ::2] = picture
    return blurred(zeros, gain=2)


def laplacian(picture):
    bands = []
    while len(bands) < 5 and min(picture.shape[:2]) >= 16:
        coarser = halved(picture)
        bands.append(picture - doubled(coarser, picture))
        picture = coarser
    return bands


def places(width, height, most):
    """All places, or at most `most` of them, by Roberts' sequence."""
    if width * height <= most:
        y, x = np.divmod(np.arange(width * height), width)
        return x, y
    root = 1.3247179572447460  # x^3 = x + 1
    spread = lambda step, side: ((0.5 + np.arange(most) * step) % 1 * side).astype(int)
    return spread(1 / root, width), spread(1 / root**2, height)


def patches(band):
    """Patches as rows, planes first."""
    windows = np.lib.stride_tricks.sliding_window_view(band, (PATCH, PATCH), axis=(0, 1))
    x, y = places(windows.shape[1], windows.shape[0], 1 << 14)
    return windows[y, x].reshape(-1, 3 * PATCH**2)


def patch_distance(picture, styles, directions):
    result = []
    of_styles = [(share, laplacian(style)) for share, style in styles]
    for octave, band in enumerate(laplacian(picture)):
        if any(octave >= len(bands) for _, bands in of_styles):
            break
        square = sum(share * (bands[octave] ** 2).mean(axis=(0, 1)) for share, bands in of_styles)
        scale = 1 / np.maximum(np.sqrt(square), 1 / 255)
        seen = patches(band * scale)
        target = [(share, patches(bands[octave] * scale)) for share, bands in of_styles]
        weights = np.concatenate([np.full(len(rows), share / len(rows)) for share, rows in target])
        rows = np.concatenate([rows for _, rows in target])
        result.append(
            np.mean([wasserstein_distance(seen @ d, rows @ d, v_weights=weights) for d in directions])
        )
    return float(np.mean(result))


def moments(features):
    """(E[f], E[f f^T]) of a C x N matrix."""
    return features.mean(axis=1), features @ features.T / features.shape[1]


def relative_distance(seen, target):
    """Gaussian Wasserstein-2 over the target's second moment, regularised by 1e-4 of the mean channel's."""
    scale = len(target[0]) / np.trace(target[1])
    (m, s), (n, t) = [(np.sqrt(scale) * mean, scale * second) for mean, second in (seen, target)]
    regular = 1e-4 * np.eye(len(m))
    b, a = s - np.outer(m, m) + regular, t - np.outer(n, n) + regular
    root = np.real(sqrtm(a))
    cross = np.real(sqrtm(root @ b @ root))
    return float((((m - n) ** 2).sum() + np.trace(a + b - 2 * cross)) / len(m))


def blended(parts):
    return tuple(sum(share * of[i] for share, of in parts) for i in (0, 1))


def responses(picture, filters):
    result = []
    while len(result) < 5 and min(picture.shape[:2]) >= 16:
        planes = torch.from_numpy(picture.transpose(2, 0, 1).copy())[None]
        features = torch.relu(torch.nn.functional.conv2d(planes, torch.from_numpy(filters)))
        result.append(moments(features[0].flatten(1).numpy()))
        picture = halved(picture)
    return result


def filter_distance(picture, styles, filters):
    seen, of_styles = responses(picture, filters), [(share, responses(style, filters)) for share, style in styles]
    octaves = min([len(seen)] + [len(of) for _, of in of_styles])
    target = [blended([(share, of[octave]) for share, of in of_styles]) for octave in range(octaves)]
    return float(np.mean([relative_distance(s, t) for s, t in zip(seen, target)]))


LAYERS = ("relu2_2", "relu3_2", "relu4_4")


def layer_distances(picture, styles):
    network = Network.load(FIXTURES / "narrow.safetensors")

    def of(picture):
        features = network.features(torch.from_numpy(picture.transpose(2, 0, 1).copy()), LAYERS)
        return {layer: moments(features[layer].numpy()) for layer in LAYERS}

    seen, of_styles = of(picture), [(share, of(style)) for share, style in styles]
    return {
        layer: relative_distance(seen[layer], blended([(share, m[layer]) for share, m in of_styles]))
        for layer in LAYERS
    }


def resized(picture, width, height):
    """Resizes light by Pillow's bicubic kernel, clipped to 0..1."""
    light = np.where(picture <= 0.04045, picture / 12.92, ((picture + 0.055) / 1.055) ** 2.4)
    planes = [
        Image.fromarray(light[..., c].astype(np.float32)).resize((width, height), Image.BICUBIC) for c in range(3)
    ]
    light = np.stack([np.asarray(plane, np.float64) for plane in planes], axis=-1).clip(0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


# For each layer: pixels of mirrored margin that hide the padding of its convolutions, and pixels between features.
STRUCTURE = {"relu3_4": (24, 4), "relu4_4": (64, 8)}


def self_similarities(picture, network):
    """{layer: cosines of all pairs of positions}, at about 256x192 pixels, in multiples of 8."""
    height, width = picture.shape[:2]
    scale = np.sqrt(256 * 192 / (width * height)) / 8
    picture = resized(picture, 8 * round(width * scale), 8 * round(height * scale))
    result = {}
    for layer, (margin, step) in STRUCTURE.items():
        framed = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
        features = network.features(torch.from_numpy(framed.transpose(2, 0, 1).copy()), [layer])[layer]
        inside = [side // step for side in (margin, picture.shape[0], picture.shape[1])]
        features = features.unflatten(1, (framed.shape[0] // step, -1))
        features = features[:, inside[0] : inside[0] + inside[1], inside[0] : inside[0] + inside[2]].flatten(1)
        unit = torch.nn.functional.normalize(features - features.mean(1, keepdim=True), dim=0)
        cosines = unit.T @ unit
        result[layer] = cosines[~torch.eye(len(cosines), dtype=bool)].numpy()
    return result


def structure(picture, content, network):
    """Distance from a content, which is first resized to the picture's size."""
    content = resized(content, picture.shape[1], picture.shape[0]) if content.shape != picture.shape else content
    seen, target = self_similarities(picture, network), self_similarities(content, network)
    return [float(np.corrcoef(seen[layer], target[layer])[0, 1]) for layer in STRUCTURE]


def blocks(picture, mask):
    """Mean squares of the response in 8x8 blocks, in 8-bit steps; 1 for white noise of deviation 1."""
    mask = mask / np.sqrt((mask**2).sum())
    planes = np.stack([convolve2d(picture[..., c], mask, mode="valid") for c in range(3)], axis=-1)
    down, across = planes.shape[0] // 8, planes.shape[1] // 8
    planes = planes[: 8 * down, : 8 * across].reshape(down, 8, across, 8, 3)
    return 255**2 * (planes**2).mean(axis=(1, 3, 4)).ravel()


def noise_of(picture):
    """(variance of even noise, part of structure, structure), by NumPy's weighted least squares."""
    second, mean = np.array([1.0, -2.0, 1.0]), np.array([1.0, 2.0, 1.0])
    n = blocks(picture, np.outer(second, second))
    e = (blocks(picture, np.outer(mean, second)) + blocks(picture, np.outer(second, mean))) / 2
    part, offset = np.polyfit(e, n, 1, w=1 / np.maximum(e, 1))
    even = max(offset, 0) / (1 - min(part, 0.5))
    return even, part, max(e.mean() - even, 0)


def noise(picture, sources):
    (even, part, structure), of = noise_of(picture), [noise_of(source) for source in sources]
    beyond = [max(value - max(o[i] for o in of), 0) for i, value in enumerate((even, part))]
    return float(np.sqrt(beyond[0] + beyond[1] * structure))


# -----------------------------------------------------------------------------------------------------------------


def main():
    directions, filters = pinned()
    image, content = read("image.png"), read("content.png")
    style, other = read("style.png"), read("style2.png")
    one, two = [(1.0, style)], [(0.7, style), (0.3, other)]
    a, b = luma(image), luma(content)
    large = waves(192, 176, 0), waves(192, 176, 1)
    picture, painting = [np.stack([waves(192, 176, kind + i) for i in range(3)], axis=-1) for kind in (0, 2)]
    portrait = [np.stack([waves(300, 400, kind + i) for i in range(3)], axis=-1) for kind in (0, 1)]
    narrow, lite = [Network.load(path) for path in (FIXTURES / "narrow.safetensors", LITE)]
    lab = [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (1.0, 0.0, 0.0), (0.2, 0.5, 0.9), (0.02, 0.03, 0.01)]
    # White noise of a known deviation, which scikit-image estimates by another method.
    flat = 0.5 + 8 / 255 * np.random.default_rng(5).standard_normal((256, 256, 3))
    rough = flat + 0.2 * waves(256, 256, 0)[..., None]
    found = [
        np.sqrt(noise_of(flat)[0]),
        np.sqrt(noise_of(rough)[0]),
        255 * np.mean(estimate_sigma(flat, channel_axis=-1)),
    ]
    print("noise of 8:", np.round(found, 3))
    (FIXTURES / "referee.json").write_text(json.dumps({
        "ssim": float(ssim(a, b)),
        "ssim-large": float(ssim(*large)),
        "ms-ssim-large": ms_ssim_in_double(*large),
        "gmsd": float(piq.gmsd(batch(a), batch(b))),
        "gmsd-large": float(piq.gmsd(*map(batch, large))),
        "structure": structure(image, content, narrow),
        "structure-lite": structure(style, content, lite),
        "structure-large": structure(*portrait, lite),
        "lab": [[list(rgb), [float(v) for v in rgb2lab(np.array([[rgb]]))[0, 0]]] for rgb in lab],
        "colour": [colour_distance(image, styles) for styles in (one, two)],
        "bands": [float((band**2).mean()) for band in laplacian(image)],
        "patches": [patch_distance(image, styles, directions) for styles in (one, two)],
        "filters": [filter_distance(image, styles, filters) for styles in (one, two)],
        "patches-large": patch_distance(picture, [(1.0, painting)], directions),
        "filters-large": filter_distance(picture, [(1.0, painting)], filters),
        "layers": [layer_distances(image, styles) for styles in (one, two)],
        "noise-even": [float(np.sqrt(noise_of(picture)[0])) for picture in (image, style)],
        "noise": [noise(*case) for case in ((image, [style, content]), (style, [content]))],
    }, indent=1) + "\n")


main()
