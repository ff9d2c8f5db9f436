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
# # Masks, colours, sheets, and the referee
#
# Where a style goes, what stays as it is, whose colours a picture has, how to choose settings by eye, and how to
# compare results by numbers.

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
swirls = sample("swirls.jpg", waves)
mosaic = sample("mosaic.jpg", tiles)
content = impasto.load(photo, size=SIZE) if isinstance(photo, Path) else photo
height, width = content.shape[:2]
y, x = np.mgrid[:height, :width]

# %% [markdown]
# ## 1 · A mask says where the style is painted
#
# A mask is an array of height and width: 1 where the style is painted, 0 where the content stays. Its edge is softened
# by `feather`, a part of the long edge.

# %%
sky = (y < 0.55 * height).astype(np.float32)
masked = impasto.stylize(content, swirls, size=SIZE, mask=sky, feather=0.02, effort="draft")
impasto.show(content, sky, masked, titles=["content", "mask", "result"])

# %% [markdown]
# ## 2 · Two styles, each in its place
#
# One mask for each style, in their order.

# %%
both = impasto.stylize(content, [swirls, mosaic], size=SIZE, mask=[sky, 1 - sky], effort="draft")
shares = impasto.stylize(
    content, [impasto.Style(swirls, weight=3), impasto.Style(mosaic, weight=1)], size=SIZE, effort="draft"
)
impasto.show(both, shares, titles=["above and below", "mixed, three to one"])

# %% [markdown]
# ## 3 · A part that must stay
#
# `protect` keeps the content where the array is 1, whatever the style: a face, a sign.

# %%
disc = (np.hypot(x - width / 2, y - height / 2) < 0.25 * height).astype(np.float32)
protected = impasto.stylize(content, mosaic, size=SIZE, protect=disc, effort="draft")
outside = impasto.stylize(content, mosaic, size=SIZE, effort="draft")
impasto.show(disc, protected, outside, titles=["protected", "with it", "without it"])

# %% [markdown]
# ## 4 · Colours
#
# `style`: as the style has them. `keep`: the hue and chroma of the content. `match`: the style is given the colours
# of the content first. `luminance`: only lightness is painted.

# %%
colours = {
    name: impasto.stylize(content, swirls, size=SIZE, effort="draft", colour=name)
    for name in ("style", "keep", "match", "luminance")
}
impasto.show(*colours.values(), titles=list(colours))

# %% [markdown]
# ## 5 · A sheet: the effect of options at a glance

# %%
sheet = impasto.sheet(
    content, swirls, {"strength": [0.4, 0.7, 1], "stroke_size": [0.5, 1, 2]}, size=SIZE // 2, effort="draft"
)
sheet

# %% [markdown]
# ## 6 · The referee
#
# It scores pictures by measures that no run optimises: whether the subject is kept, whether the style's texture and
# colours are there, noise, and seams.

# %%
scores = impasto.compare([colours["style"], colours["keep"], content], content=content, style=swirls)
scores

# %%
inside = disc > 0.99
kept = np.abs(protected.to_numpy("float32") - content)[inside].mean()
changed = np.abs(outside.to_numpy("float32") - content)[inside].mean()
print(f"mean change inside of the protected part: {kept:.4f}, without protection: {changed:.4f}")
assert kept < changed / 2
assert both.size == (width, height)
