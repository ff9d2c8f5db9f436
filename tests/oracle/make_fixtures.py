"""Makes the numbers that the Rust tests compare with: crates/impasto/tests/fixtures/. See README.md.

    python make_fixtures.py [--output FOLDER]
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import save_file

from presets import (
    CONVS,
    IMAGENET_MEAN,
    IMAGENET_STD,
    PRESETS,
    STATISTICS,
    STYLE_TAPS,
    Network,
    evaluate,
    numbers_of,
    read_picture,
    region_losses,
    torchvision_index,
)

FIXTURES = Path(__file__).resolve().parents[2] / "crates" / "impasto" / "tests" / "fixtures"
NARROW, NARROWER = (8, 16, 20, 24, 24), (4, 6, 8, 8, 8)

# name: (preset, further arguments of evaluate); the styles are style.png, and for `blend` style2.png as well
CASES = {
    **{name: (preset, {}) for name, preset in PRESETS.items()},
    **{name: (preset, {}) for name, preset in STATISTICS.items()},
    "blend": (PRESETS["crowson"], {"blend": (0.7, 0.3)}),
    "crowson-average": (PRESETS["crowson"], {"pooling": "average"}),
    "crowson-l2": (PRESETS["crowson"], {"pooling": "l2"}),
}


def random_convs(widths, last, seed, gain=6.0):
    """{conv: (weight, bias)} up to `last`: He-normal weights, small random biases, from a fixed seed.

    The first convolution and all biases are multiplied by `gain`: features of a trained network's size, so that
    no preset's gradient is all content or all style.
    """
    random, convs, inputs = np.random.default_rng(seed), {}, 3
    for conv in CONVS[: CONVS.index(last) + 1]:
        outputs = widths[int(conv[0]) - 1]
        weight = random.standard_normal((outputs, inputs, 3, 3)) * np.sqrt(2 / (9 * inputs))
        weight *= gain if conv == "1_1" else 1.0
        bias = 0.05 * gain * random.standard_normal(outputs)
        convs[conv], inputs = (weight.astype(np.float32), bias.astype(np.float32)), outputs
    return convs


def random_metrics(widths, seed):
    """{conv: matrix} at the style's layers, as far from the identity as those of a compressed network."""
    random = np.random.default_rng(seed)
    mixed = lambda width: np.eye(width) + 0.7 * random.standard_normal((width, width)) / np.sqrt(width)
    return {tap[4:]: mixed(widths[int(tap[4]) - 1]).astype(np.float32) for tap in STYLE_TAPS}


def save_canonical(path, convs, family, metrics=()):
    tensors = {f"conv{conv}.weight": weight for conv, (weight, _) in convs.items()}
    tensors |= {f"conv{conv}.bias": bias for conv, (_, bias) in convs.items()}
    tensors |= {f"metric{conv}.weight": metrics[conv] for conv in metrics}
    mean, std = np.array(IMAGENET_MEAN), np.array(IMAGENET_STD)
    tensors["input.weight"] = np.diag(1 / std).astype(np.float32)
    tensors["input.bias"] = (-mean / std).astype(np.float32)
    metadata = {"format": "impasto-encoder", "family": family, "padding": "zero", "pooling": "max"}
    metadata["source"] = "random weights from a fixed seed, for tests"
    save_file(tensors, path, metadata)
    sort_metadata(path)


