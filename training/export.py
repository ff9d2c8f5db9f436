"""Writes a trained student as Impasto's canonical file: normalisations folded, activations rescaled, half precision.

    python export.py RUN/student.safetensors -o lite.safetensors --pictures FOLDER --like FILE

ReLUs and poolings let a positive factor through, so a layer's kernel times s / r and its bias times s, where r is the factor of the
layer before, make its features s times as large and all others what they were: the network is the same, in other units. Recipes are
tuned on networks whose units they know, so the mean square of every layer's features is set to the one that is asked for.
"""

import argparse
import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import save as to_bytes

from network import File, Vgg
from pictures import read_folder

LICENCE = "MIT OR Apache-2.0"
# Whom every student of VGG-19's has to name, whoever taught it.
ATTRIBUTION = (
    "VGG-19 by Karen Simonyan and Andrew Zisserman, CC BY 4.0; Collaborative Distillation, copyright 2020 Huan Wang, MIT licence"
)


def write(path: Path, student: Vgg, facts: dict[str, str], half=True):
    """A student of a run, as it is."""
    save(path, File(student.design, {name: tensor.cpu() for name, tensor in student.folded().items()}), facts, half)


def save(path: Path, file: File, facts: dict[str, str], half=True):
    design = file.design
    tensors = {}
    for name, tensor in sorted(file.tensors.items()):
        # The input's map carries the means of 0..255, where half precision has steps of 0.06.
        keep = not half or name.startswith("input.")
        tensors[name] = tensor.float().contiguous() if keep else tensor.half().contiguous()
        if not torch.isfinite(tensors[name]).all():
            raise SystemExit(f"error: {name} is not finite in the file's precision")
    metadata = {"format": "impasto-encoder", "version": "1", "family": "vgg19-lite", "name": "lite", "licence": LICENCE}
    metadata |= {"pooling": design.pooling, "padding": design.padding, "attribution": ATTRIBUTION} | facts
    partial = path.with_suffix(".part")
    partial.write_bytes(in_order(to_bytes(tensors, metadata)))
    partial.replace(path)


def in_order(file: bytes):
    """The same safetensors file with its metadata sorted: the library has another order every time, and so another hash."""
    length = int.from_bytes(file[:8], "little")
    header = json.loads(file[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + file[8 + length :]


@torch.no_grad()
def mean_squares(file: File, pictures):
    """{layer: mean square of the features} over pictures, each at its own size."""
    vgg = Vgg(file.design, normalised=False).load(file).eval()
    sums = {}
    for picture in pictures:
        for layer, features in vgg(picture[None].float() / 255).items():
            sums.setdefault(layer, []).append(float(features.double().square().mean()))
    return {layer: sum(values) / len(values) for layer, values in sums.items()}


def rescaled(file: File, found: dict[str, float], wanted: dict[str, float]):
    """The same network with the mean squares `wanted` where it had those `found`."""
    tensors, before = dict(file.tensors), 1.0
    for layer, square in found.items():
        # Layers that nobody asks for keep between their neighbours' units.
        factor = (wanted[layer] / square) ** 0.5 if layer in wanted else before
        tensors[f"conv{layer}.weight"] = tensors[f"conv{layer}.weight"] * (factor / before)
        tensors[f"conv{layer}.bias"] = tensors[f"conv{layer}.bias"] * factor
        before = factor
    # Heads are for training only.
    return File(file.design, {name: tensor for name, tensor in tensors.items() if not name.startswith("head")}, file.metadata)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="a canonical file, such as a run's student.safetensors")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True, help="what units are measured on")
    parser.add_argument("--like", type=Path, required=True, help="the encoder whose units it takes")
    parser.add_argument("--licence", default=LICENCE)
    parser.add_argument("--source", help="what it was made of; otherwise the file's own")
    parser.add_argument("--attribution", default=ATTRIBUTION)
    given = parser.parse_args()
    file = File.read(given.file)
    pictures = read_folder(given.pictures)[::8]
    done = rescaled(file, mean_squares(file, pictures), mean_squares(File.read(given.like), pictures))
    facts = {"source": given.source or file.metadata.get("source", "unknown")}
    facts |= {"licence": given.licence, "attribution": given.attribution}
    save(given.output, done, facts)
    print(f"{given.output}: {given.output.stat().st_size} bytes, sha256 {hashlib.sha256(given.output.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
