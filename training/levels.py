"""Writes the levels of drafts: encoders and decoders, in half precision.

    python levels.py FILE -o draft.safetensors [--levels 1 2 3 4]

FILE is the output of decoders.py, or the published file. The published file holds the 16-fold compressed networks of
Collaborative Distillation (Wang, Li, Wang, Hu and Yang, CVPR 2020, MIT licence) as `encoderL.convB_I`, `encoderL.input`
and `decoderL.convB_I`. Equal files give equal bytes.
"""

import argparse
import hashlib
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save as to_bytes

from export import in_order

FACTS = {
    "format": "impasto-draft",
    "version": "1",
    "enlarging": "nearest",
    "padding": "reflect",
    "licence": "MIT; derived from VGG-19 (CC BY 4.0)",
    "attribution": "Copyright (c) 2020 Huan Wang (Collaborative Distillation); "
    "VGG-19 by Karen Simonyan and Andrew Zisserman",
}


# Metadata that decoders.py writes.
TRAINED = ("enlarging", "source_sha256", "training")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--levels", type=int, nargs="+", default=[1, 2, 3, 4])
    options = parser.parse_args()
    tensors, facts = {}, {"source_sha256": hashlib.sha256(options.file.read_bytes()).hexdigest()}
    with safe_open(options.file, "pt") as file:
        facts |= {name: text for name, text in (file.metadata() or {}).items() if name in TRAINED}
        for name in sorted(file.keys()):
            tensor = file.get_tensor(name)
            if int(name.split(".")[0].removeprefix("encoder").removeprefix("decoder")) not in options.levels:
                continue
            # The input map holds the means of 0..255, where half precision has steps of 0.06.
            is_input = ".input." in name
            tensor = tensor.reshape(tensor.shape[:2]) if is_input and tensor.dim() == 4 else tensor
            tensors[name] = tensor.float().contiguous() if is_input else tensor.half().contiguous()
    partial = options.output.with_suffix(".part")
    partial.write_bytes(in_order(to_bytes(tensors, FACTS | facts)))
    partial.replace(options.output)
    print(options.output, hashlib.sha256(options.output.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
