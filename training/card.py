"""Prints the numbers of the model card (docs/lite.md), by PyTorch: hash, layers, and moments on a picture from a
formula.

    python card.py lite.safetensors

The format is that of the card. A test compares Impasto's engines and the embedded file with the card.
"""

import argparse
import hashlib
from pathlib import Path

import torch

from network import File, Vgg

WIDTH, HEIGHT = 96, 64


def picture():
    """A picture [1, 3, 64, 96] of waves; each plane has its own wavelength in each direction."""
    y, x = torch.meshgrid(
        torch.arange(HEIGHT, dtype=torch.float64), torch.arange(WIDTH, dtype=torch.float64), indexing="ij"
    )
    planes = [0.5 + 0.5 * torch.sin(0.11 * (c + 1) * x + 0.17 * (3 - c) * y) for c in range(3)]
    return torch.stack(planes)[None].float()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    file = File.read(given.file)
    print(f"sha256 `{hashlib.sha256(given.file.read_bytes()).hexdigest()}`, {given.file.stat().st_size} bytes,")
    print(f"pooling `{file.design.pooling}`, padding `{file.design.padding}`\n")
    vgg = Vgg(file.design, normalised=False).load(file).double()
    print("| layer | channels | mean | mean square |\n|---|---|---|---|")
    with torch.no_grad():
        for layer, features in vgg(picture().double()).items():
            print(f"| relu{layer} | {features.shape[1]} | {features.mean():.5f} | {features.square().mean():.4f} |")


if __name__ == "__main__":
    main()
