"""Makes half-finished stylisations, so that a student sees what an optimiser will show it.

    python unfinished.py --pictures FOLDER --output FOLDER [--count 200] [--impasto ../target/release/impasto]

The seed determines pairs of pictures, numbers of iterations, initial pictures and sizes. Existing pictures are kept, so
that an interrupted run continues.
"""

import argparse
import random
import subprocess
from pathlib import Path

from pictures import alike, files, fingerprints, is_held, opened


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, required=True, nargs="+", help="folders of photographs and paintings")
    parser.add_argument("--exclude", type=Path, nargs="+", default=[], help="folders of test pictures")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="lite", help="the encoder: a name, or a file that Impasto reads")
    parser.add_argument(
        "--impasto", type=Path, default=Path(__file__).resolve().parents[1] / "target" / "release" / "impasto"
    )
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    if not given.impasto.exists():
        raise SystemExit(f"error: no {given.impasto}\nhint: cargo build --release, or --impasto FILE")
    without = fingerprints(given.exclude)
    # Pictures that `distil.py` holds out are not used either.
    pictures = [
        path
        for folder in given.pictures
        for path in files(folder)
        if not is_held(path) and not alike(opened(path), without)
    ]
    if len(pictures) < 2:
        raise SystemExit("error: fewer than two pictures to paint with")
    for number in range(given.count):
        dice = random.Random(f"{given.seed} {number}")
        content, style = dice.sample(pictures, 2)
        output = given.output / f"{number:04}.png"
        command = [given.impasto, "stylize", content, style, "-o", output, "--model", given.model, "--seed", number]
        command += ["--size", dice.choice([192, 224, 256]), "--first-iterations", round(2 ** dice.uniform(1, 7))]
        command += [
            "--iterations",
            round(2 ** dice.uniform(0, 5)),
            "--init",
            dice.choice(["content", "content", "noise"]),
        ]
        command += [
            "--content-weight",
            round(0.11 * 2 ** dice.uniform(-2, 2), 4),
            "--tv-weight",
            dice.choice([0, 1.25]),
        ]
        if not output.exists():
            command += ["--progress", "none", "--no-checkpoint"]
            done = subprocess.run([str(word) for word in command], stderr=subprocess.PIPE, text=True)
            if done.returncode:
                raise SystemExit(done.stderr)


if __name__ == "__main__":
    main()
