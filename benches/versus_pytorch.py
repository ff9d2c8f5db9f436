#!/usr/bin/env python3
"""Compares Impasto with PyTorch: the same work, alternating in one run.

The work is one evaluation of Gatys's objective with its gradient by the pixels (`torch_objective.py`), with VGG-19 of
random weights and with the embedded `lite`. Every measurement is a process of its own, which makes peak memory
comparable. Rounds alternate between the programs; medians are printed.

On the processor both use the same threads, and PyTorch's better memory layout counts. On a card PyTorch runs in f32,
TF32 and bf16: each of them eager, compiled and as one CUDA graph, in both layouts. The best of each precision counts.

Needs two packages, and installs nothing: `pip install torch safetensors`.

    cargo build --release
    python benches/versus_pytorch.py                    # everything: about 25 minutes on two cores
    python benches/versus_pytorch.py --sizes 256 512    # a part of it
    python benches/versus_pytorch.py --avx2             # AVX-512 switched off on both sides
    python benches/versus_pytorch.py --device gpu       # on the first graphics card, in both programs
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHILD = pathlib.Path(__file__).resolve().parent / "torch_objective.py"
LAYOUTS = ["NCHW", "channels_last"]
PRECISIONS = ["f32", "tf32", "bf16"]
# Timed evaluations per process.
ON_PROCESSOR = {256: 8, 512: 5, 1024: 2, 2048: 1}
ON_CARD = {256: 100, 512: 50, 1024: 20, 2048: 10}


def run(command, environment):
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))}\n{done.stderr.strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])


class Programs:
    """Both programs, with what they share."""

    def __init__(self, options, environment):
        self.options, self.environment = options, environment

    def impasto(self, model, size, evaluations):
        name = "lite" if model == "lite" else "random:vgg19"
        options = {"model": name, "size": size, "iterations": evaluations, "threads": self.options.threads}
        options |= {"device": self.options.device}
        words = [str(word) for key, value in options.items() for word in (f"--{key}", value)]
        found = run([self.options.binary, "bench", "--json", *words], self.environment)
        return {"seconds": found["seconds_per_evaluation"], "bytes": found["peak_rss_bytes"]}

    def torch(self, model, size, evaluations, **variant):
        options = {"model": model, "size": size, "evaluations": evaluations, "threads": self.options.threads}
        words = [str(word) for key, value in (options | variant).items() for word in (f"--{key}", value)]
        return run([sys.executable, str(CHILD), *words], self.environment)


def medians(found):
    return {
        name: {key: statistics.median(one[key] for one in each) for key in ("seconds", "bytes")}
        for name, each in found.items()
    }


def on_processor(programs):
    print(
        "| encoder | picture | Impasto | PyTorch NCHW | PyTorch channels_last "
        "| faster | Impasto memory | PyTorch memory |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for model in programs.options.models:
        for size in programs.options.sizes:
            evaluations = ON_PROCESSOR.get(size, 2)
            found = {"impasto": [], "NCHW": [], "channels_last": []}
            for _ in range(programs.options.rounds):
                found["impasto"].append(programs.impasto(model, size, evaluations))
                for layout in LAYOUTS:
                    found[layout].append(programs.torch(model, size, evaluations, layout=layout))
            ours, *theirs = (medians(found)[name] for name in ("impasto", *LAYOUTS))
            best = min(theirs, key=lambda one: one["seconds"])
            print(
                f"| {title(model)} | {size}x{size} | {ours['seconds']:.3f} s "
                f"| {theirs[0]['seconds']:.3f} s | {theirs[1]['seconds']:.3f} s "
                f"| {best['seconds'] / ours['seconds']:.2f}x "
                f"| {ours['bytes'] / 1e6:.0f} MB | {best['bytes'] / 1e6:.0f} MB |",
                flush=True,
            )


def on_card(programs, device):
    modes = ["eager", "compiled", "graph"] if device == "cuda" else ["eager", "compiled"]
    print("| encoder | picture | Impasto | " + " | ".join(f"PyTorch {name}" for name in PRECISIONS) + " |")
    print("| --- | --- | --- |" + " --- |" * len(PRECISIONS))
    for model in programs.options.models:
        for size in programs.options.sizes:
            evaluations = ON_CARD.get(size, 10)
            variants = [(p, m, layout) for p in PRECISIONS for m in modes for layout in LAYOUTS]
            found = {name: [] for name in ["impasto", *variants]}
            for _ in range(programs.options.rounds):
                found["impasto"].append(programs.impasto(model, size, evaluations))
                for precision, mode, layout in variants:
                    of = {"device": device, "precision": precision, "mode": mode, "layout": layout}
                    found[precision, mode, layout].append(programs.torch(model, size, evaluations, **of))
            found = medians(found)
            ours = found["impasto"]["seconds"]
            cells = [f"{1000 * ours:.2f} ms"]
            for precision in PRECISIONS:
                best = min((v for v in variants if v[0] == precision), key=lambda v: found[v]["seconds"])
                seconds = found[best]["seconds"]
                cells.append(f"{1000 * seconds:.2f} ms ({best[1]}, {best[2]}), {seconds / ours:.2f}x of ours")
            print(f"| {title(model)} | {size}x{size} | " + " | ".join(cells) + " |", flush=True)


def title(model):
    return "VGG-19" if model == "vgg19" else model


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return "unknown processor"


def card(binary, torch):
    """PyTorch's card, after a look at ours: a time of a program that plays a card is worth nothing."""
    if not torch.accelerator.is_available():
        sys.exit("error: PyTorch finds no graphics card\nhint: leave --device out to compare on the processor")
    listed = json.loads(subprocess.run([binary, "devices", "--json"], capture_output=True, text=True).stdout)
    ours = [device for device in listed if device["name"].startswith("gpu")]
    if not ours or ours[0]["kind"] == "software":
        sys.exit("error: impasto finds no graphics card\nhint: `impasto devices` lists what it finds")
    return ours[0]["model"], torch.accelerator.current_accelerator().type


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "gpu"])
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--models", nargs="+", default=["vgg19", "lite"], choices=["vgg19", "lite"])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--avx2", action="store_true", help="switch AVX-512 off on both sides")
    parser.add_argument("--binary", default=str(ROOT / "target/release/impasto"))
    options = parser.parse_args()
    options.sizes = options.sizes or ([512, 1024, 2048] if options.device == "gpu" else [256, 512, 1024, 2048])

    environment = dict(os.environ, OMP_NUM_THREADS=str(options.threads), MKL_NUM_THREADS=str(options.threads))
    if options.avx2:
        environment |= {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
        environment |= {"MKL_ENABLE_INSTRUCTIONS": "AVX2", "IMPASTO_INSTRUCTION_SET": "avx2"}
    import torch

    of = f"PyTorch {torch.__version__}, medians of {options.rounds} rounds"
    if options.device == "gpu":
        name, device = card(options.binary, torch)
        print(f"{name}, {of}\n")
        return on_card(Programs(options, environment), device)
    off = ", AVX-512 off" if options.avx2 else ""
    print(f"{processor()}, {options.threads} threads{off}, {of}\n")
    on_processor(Programs(options, environment))


if __name__ == "__main__":
    main()
