"""Compares recipes: a row for each, with the referee's scores and the seconds, to choose defaults. See docs/evidence.md.

Every recipe paints every pair; `impasto compare` scores the results, by measures that no recipe optimises. Existing
pictures are not painted again, so that an interrupted run continues.

    python benches/recipes.py --contents FOLDER --styles FOLDER --output FOLDER [--size 256] [--referee-model FILE]

needs a built `impasto` (cargo build --release) and only Python. The FOLDERs hold the pictures that PAIRS names; --pair
gives other pictures.
"""

import argparse
import hashlib
import json
import statistics
import subprocess
from pathlib import Path

# Pairs of a photograph and a painting that a user would combine: buildings, water, an animal; strokes, dots, flat
# colour, drawing.
PAIRS = [
    ("golden_gate.jpg", "starry_night.jpg"),
    ("golden_gate.jpg", "wave_crop.jpg"),
    ("golden_gate.jpg", "vg_wheat_field.jpg"),
    ("hoovertowernight.jpg", "shipwreck.jpg"),
    ("hoovertowernight.jpg", "starry_night.jpg"),
    ("hoovertowernight.jpg", "the_scream.jpg"),
    ("lion.jpg", "mosaic.jpg"),
    ("lion.jpg", "wave_crop.jpg"),
    ("lion.jpg", "vg_wheat_field.jpg"),
    ("tubingen.jpg", "starry_night.jpg"),
    ("tubingen.jpg", "shipwreck.jpg"),
    ("tubingen.jpg", "the_scream.jpg"),
]

# Name in the table: options.
RECIPES = {
    "crowson": "--preset crowson",
    "crowson, 300 then 150": "--preset crowson --first-iterations 300 --iterations 150",
    "draft": "--effort draft",
    "impasto": "",
    "fine": "--effort fine",
    "impasto, content 0.3": "--content-weight 0.3",
    "impasto, content 1.2": "--content-weight 1.2",
}


def run(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def mark(arguments, options, pictures):
    """A hash of everything that determines a picture: the program, the options, and every file that is named."""
    digest = hashlib.sha256(f"{arguments.size} {options}".encode())
    for path in (arguments.impasto, *pictures, *(Path(word) for word in options.split())):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def measure(arguments, name, options, pair):
    """Returns (scores, seconds) of a recipe on a pair."""
    content, style = arguments.contents / pair[0], arguments.styles / pair[1]
    slug = "".join(c if c.isalnum() or c == "." else "-" for c in name)
    picture = (
        arguments.output
        / f"{Path(pair[0]).stem}_{Path(pair[1]).stem}_{slug}_{mark(arguments, options, (content, style))}.png"
    )
    report = picture.with_suffix(".json")
    if not report.exists():
        command = [arguments.impasto, "stylize", content, style, "-o", picture, "--report", report]
        command += ["--size", str(arguments.size), "--progress", "none", "--no-checkpoint", *options.split()]
        run(command)
    command = [arguments.impasto, "compare", "--content", content, "--style", style, picture, "--json"]
    if arguments.referee_model:
        command += ["--referee-model", arguments.referee_model]
    compared = json.loads(run(command))
    scores = compared["pictures"][0]["scores"]
    order = ["ssim", "ms-ssim", "gmsd", "structure", "colour", "patches", "filters", "noise", "seams", "border"]
    kept = {name: scores[name] for name in order if scores.get(name) is not None} | (scores.get("layers") or {})
    return kept, sum(step["seconds"] for step in json.loads(report.read_text())["steps"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contents", type=Path, default=Path())
    parser.add_argument("--styles", type=Path, default=Path())
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--impasto", type=Path, default=Path("target/release/impasto"))
    parser.add_argument("--referee-model", type=Path)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--only", help="recipes whose names contain this")
    parser.add_argument(
        "--row", action="append", metavar="NAME=OPTIONS", help="in place of the recipes above; may be repeated"
    )
    parser.add_argument("--pairs", type=int, default=len(PAIRS), help="number of pairs, spread evenly over all")
    parser.add_argument(
        "--pair",
        action="append",
        nargs=2,
        metavar=("CONTENT", "STYLE"),
        help="in place of the pairs above; may be repeated",
    )
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    recipes = dict(row.split("=", 1) for row in arguments.row) if arguments.row else RECIPES
    table = {name: [] for name in recipes if not arguments.only or arguments.only in name}
    # Pair by pair, so that other load on the machine affects all recipes alike.
    spread = [PAIRS[at * len(PAIRS) // arguments.pairs] for at in range(arguments.pairs)]
    for pair in arguments.pair or spread:
        for name in table:
            table[name].append(measure(arguments, name, recipes[name], pair))
            print(f"{pair[0]} {pair[1]} {name}: {table[name][-1][1]:.1f} s", flush=True)
    measures = list(next(iter(table.values()))[0][0])
    rows = []
    for name, results in table.items():
        mean = {key: statistics.mean(scores[key] for scores, _ in results) for key in measures}
        rows.append((name, mean, statistics.mean(seconds for _, seconds in results)))
    print("\n| recipe | " + " | ".join(measures) + " | seconds |")
    print("|---" * (len(measures) + 2) + "|")
    for name, mean, seconds in rows:
        print(f"| {name} | " + " | ".join(f"{mean[key]:.4g}" for key in measures) + f" | {seconds:.1f} |")
    (arguments.output / "table.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
