"""Compares our flow with OpenCV's dense inverse search: error and time, in one run on one machine.

    python benches/flow.py                                    # films rendered from samples/harbour.jpg, with exact flow
    python benches/flow.py --photo PHOTO --size 512 384
    python benches/flow.py --pair FROM TO TRUTH.flo           # for example Middlebury's RubberWhale

It needs opencv-python-headless and numpy, and builds the two examples of `impasto-video`. Our flow gathers TO out of
FROM, so OpenCV is called with TO first. A Middlebury file leads from frame 10 to 11: give frame 11 as FROM.
Times are the best of several alternating rounds, since other programs only ever add time. Both use --threads threads.
"""

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
OURS = ["fast", "medium", "fine"]
OPENCV = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}


def example(name):
    path = ROOT / "target/release/examples" / name
    subprocess.run(
        ["cargo", "build", "--quiet", "--release", "-p", "impasto-video", "--example", name], cwd=ROOT, check=True
    )
    return str(path)


def read_flo(path):
    data = np.fromfile(path, "<f4")
    assert data[0] == 202021.25, f"{path} is no flow file"
    width, height = np.fromfile(path, "<i4", 2, offset=4)
    return data[3:].reshape(height, width, 2)


def errors(flow, truth):
    known = np.all(np.abs(truth) < 1e9, axis=2)
    square = np.sum((flow - truth)[known].astype(np.float64) ** 2, axis=1)
    return np.mean(np.sqrt(square)), np.sqrt(np.mean(square))


def ours(program, preset, pair, rounds, environment, folder):
    out = folder / "out.flo"
    command = [program, str(pair[0]), str(pair[1]), str(out), preset, str(rounds)]
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return read_flo(out), float(printed.split()[0])


def opencv(preset, pair, rounds):
    there, here = (cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2GRAY) for path in pair[:2])
    best = float("inf")
    for _ in range(rounds):
        method = cv2.DISOpticalFlow_create(preset)
        start = time.perf_counter()
        flow = method.calc(here, there, None)
        best = min(best, 1e3 * (time.perf_counter() - start))
    return flow, best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", default=str(ROOT / "samples/harbour.jpg"))
    parser.add_argument("--size", nargs=2, type=int, default=[512, 384], metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--pair", nargs=3, metavar=("FROM", "TO", "TRUTH"))
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    cv2.setNumThreads(arguments.threads)
    environment = dict(os.environ, RAYON_NUM_THREADS=str(arguments.threads))
    flow = example("flow")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        pairs = {"pair": arguments.pair}
        if not arguments.pair:
            size = [str(side) for side in arguments.size]
            command = [example("films"), arguments.photo, *size, str(folder)]
            names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            pairs = {name: [folder / f"{name}{end}" for end in ("-from.ppm", "-to.ppm", ".flo")] for name in names}
        print(f"{'film':12} {'method':18} {'EPE px':>8} {'RMSE px':>8} {'ms':>8}")
        for name, pair in pairs.items():
            truth = read_flo(pair[2])
            rows = {}
            # In turns, so that both see the same load.
            for _ in range(2):
                for preset in OURS:
                    result = ours(flow, preset, pair, arguments.rounds, environment, folder)
                    key = f"impasto {preset}"
                    rows[key] = min(rows.get(key, result), result, key=lambda row: row[1])
                for preset, number in OPENCV.items():
                    result = opencv(number, pair, arguments.rounds)
                    key = f"OpenCV {preset}"
                    rows[key] = min(rows.get(key, result), result, key=lambda row: row[1])
            for method, (field, best) in rows.items():
                mean, rms = errors(field, truth)
                print(f"{name:12} {method:18} {mean:8.3f} {rms:8.3f} {best:8.2f}", flush=True)


if __name__ == "__main__":
    main()