def sort_metadata(path):
    """Sorts the metadata, which the writer orders at random, so that a regenerated file is the same file."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode().ljust(size)
    assert len(text) == size
    path.write_bytes(data[:8] + text + data[8 + size :])


def save_torchvision(path, convs):
    tensors = {f"features.{torchvision_index(conv)}.weight": weight for conv, (weight, _) in convs.items()}
    tensors |= {f"features.{torchvision_index(conv)}.bias": bias for conv, (_, bias) in convs.items()}
    save_file(tensors, path)


def save_picture(path, width, height, seed):
    """A colourful picture: slow waves and soft discs of random colours, with a finer texture on top."""
    random = np.random.default_rng(seed)
    v, u = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij")
    picture = np.full((height, width, 3), 0.5)
    for rate, count, strength in ((3, 4, 0.13), (14, 6, 0.05), (40, 6, 0.025)):
        for _ in range(count):
            fu, fv = rate * random.standard_normal(2)
            wave = np.sin(2 * np.pi * (fu * u + fv * v + random.uniform()))
            picture += strength * wave[..., None] * random.uniform(-1, 1, 3)
    for _ in range(6):
        (cu, cv), radius, colour = random.uniform(0, 1, 2), random.uniform(0.08, 0.3), random.uniform(0, 1, 3)
        cover = 1 / (1 + np.exp(25 * (np.hypot(u - cu, v - cv) - radius)))
        picture += 0.7 * cover[..., None] * (colour - picture)
    Image.fromarray(np.rint(255 * picture.clip(0, 1)).astype(np.uint8)).save(path, optimize=True)


def save_mask(path, width, height, seed):
    """A soft grey mask with black, white and all values between."""
    random = np.random.default_rng(seed)
    v, u = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij")
    (cu, cv) = random.uniform(0.3, 0.7, 2)
    mask = 0.5 + 2.5 * (0.3 - np.hypot(u - cu, v - cv))
    Image.fromarray(np.rint(255 * mask.clip(0, 1)).astype(np.uint8)).save(path, optimize=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=FIXTURES)
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(2)

    save_canonical(folder / "narrow.safetensors", random_convs(NARROW, "5_2", seed=19), "vgg19-narrow")
    narrower = random_convs(NARROWER, "5_1", seed=23)
    save_canonical(folder / "metrics.safetensors", narrower, "vgg19-narrow", random_metrics(NARROWER, seed=29))
    for seed, (name, width, height) in enumerate(
        [("content", 48, 40), ("style", 56, 44), ("style2", 40, 52), ("image", 48, 40)], start=1
    ):
        save_picture(folder / f"{name}.png", width, height, seed)

    # Everything is computed from the files, which the Rust tests also read.
    network = Network.load(folder / "narrow.safetensors")
    image, content, style, style2 = (
        read_picture(folder / f"{name}.png") for name in ("image", "content", "style", "style2")
    )
    losses, gradients = {}, {}
    for name, (preset, arguments) in CASES.items():
        styles = [style, style2] if "blend" in arguments else [style]
        losses[name], gradient = evaluate(network, preset, image, content, styles, **arguments)
        assert gradient.isfinite().all() and (gradient != 0).any(), name
        gradients[name] = gradient.float().numpy()
        print(f"{name:17} total {losses[name]['total']:.6e}  |gradient| {gradient.norm():.6e}")
    for name in ("gatys", "crowson"):
        save_mask(folder / "mask.png", 48, 40, seed=5)
        save_mask(folder / "style2_mask.png", 40, 52, seed=6)
        mask, part = (read_picture(folder / f"{mask}.png")[0] for mask in ("mask", "style2_mask"))
        regions = [(1 - mask, style, None), (mask, style2, part)]
        judge = lambda x: region_losses(network, PRESETS[name], x, content, regions)
        losses[f"regions-{name}"], gradient = numbers_of(image, judge)
        gradients[f"regions-{name}"] = gradient.float().numpy()
    network = Network.load(folder / "metrics.safetensors")
    for name in ("gatys", "crowson"):
        losses[f"metrics-{name}"], gradient = evaluate(network, PRESETS[name], image, content, [style])
        gradients[f"metrics-{name}"] = gradient.float().numpy()
    (folder / "losses.json").write_text(json.dumps(losses, indent=1) + "\n")
    save_file(gradients, folder / "gradients.safetensors")
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)


if __name__ == "__main__":
    main()
