# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Quick start
#
# `impasto` repaints a picture in the style of another. It runs on the processor and comes with its network, so that
# nothing has to be downloaded. This notebook shows every control that most pictures need.

# %%
# Builds and installs the package out of this checkout where it is missing.
import importlib.util

if importlib.util.find_spec("impasto") is None:
    # %pip install --quiet "..[notebook]"
    pass

# %%
import os
from pathlib import Path

import numpy as np

import impasto

SIZE = int(os.environ.get("IMPASTO_NOTEBOOK_SIZE", 384))  # long edge in pixels


def sample(name, draw):
    """Returns a sample of the repository, or a drawn picture where there is none."""
    for folder in (Path("samples"), Path("../samples")):
        if (folder / name).exists():
            return folder / name
    y, x = np.mgrid[: SIZE * 3 // 4, :SIZE] / SIZE
    return np.stack([draw(x, y, k) for k in range(3)], axis=-1).clip(0, 1).astype(np.float32)


def hills(x, y, k):
    return np.where(y > 0.4 + 0.08 * np.sin(7 * x), 0.25 + 0.15 * (k == 1), 0.9 - (0.5 - 0.2 * k) * y)


def waves(x, y, k):
    return 0.5 + 0.4 * np.sin(40 * x + 9 * np.sin(14 * y) + 2 * k)


def tiles(x, y, k):
    return 0.3 + 0.6 * (((20 * x).astype(int) * 7 + (20 * y).astype(int) * (3 + k)) % 5) / 4


photo = sample("harbour.jpg", hills)
painting = sample("swirls.jpg", waves)
impasto.show(photo, painting, titles=["content", "style"])

# %% [markdown]
# ## 1 · One call
#
# Put the paths of your own pictures here. A picture may also be the bytes of a file, a PIL image, an array of NumPy
# or a tensor of torch. With `live=True` you see it grow.

# %%
result = impasto.stylize(photo, painting, size=SIZE, live=True)
result

# %% [markdown]
# `result.array` is a `uint8` array of height, width and 3 channels. `save` writes a file that carries its recipe.

# %%
print(result.array.shape, result.array.dtype, f"{result.seconds:.1f} s")
result.save("out.png")
impasto.read_recipe("out.png")["options"]["run"]["size"]

# %% [markdown]
# ## 2 · How much style
#
# `strength` goes from 0 (the content) to 1. Lower it when the subject is hard to recognise. The draft
# (`effort="draft"`) takes about a second, so it is the way to try a setting.

# %%
drafts = [impasto.stylize(photo, painting, size=SIZE, effort="draft", strength=value) for value in (0.3, 0.6, 1.0)]
impasto.show(*drafts, titles=["strength 0.3", "strength 0.6", "strength 1"])

# %% [markdown]
# ## 3 · The size of strokes, and the colours

# %%
fine = impasto.stylize(photo, painting, size=SIZE, effort="draft", stroke_size=0.5)
broad = impasto.stylize(photo, painting, size=SIZE, effort="draft", stroke_size=2)
kept = impasto.stylize(photo, painting, size=SIZE, effort="draft", colour="keep")
impasto.show(fine, broad, kept, titles=["strokes 0.5", "strokes 2", "the photograph's colours"])

# %% [markdown]
# ## 4 · What a run will take

# %%
transfer = impasto.StyleTransfer(photo, painting, size=SIZE, strength=0.8, seed=3)
transfer.plan()

# %% [markdown]
# ## 5 · Step by step
#
# A run is iterable. It can be stopped at any step, and keeps what it has. `run.finish_soon()` goes to the full size
# with few iterations. Ctrl-C, or the stop button of the notebook, stops the run too.

# %%
frames = []
with transfer.start() as run:
    for step in run:
        if step.iteration % 10 == 0:
            frames.append(run.picture(fit=SIZE // 2))
result = run.result()
impasto.show(*frames[-4:], titles=[f"picture {number}" for number in range(1, 5)][: len(frames[-4:])])

# %%
result.plot()
# %% [markdown]
# ## 6 · The same again, larger, or from another photograph
#
# `like` takes every option of an earlier result.

# %%
again = impasto.stylize(photo, painting, like=result)
large = impasto.stylize(photo, painting, like=result, size=SIZE + SIZE // 2)
print(again.size, large.size)

# %% [markdown]
# ## 7 · Wrong input is explained

# %%
try:
    impasto.stylize(photo, painting, size=SIZE, strength=50)
except impasto.InvalidOption as error:
    print(error)

# %%
assert result.size == again.size and max(large.size) == SIZE + SIZE // 2
assert np.array_equal(again.array, result.array)
last = [step for step in run.history if step.scale == run.history[-1].scale]
assert last[-1].losses.total < last[0].losses.total
Path("out.png").unlink()
