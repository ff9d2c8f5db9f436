#!/usr/bin/env python3
"""Compares Impasto with PyTorch: the same work and the same threads, alternating in one run.

The work is one evaluation of Gatys's objective: an encoder to relu5_1, Gram losses at relu1_1, relu2_1, relu3_1,
relu4_1 and relu5_1, a content loss at relu4_2, and the gradient by the pixels. The encoders are VGG-19 with random
weights (their values do not affect the time) and the embedded `lite`. PyTorch runs in both of its memory layouts, with
weights that need no gradient and ReLU in place; the better layout counts.

Every measurement is a process of its own, which makes peak memory comparable. Rounds alternate between the three;
medians are printed.

Needs two packages, and installs nothing: `pip install torch safetensors`.

    cargo build --release
    python benches/versus_pytorch.py                    # everything: about 25 minutes on two cores
    python benches/versus_pytorch.py --sizes 256 512    # a part of it
    python benches/versus_pytorch.py --avx2             # AVX-512 switched off on both sides
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LITE = ROOT / "crates/impasto-encoder/src/lite.safetensors"
BLOCKS = [2, 2, 4, 4, 1]
STYLE = ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"]
CONTENT = "conv4_2"
# Timed evaluations per process, after one that is not timed.
EVALUATIONS = {256: 8, 512: 5, 1024: 2, 2048: 1}


def peak_bytes():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def torch_child(model, size, layout, threads, evaluations):
    """One process of PyTorch: prints seconds of each evaluation and peak memory."""
    import torch
    import torch.nn.functional as functional

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    names = [f"conv{block + 1}_{place + 1}" for block, count in enumerate(BLOCKS) for place in range(count)]
    if model == "lite":
        from safetensors.torch import load_file

        tensors = load_file(LITE)
        layers = [(tensors[f"{name}.weight"].float(), tensors[f"{name}.bias"].float()) for name in names]
    else:
        widths = [64, 128, 256, 512, 512]
        layers, inputs = [], 3
        for name in names:
            outputs = widths[int(name[4]) - 1]
            scale = (2.0 / (9 * inputs)) ** 0.5
            layers.append((torch.randn(outputs, inputs, 3, 3) * scale, torch.zeros(outputs)))
            inputs = outputs
    memory = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    layers = [(weight.contiguous(memory_format=memory), bias) for weight, bias in layers]

    def features(x):
        kept = {}
        for name, (weight, bias) in zip(names, layers):
            if name[6] == "1" and name != "conv1_1":
                x = functional.max_pool2d(x, 2)
            x = functional.relu_(functional.conv2d(x, weight, bias, padding=1))
            kept[name] = x
        return kept

    def gram(x):
        flat = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1]) if layout == "channels_last" else x[0].flatten(1).T
        return flat.T @ flat / flat.numel()

    picture = lambda: torch.rand(1, 3, size, size).contiguous(memory_format=memory)
    with torch.no_grad():
        aims = {name: gram(value) for name, value in features(picture()).items() if name in STYLE}
        content = features(picture())[CONTENT].clone()
    image = picture().requires_grad_(True)
    seconds = []
    for _ in range(evaluations + 1):
        start = time.perf_counter()
        kept = features(image)
        loss = functional.mse_loss(kept[CONTENT], content)
        for name in STYLE:
            loss = loss + functional.mse_loss(gram(kept[name]), aims[name])
        image.grad = None
        loss.backward()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": statistics.median(seconds[1:]), "bytes": peak_bytes()}))


def run(command, environment):
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))}\n{done.stderr.strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def impasto(binary, model, size, threads, evaluations, environment):
    name = "lite" if model == "lite" else "random:vgg19"
    command = [binary, "bench", "--json", "--model", name, "--size", size, "--threads", threads]
    found = run([str(part) for part in command + ["--iterations", evaluations]], environment)
    return {"seconds": found["seconds_per_evaluation"], "bytes": found["peak_rss_bytes"]}


def machine():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return "unknown processor"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024, 2048])
    parser.add_argument("--models", nargs="+", default=["vgg19", "lite"], choices=["vgg19", "lite"])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--avx2", action="store_true", help="switch AVX-512 off on both sides")
    parser.add_argument("--binary", default=str(ROOT / "target/release/impasto"))
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        model, size, layout, threads, evaluations = options.child
        return torch_child(model, int(size), layout, int(threads), int(evaluations))

    environment = dict(os.environ, OMP_NUM_THREADS=str(options.threads), MKL_NUM_THREADS=str(options.threads))
    if options.avx2:
        environment |= {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
        environment |= {"MKL_ENABLE_INSTRUCTIONS": "AVX2", "IMPASTO_INSTRUCTION_SET": "avx2"}
    import torch

    off = ", AVX-512 off" if options.avx2 else ""
    print(
        f"{machine()}, {options.threads} threads, PyTorch {torch.__version__}{off}; "
        f"medians of {options.rounds} rounds\n"
    )
    print(
        "| encoder | picture | Impasto | PyTorch NCHW | PyTorch channels_last "
        "| faster | Impasto memory | PyTorch memory |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for model in options.models:
        for size in options.sizes:
            evaluations = EVALUATIONS.get(size, 2)
            found = {"impasto": [], "NCHW": [], "channels_last": []}
            for _ in range(options.rounds):
                found["impasto"].append(
                    impasto(options.binary, model, size, options.threads, evaluations, environment)
                )
                for layout in ("NCHW", "channels_last"):
                    child = [model, size, layout, options.threads, evaluations]
                    command = [sys.executable, __file__, "--child", *map(str, child)]
                    found[layout].append(run(command, environment))
            seconds = {name: statistics.median(one["seconds"] for one in each) for name, each in found.items()}
            memory = {name: statistics.median(one["bytes"] for one in each) for name, each in found.items()}
            better = min(("NCHW", "channels_last"), key=seconds.get)
            print(
                f"| {'VGG-19' if model == 'vgg19' else model} | {size}x{size} | {seconds['impasto']:.3f} s "
                f"| {seconds['NCHW']:.3f} s | {seconds['channels_last']:.3f} s "
                f"| {seconds[better] / seconds['impasto']:.2f}x "
                f"| {memory['impasto'] / 1e6:.0f} MB | {memory[better] / 1e6:.0f} MB |",
                flush=True,
            )


if __name__ == "__main__":
    main()
