"""Measures how near encoders are to a teacher's prediction: a row for each file, on pictures that no training saw.

    python measure.py FILE ... --teacher TEACHER.safetensors --pictures FOLDER [--exclude FOLDER] [--margin 16]

For each style layer: `heads` is the unexplained part after the best linear map (fitted on other pictures); `own` is the
error of the inner products in the encoder's own space (losses.py); `head` is the same in the space of the linear map,
which a style loss of H S H' would use.
"""

import argparse
from pathlib import Path

import torch

from distil import STYLE
from losses import Heads, kernel
from network import File, Teacher, Vgg
from pictures import HELD, Crops, fingerprints, learned_and_held, squares

ROWS = 4096


@torch.no_grad()
def rows(network, teacher, batches, seed, margin):
    """{layer: (rows of the network, rows to predict)} over all batches."""
    found = {layer: ([], []) for layer in STYLE}
    generator = torch.Generator().manual_seed(seed)
    for batch in batches:
        seen, taught = network.inside(batch, STYLE, margin), teacher(batch, STYLE, margin)
        for layer in STYLE:
            flat = [x.permute(0, 2, 3, 1).reshape(-1, x.shape[1]) for x in (seen[layer], taught[layer])]
            chosen = torch.randperm(len(flat[0]), generator=generator)[: ROWS // len(batches)]
            found[layer][0].append(flat[0][chosen])
            found[layer][1].append(teacher.predict(layer, flat[1][chosen]))
    return {layer: (torch.cat(own), torch.cat(wanted)) for layer, (own, wanted) in found.items()}


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True, nargs="+")
    parser.add_argument("--exclude", type=Path, nargs="+", default=[])
    parser.add_argument("--margin", type=int, default=0, help="mirrored pixels around the pictures, which do not count")
    given = parser.parse_args()
    teacher = Teacher(File.read(given.teacher))
    natural, held = learned_and_held(given.pictures, fingerprints(given.exclude))
    held = squares(held, 192).split(1)
    others = [Crops(natural[1::40], [], 1, 4 * 192 * 192, (192,)).batch(step) for step in range(16)]
    print(
        "| file | "
        + " | ".join(f"relu{layer}: heads, own, head" for layer in STYLE)
        + " |\n"
        + "|---" * (1 + len(STYLE))
        + "|"
    )
    for path in given.files:
        file = File.read(path)
        network = Vgg(file.design, normalised=False).load(file).eval()
        fitted, judged = (rows(network, teacher, *which, given.margin) for which in ((others, 0), (held, 1)))
        cells = []
        for layer in STYLE:
            (own, wanted), (seen, target) = fitted[layer], judged[layer]
            heads = Heads({layer: own.shape[1]}, {layer: wanted.shape[1]})
            heads.solve(layer, own, wanted)
            left, there = heads(layer, seen, target), heads.maps[layer](seen)
            cells.append(f"{left.item():.3f} {kernel(seen, target).item():.3f} {kernel(there, target).item():.3f}")
        print(f"| {path.name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
