"""Writes a trained student as Impasto's canonical file: normalisations folded, activations rescaled, half precision.

    python export.py RUN/student.safetensors -o lite.safetensors
        --pictures FOLDER --like FILE --licence L --attribution WHOM

ReLU and pooling preserve positive factors. So if a layer's kernel is multiplied by s / r and its bias by s, where r is
the factor of the layer before, its features become s times as large and all others stay the same: the network is the
same, in other units. Recipes are tuned for networks of known units, so the mean square of every layer's features is set
to that of a given encoder.
"""

import argparse
import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import save as to_bytes

from network import File, Vgg
from pictures import read_folder


def write(path: Path, student: Vgg, maps: dict[str, torch.Tensor], facts: dict[str, str]):
    """Writes a run's student unchanged, with its linear maps as heads, in single precision, for export."""
    tensors = student.folded() | maps
    save(path, File(student.design, {name: tensor.cpu() for name, tensor in tensors.items()}), facts, half=False)


def save(path: Path, file: File, facts: dict[str, str], half=True):
    design = file.design
    tensors = {}
    for name, tensor in sorted(file.tensors.items()):
        # The input map holds the means of 0..255, where half precision has steps of 0.06.
        keep = not half or name.startswith("input.")
        tensors[name] = tensor.float().contiguous() if keep else tensor.half().contiguous()
        if not torch.isfinite(tensors[name]).all():
            raise SystemExit(f"error: {name} is not finite in the file's precision")
    metadata = {"format": "impasto-encoder", "version": "1", "family": "vgg19-lite", "name": "lite"}
    metadata |= {"pooling": design.pooling, "padding": design.padding} | facts
    partial = path.with_suffix(".part")
    partial.write_bytes(in_order(to_bytes(tensors, metadata)))
    partial.replace(path)


def in_order(file: bytes):
    """The same safetensors file with sorted metadata: the library's order is random, and would change the hash."""
    length = int.from_bytes(file[:8], "little")
    header = json.loads(file[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + file[8 + length :]


def seen_by_styles(file: File):
    """{layer: the map of style losses, [any, channels]}; layers without a map are left out."""
    names = [(layer, f"{kind}{layer}.weight") for kind in ("head", "metric") for layer in layers_of(file)]
    return {layer: file.tensors[name] for layer, name in names if name in file.tensors}


def layers_of(file: File):
    return [f"{block}_{place}" for block, place, *_ in file.design.convs]


@torch.no_grad()
def mean_squares(file: File, pictures):
    """Mean squares of the features over pictures, each at its own size, by layer; and the same after the style maps,
    per channel of the features.
    """
    vgg, maps = Vgg(file.design, normalised=False).load(file).eval(), seen_by_styles(file)
    plain, seen = {}, {}
    for picture in pictures:
        for layer, features in vgg(picture[None].float() / 255).items():
            square = features.double().square().mean()
            plain[layer] = plain.get(layer, 0) + float(square) / len(pictures)
            if layer in maps:
                rows = features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])
                square = (rows @ maps[layer].T).double().square().sum() / features.numel()
            seen[layer] = seen.get(layer, 0) + float(square) / len(pictures)
    return plain, seen


def root(matrix):
    """The root of a symmetric matrix without negative eigenvalues."""
    values, vectors = torch.linalg.eigh(matrix.double())
    return ((vectors * values.clamp_min(0).sqrt()) @ vectors.T).float()


def rescaled(file: File, found: tuple[dict, dict], wanted: tuple[dict, dict]):
    """The same network with the mean squares `wanted` instead of `found`, and metrics instead of heads."""
    tensors, before, maps = dict(file.tensors), 1.0, seen_by_styles(file)
    for layer, square in found[0].items():
        # Layers without a wanted value keep the units of the layer before.
        factor = (wanted[0][layer] / square) ** 0.5 if layer in wanted[0] else before
        tensors[f"conv{layer}.weight"] = tensors[f"conv{layer}.weight"] * (factor / before)
        tensors[f"conv{layer}.bias"] = tensors[f"conv{layer}.bias"] * factor
        before = factor
        if layer in maps:
            as_seen = (wanted[1][layer] / found[1][layer]) ** 0.5
            tensors[f"metric{layer}.weight"] = root(maps[layer].T @ maps[layer]) * (as_seen / factor)
    return File(
        file.design, {name: tensor for name, tensor in tensors.items() if not name.startswith("head")}, file.metadata
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="a canonical file, such as a run's student.safetensors")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True, help="pictures to measure the units on")
    parser.add_argument("--like", type=Path, required=True, help="the encoder with the wanted units")
    parser.add_argument("--licence", required=True, help="must fit those of the teacher and of the initial weights")
    parser.add_argument("--source", help="its origin; by default the file's own")
    parser.add_argument("--attribution", required=True, help="names that those licences require")
    given = parser.parse_args()
    file = File.read(given.file)
    pictures = read_folder(given.pictures)[::8]
    done = rescaled(file, mean_squares(file, pictures), mean_squares(File.read(given.like), pictures))
    facts = {"source": given.source or file.metadata.get("source", "unknown")}
    facts |= {"licence": given.licence, "attribution": given.attribution}
    save(given.output, done, facts)
    print(
        f"{given.output}: {given.output.stat().st_size} bytes, "
        f"sha256 {hashlib.sha256(given.output.read_bytes()).hexdigest()}"
    )


if __name__ == "__main__":
    main()
