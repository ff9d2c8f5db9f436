# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A thousand pictures with Ray
#
# One actor paints one picture at a time; a cluster has as many actors as it has processors for. Here the cluster is
# this machine, and the thousand are twelve. On a real cluster nothing changes but the paths, which every machine has to
# see, and `ray.init`.
#
# `docs/cluster.md` tells how to begin on a cluster. It also tells how to keep strangers out: `RAY_AUTH_MODE=token`.

# %%
import importlib.util
import subprocess
import sys

# Builds and installs the package out of this checkout where it is missing.
if any(importlib.util.find_spec(name) is None for name in ("impasto", "ray")):
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "..[ray,notebook]"], check=True)

import os
import tempfile
from pathlib import Path

import numpy as np
import ray

import impasto
import impasto.ray

SIZE = int(os.environ.get("IMPASTO_NOTEBOOK_SIZE", 384))
COUNT = 12 if SIZE >= 256 else 5
folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## The pictures
#
# These are drawn, so that the notebook runs without a network. Take a folder of your own instead.


# %%
def drawn(width, height, seed):
    y, x = np.mgrid[0:height, 0:width] / (0.12 * width)
    waves = [np.sin(x * (1 + 0.2 * c) + seed) * np.cos(y * (0.8 + 0.3 * c) - seed) for c in range(3)]
    return (np.stack(waves, -1) * 0.4 + 0.5).clip(0, 1)


def strokes(size, seed=0):
    random = np.random.default_rng(seed)
    picture = np.full((size, size, 3), 0.8)
    y, x = np.mgrid[0:size, 0:size]
    for _ in range(300):
        across, down, angle = random.uniform(0, size, 2).tolist() + [random.uniform(0, np.pi)]
        along = (x - across) * np.cos(angle) + (y - down) * np.sin(angle)
        beside = (y - down) * np.cos(angle) - (x - across) * np.sin(angle)
        picture[(np.abs(along) < size / 12) & (np.abs(beside) < size / 60)] = random.uniform(0, 1, 3)
    return picture


for index in range(COUNT):
    impasto.save(drawn(SIZE, 3 * SIZE // 4, index), folder / f"picture-{index:02}.png")
impasto.save(strokes(SIZE), folder / "style.png")

# One of them is damaged, as one in a thousand always is.
damaged = folder / "picture-02.png"
damaged.write_bytes(damaged.read_bytes()[:1000])

# %% [markdown]
# ## Painting them

# %%
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
paths = sorted(folder.glob("picture-*.png"))
options = {"size": SIZE, "iterations": 3 if SIZE < 256 else 20}
rows = impasto.ray.stylize(paths, folder / "style.png", out=folder / "results", **options)

for row in rows:
    print(f"{Path(row['path']).name}  {row['status']:8} {row['seconds']:5.1f} s  {row['error'] or ''}")

# %% [markdown]
# The damaged picture is a row, and the others are painted. A second call skips what is done: it compares the bytes of
# the inputs and all options, so a change of either paints again.

# %%
again = impasto.ray.stylize(paths, folder / "style.png", out=folder / "results", **options)
print({status: [row["status"] for row in again].count(status) for status in ("painted", "skipped", "failed")})

# %%
ray.shutdown()

# %% [markdown]
# ## What has to be true

# %%
statuses = [row["status"] for row in rows]
assert statuses.count("failed") == 1 and statuses[2] == "failed"
assert statuses.count("painted") == COUNT - 1
assert [row["status"] for row in again].count("skipped") == COUNT - 1
assert all(impasto.load(row["output"]).shape[2] == 3 for row in rows if row["status"] == "painted")
