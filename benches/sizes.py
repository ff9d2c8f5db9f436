"""Compares the same options at several sizes: how much the referee's scores differ when scaled to the smallest size.

    python benches/sizes.py --content FILE --style FILE --output FOLDER
        [--sizes 256,512,1024] [--options "--strength 0.3" ...]

needs a built `impasto` (cargo build --release) and only Python. Existing pictures are not painted again.
"""

import argparse
import json
import subprocess
from pathlib import Path

OPTIONS = ["--strength 0.3", "--strength 0.6", "--strength 1", "--stroke-size 0.5", "--stroke-size 2"]
MEASURES = ["ssim", "ms-ssim", "gmsd", "structure", "colour", "patches", "filters"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--content", type=Path, required=True)
    parser.add_argument("--style", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--impasto", type=Path, default=Path("target/release/impasto"))
    parser.add_argument("--sizes", default="256,512,1024")
    parser.add_argument("--options", nargs="+", default=OPTIONS)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    sizes = [int(size) for size in arguments.sizes.split(",")]

    def run(*words):
        command = [str(word) for word in (arguments.impasto, *words)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    print("| options | size | " + " | ".join(MEASURES) + " |")
    print("|---" * (len(MEASURES) + 2) + "|")
    for options in arguments.options:
        pictures = []
        for size in sizes:
            name = "".join(c for c in options if c.isalnum() or c == ".")
            picture = arguments.output / f"{arguments.content.stem}_{name}_{size}.png"
            if not picture.exists():
                given = ["--size", size, "--progress", "none", "--no-checkpoint", *options.split()]
                run("stylize", arguments.content, arguments.style, "-o", picture, *given)
            pictures.append(picture)
        sources = ["--content", arguments.content, "--style", arguments.style]
        compared = json.loads(run("compare", *sources, *pictures, "--size", min(sizes), "--json"))
        scores = [picture["scores"] for picture in compared["pictures"]]
        for size, score in zip(sizes, scores):
            print(f"| `{options}` | {size} | " + " | ".join(f"{score[name]:.3f}" for name in MEASURES) + " |")
        # The difference from the mean of the largest and the smallest value.
        apart = []
        for name in MEASURES:
            values = [score[name] for score in scores]
            apart.append((max(values) - min(values)) / (max(values) + min(values)))
        print(f"| | ± | " + " | ".join(f"{100 * value:.0f} %" for value in apart) + " |", flush=True)


if __name__ == "__main__":
    main()
