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
# # One gigantic picture
#
# A picture of 16 384 pixels does not fit into a machine's memory while it is painted. It can be cut into blocks, each
# painted by another machine. The result is no mosaic: it is the picture that one large machine would paint. This
# notebook shows why, on a small picture.

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

SIZE = max(256, int(os.environ.get("IMPASTO_NOTEBOOK_SIZE", 768)))
folder = Path(tempfile.mkdtemp())


def drawn(width, height, seed):
    y, x = np.mgrid[0:height, 0:width] / (0.12 * width)
    waves = [np.sin(x * (1 + 0.2 * c) + seed) * np.cos(y * (0.8 + 0.3 * c) - seed) for c in range(3)]
    return (np.stack(waves, -1) * 0.4 + 0.5).clip(0, 1)


impasto.save(drawn(SIZE, 3 * SIZE // 4, 1), folder / "content.png")
impasto.save(np.random.default_rng(0).random((SIZE, SIZE, 3)) * drawn(SIZE, SIZE, 5), folder / "style.png")

# %% [markdown]
# ## Why it splits
#
# The style's distance depends on the mean features, and on the means of their products, over all positions. A mean over
# the picture is a sum over its blocks. In NumPy, with any features:

# %%
features = np.random.default_rng(1).random((8, 60, 80))
whole = np.einsum("cyx,dyx->cd", features, features)
blocks = [features[:, :, :40], features[:, :, 40:]]
added = sum(np.einsum("cyx,dyx->cd", block, block) for block in blocks)
print("largest difference:", np.abs(whole - added).max())

# %% [markdown]
# So each block sends its sums to one judge, about 2 MB; the judge adds them, and returns how the distance changes with
# each sum. A block takes that back to its own pixels. Only a frame around it is shared: features at a border see pixels
# beyond it.
#
# ## On a cluster
#
# Here the cluster is this machine, with two workers of one processor each. `blocks` is a property of the run and not of
# the cluster: the bytes of the result are the same with any number of workers.

# %%
options = {
    "size": SIZE,
    "iterations": 4 if SIZE < 512 else 12,
    "blocks": (2, 1),
    "spread_above": SIZE - 1,  # only the last scale is spread here; 2048 is usual
}
steps = []
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
path = impasto.ray.gigantic(
    folder / "content.png",
    folder / "style.png",
    folder / "spread.png",
    workers=2,
    cpus_per_worker=1,
    callback=steps.append,
    **options,
)
one = impasto.ray.gigantic(
    folder / "content.png", folder / "style.png", folder / "one.png", workers=1, cpus_per_worker=1, **options
)
ray.shutdown()
print("the same bytes:", Path(path).read_bytes() == Path(one).read_bytes())

# %%
losses = [step["losses"]["total"] for step in steps if "judge_seconds" in step]
print("losses at the last scale:", " ".join(f"{loss:.4f}" for loss in losses))

# %% [markdown]
# If a machine dies, all blocks go back to the last checkpoint, on the machines that are left. If this notebook dies,
# the same cell goes on from there. `docs/cluster.md` has the details.
#
# ## What has to be true

# %%
assert Path(path).read_bytes() == Path(one).read_bytes()
assert losses[-1] < losses[0]
assert impasto.load(path).shape == (3 * SIZE // 4, SIZE, 3)
