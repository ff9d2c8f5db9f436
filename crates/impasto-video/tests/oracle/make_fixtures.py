"""Writes the fixtures of impasto-video's tests: OpenCV's errors on the synthetic films, and SciPy's cubic spline.

    pip install opencv-python-headless numpy scipy
    python crates/impasto-video/tests/oracle/make_fixtures.py

opencv.txt holds, for each film and preset of OpenCV's dense inverse search, the mean endpoint error and the root mean
squared error in pixels. The films come from the example `films`, so the truth is exact. spline.txt holds a plane of
random values, places, and the values there by scipy.ndimage.map_coordinates (order 3, mirror).
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.ndimage import map_coordinates

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
sys.path.insert(0, str(ROOT / "benches"))
import flow  # noqa: E402


def opencv():
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        command = [flow.example("films"), str(ROOT / "samples/harbour.jpg"), "320", "240", folder]
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        for name in names:
            pair = [Path(folder) / f"{name}-{which}.ppm" for which in ("from", "to")]
            truth = flow.read_flo(Path(folder) / f"{name}.flo")
            for preset, number in flow.OPENCV.items():
                field, _ = flow.opencv(number, pair, 1)
                lines.append("{} {} {:.4f} {:.4f}".format(name, preset, *flow.errors(field, truth)))
    (HERE.parent / "fixtures/opencv.txt").write_text("\n".join(lines) + "\n")


def spline():
    rng = np.random.default_rng(1)
    plane = rng.random((7, 9)).astype(np.float32)
    places = np.stack([rng.uniform(0, 8, 20), rng.uniform(0, 6, 20)], axis=1).astype(np.float32)
    values = map_coordinates(plane.astype(np.float64), [places[:, 1], places[:, 0]], order=3, mode="mirror")
    rows = [" ".join(f"{value:.8f}" for value in row) for row in plane]
    rows += ["{:.6f} {:.6f} {:.8f}".format(x, y, value) for (x, y), value in zip(places, values)]
    (HERE.parent / "fixtures/spline.txt").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    spline()
    opencv()
