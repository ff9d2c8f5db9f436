"""Compares `impasto evaluate` with the oracle on a full-width VGG-19 with random weights.

    python compare_evaluate.py --impasto target/release/impasto [--preset NAME ...]

Every preset is evaluated with a canonical weights file (to conv5_2) and with a torchvision-named one (all 16
convolutions, the same weights). Exit status 1 if a term is off by more than 1e-4 of its value, or a gradient's
cosine is below 0.999, or its norm is off by more than 1 %.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from make_fixtures import random_convs, save_canonical, save_picture, save_torchvision
from presets import CONVS, PRESETS, Network, evaluate, read_picture

FULL = (64, 128, 256, 512, 512)
TERM_LIMIT, COSINE_LIMIT, NORM_LIMIT = 1e-4, 0.999, 0.01


def run_impasto(binary, folder, model, preset):
    gradient = folder / "gradient.npy"
    gradient.unlink(missing_ok=True)
    command = [binary, "evaluate", folder / "image.png", "--content", folder / "content.png"]
    command += ["--style", folder / "style.png", "--model", folder / model, "--preset", preset]
    command += ["--gradient", gradient, "--json"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=1800)
    if done.returncode != 0:
        raise RuntimeError(f"exit status {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout), torch.from_numpy(np.load(gradient).astype(np.float64))


def flatten(terms):
    """{"content relu4_2": v, ..., "tv": v, "total": v}; a missing or null tv is 0."""
    flat = {f"{part} {tap}": v for part in ("content", "style") for tap, v in terms[part].items()}
    return flat | {"tv": terms.get("tv") or 0.0, "total": terms["total"]}


def relative_errors(found, wanted):
    found, wanted = flatten(found), flatten(wanted)
    if found.keys() != wanted.keys():
        raise RuntimeError(f"terms are {sorted(found)}, not {sorted(wanted)}")
    return {name: abs(found[name] - v) / (abs(v) or 1.0) for name, v in wanted.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--impasto", type=Path, required=True, help="the binary to test")
    parser.add_argument("--preset", action="append", choices=list(PRESETS), help="only this one (may be repeated)")
    parser.add_argument("--threads", type=int, default=2, help="threads of the oracle")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    binary, failures = arguments.impasto.resolve(), 0

    with tempfile.TemporaryDirectory(prefix="impasto-oracle-") as folder:
        folder = Path(folder)
        convs = random_convs(FULL, "5_4", seed=7)
        save_torchvision(folder / "torchvision.safetensors", convs)
        upto = CONVS.index("5_2") + 1
        save_canonical(folder / "canonical.safetensors", {c: convs[c] for c in CONVS[:upto]}, "vgg19")
        for seed, (name, width, height) in enumerate(
            [("content", 208, 160), ("style", 180, 220), ("image", 208, 160)], start=11
        ):
            save_picture(folder / f"{name}.png", width, height, seed)
        image, content, style = (read_picture(folder / f"{name}.png") for name in ("image", "content", "style"))
        models = ("canonical.safetensors", "torchvision.safetensors")
        network = Network.load(folder / models[0])

        print(f"{'preset':11} {'weights':12} {'worst term':16} {'error':>8}  {'1 - cosine':>10}  {'norm ratio':>10}")
        for preset in arguments.preset or PRESETS:
            # The two files differ only in the rounding of the input map: one run of the oracle serves both.
            wanted, gradient = evaluate(network, PRESETS[preset], image, content, [style])
            for model in models:
                label = f"{preset:11} {model.split('.')[0]:12}"
                try:
                    terms, found = run_impasto(binary, folder, model, preset)
                    errors = relative_errors(terms, wanted)
                    if found.shape != gradient.shape:
                        raise RuntimeError(f"the gradient is {list(found.shape)}, not {list(gradient.shape)}")
                except (RuntimeError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
                    print(f"{label} FAILED: {error}", flush=True)
                    failures += 1
                    continue
                worst = max(errors, key=errors.get)
                cosine = ((found * gradient).sum() / (found.norm() * gradient.norm())).item()
                ratio = (found.norm() / gradient.norm()).item()
                # Written so that NaN fails.
                good = all(e <= TERM_LIMIT for e in errors.values())
                good = good and cosine >= COSINE_LIMIT and abs(ratio - 1) <= NORM_LIMIT
                failures += not good
                numbers = f"{worst:16} {errors[worst]:8.1e}  {1 - cosine:10.1e}  {ratio:10.6f}"
                print(f"{label} {numbers}  {'ok' if good else 'FAILED'}", flush=True)
    print("all agree" if not failures else f"{failures} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
