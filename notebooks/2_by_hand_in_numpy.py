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
# # Style transfer by hand, in NumPy
#
# This notebook writes the method of Gatys, Ecker and Bethge (*Image style transfer using convolutional neural
# networks*, CVPR 2016) from its parts. You write the losses, their derivatives and the loop. The package runs the
# network, forward and backward.
#
# It needs no graphics card and no download. It uses VGG-19 where its weights are on this machine, and `lite`, a small
# network that comes with the package, everywhere else.

# %%
# Builds and installs the package out of this checkout where it is missing.
import importlib.util

if importlib.util.find_spec("impasto") is None:
    # %pip install --quiet "..[notebook]"
    pass

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import impasto

SIZE = int(os.environ.get("IMPASTO_NOTEBOOK_SIZE", 384))  # long edge in pixels
STEPS = 60

try:
    encoder = impasto.Encoder("vgg19")
except impasto.ModelNotFound:
    encoder = impasto.Encoder("lite")
print(encoder)

# %% [markdown]
# ## 1 · Two pictures
#
# `impasto.load` gives sRGB values of 0 to 1 as float32, in the order height, width, channel. Put the paths of your own
# pictures here. Without the samples of the repository, two pictures are drawn.

# %%
def sample(name, draw):
    for folder in (Path("samples"), Path("../samples")):
        if (folder / name).exists():
            return impasto.load(folder / name, size=SIZE)
    y, x = np.mgrid[: SIZE * 3 // 4, :SIZE] / SIZE
    return np.stack([draw(x, y, k) for k in range(3)], axis=-1).clip(0, 1).astype(np.float32)


def hills(x, y, k):
    return np.where(y > 0.4 + 0.08 * np.sin(7 * x), 0.25 + 0.15 * (k == 1), 0.9 - (0.5 - 0.2 * k) * y)


def waves(x, y, k):
    return 0.5 + 0.4 * np.sin(40 * x + 9 * np.sin(14 * y) + 2 * k)


content = sample("harbour.jpg", hills)
style = sample("swirls.jpg", waves)


def show(*pictures, titles=(), width=4):
    figure, axes = plt.subplots(1, len(pictures), figsize=(width * len(pictures), width), squeeze=False)
    for axis, picture, title in zip(axes[0], pictures, [*titles, *[""] * len(pictures)], strict=False):
        axis.imshow(np.clip(picture, 0, 1), cmap="gray")
        axis.set_title(title)
        axis.axis("off")
    plt.show()
    plt.close(figure)


print("content", content.shape, content.dtype, content.min(), content.max())
show(content, style, titles=["content", "style"])

# %% [markdown]
# ## 2 · The network
#
# VGG-19 is sixteen convolutions of 3 × 3, each followed by a ReLU, in five blocks with a pooling between two of them.
# `summary` prints what Keras prints.

# %%
print(encoder.summary())

# %% [markdown]
# The network was trained on pictures in another form: RGB less a mean, divided by a deviation, or BGR of 0 to 255 less
# a mean. `preprocess` shows that form, and `deprocess` undoes it. Everything else here takes values of 0 to 1 and does
# this step itself.

# %%
prepared = encoder.preprocess(content)
print("prepared", prepared.shape, "channel means", prepared.mean(axis=(1, 2)))
assert np.allclose(encoder.deprocess(prepared), content, atol=1e-4)

# %% [markdown]
# ## 3 · Features
#
# Each layer turns the picture into a stack of maps: channels × height × width. Deeper layers have more channels and
# fewer positions, and see more of the picture at each position.

# %%
STYLE_LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
CONTENT_LAYER = "relu4_1"

features = encoder.features(content, STYLE_LAYERS)
print(impasto.describe(features))

# %%
maps = [features[layer] for layer in STYLE_LAYERS]
strongest = [f[f.mean(axis=(1, 2)).argmax()] for f in maps]
show(*[m / m.max() for m in strongest], titles=STYLE_LAYERS, width=3)

# %% [markdown]
# ## 4 · The Gram matrix
#
# Flatten the maps of a layer to a matrix $F$ with a row for each channel and a column for each position. The Gram
# matrix $F F^\top$ says which channels are active together, and forgets where. That is the style.
#
# Programs divide it differently: by the positions (TensorFlow's tutorial, and this package), by positions times
# channels (PyTorch's tutorial), or not at all (the Keras example; the paper has the factor in its loss).

# %%
F = features["relu3_1"].astype(np.float64)
channels, height, width = F.shape
flat = F.reshape(channels, -1)
by_hand = flat @ flat.T / (height * width)
assert np.allclose(by_hand, impasto.gram(F))

for divide in ("positions", "elements", None):
    ratio = impasto.gram(F, divide=divide)[0, 0] / by_hand[0, 0]
    print(f"divide={divide!s:<10} is {ratio:g} times the first")

# %% [markdown]
# ## 5 · The losses
#
# The **content** loss compares features, position by position, at a deep layer. The **style** loss compares Gram
# matrices at five layers. Both are relative here, so that one set of weights suits every network:
#
# $$L_c = \frac{\overline{(F - F^*)^2}}{\overline{F^{*2}}}, \qquad
#   L_s = \frac15 \sum_l \frac{\lVert G_l - A_l \rVert^2}{\lVert A_l \rVert^2}.$$
#
# **Total variation** adds up the differences between neighbours. It keeps the picture smooth.

# %%
A = {layer: impasto.gram(f) for layer, f in encoder.features(style, STYLE_LAYERS).items()}
content_scale = float((encoder.features(content, CONTENT_LAYER)[CONTENT_LAYER].astype(np.float64) ** 2).mean())

STYLE_WEIGHT = {layer: 1 / (len(STYLE_LAYERS) * (A[layer] ** 2).sum()) for layer in STYLE_LAYERS}
CONTENT_WEIGHT = 0.05 / content_scale
TV_WEIGHT = 0.02 / content.size


def style_loss(G):
    return sum(STYLE_WEIGHT[layer] * ((G[layer] - A[layer]) ** 2).sum() for layer in STYLE_LAYERS)


print("style loss of the content:", style_loss({layer: impasto.gram(f) for layer, f in features.items()}))
print("style loss of the style:  ", style_loss(A))
print("total variation of both:  ", *(round(impasto.total_variation(p)[0]) for p in (content, style)))

# %% [markdown]
# ## 6 · The gradient
#
# We look for the picture with the smallest loss, so we need the derivative of the loss by every pixel. `record` runs a
# picture through the network and keeps what the losses need: the tape. The derivatives by the *tape* are done on paper:
#
# $$\frac{\partial L_s}{\partial G_l} = 2 w_l (G_l - A_l), \qquad \frac{\partial L_c}{\partial \text{mse}} = w_c.$$
#
# `pull_back` takes them through the network to the pixels.

# %%
def evaluate(x):
    """Returns the loss of a picture, its gradient by the pixels, and its terms."""
    tape = encoder.record(x, style=STYLE_LAYERS, content={CONTENT_LAYER: content})
    G, mse = tape.gram, tape.content_mse[CONTENT_LAYER]
    gradient = tape.pull_back(
        gram={layer: 2 * STYLE_WEIGHT[layer] * (G[layer] - A[layer]) for layer in STYLE_LAYERS},
        content={CONTENT_LAYER: CONTENT_WEIGHT},
    )
    variation, by_variation = impasto.total_variation(x)
    terms = {"style": style_loss(G), "content": CONTENT_WEIGHT * mse, "tv": TV_WEIGHT * variation}
    return sum(terms.values()), gradient + TV_WEIGHT * by_variation, terms


loss, gradient, terms = evaluate(content)
print({name: round(float(value), 5) for name, value in terms.items()}, "gradient", gradient.shape)

# %% [markdown]
# ### Is the gradient right?
#
# Move one pixel up and down, and see how much the loss changes. A picture of 32 pixels is enough. The features are
# computed with seven digits, and a ReLU or a pooling may decide otherwise within a step. So the two numbers agree to
# about three digits where the derivative is large, and to fewer where it is small.

# %%
small = impasto.load(content, size=32)
small_style = impasto.gram(encoder.features(style, "relu2_1")["relu2_1"])


def small_loss(x):
    return ((encoder.record(x, style="relu2_1").gram["relu2_1"] - small_style) ** 2).sum()


tape = encoder.record(small, style="relu2_1")
found = tape.pull_back(gram={"relu2_1": 2 * (tape.gram["relu2_1"] - small_style)})
random, errors = np.random.default_rng(0), []
for place in map(tuple, random.integers(small.shape, size=(5, 3)).tolist()):
    slopes = []
    for step in (3e-3, 1e-3, 3e-4):  # the best of three counts
        up, down = small.copy(), small.copy()
        up[place] += step
        down[place] -= step
        slopes.append((small_loss(up) - small_loss(down)) / (float(up[place]) - float(down[place])))
    slope = min(slopes, key=lambda slope: abs(slope - found[place]))
    errors.append(abs(slope - found[place]) / np.abs(found).max())
    print(place, f"difference {slope:12.6g}   gradient {found[place]:12.6g}")
assert max(errors) < 1e-2

# %% [markdown]
# ## 7 · The loop
#
# Begin with the content, and go against the gradient. `impasto.optim.Adam` is twenty lines of NumPy: read them with
# `impasto.optim.Adam??`. After each step the picture is clipped to 0..1.
#
# One detail that many programs get wrong: the loss belongs to the picture *before* the step. Keep that one as the best.

# %%
x, adam = content.copy(), impasto.optim.Adam(learning_rate=0.02)
history, frames = [], []
best_loss, best = np.inf, x
for step in range(STEPS):
    loss, gradient, terms = evaluate(x)
    history.append(terms | {"total": loss})
    if loss < best_loss:
        best_loss, best = loss, x
    if step % (STEPS // 4) == 0:
        frames.append((f"step {step}: {loss:.4f}", x))
    x = adam.step(x, gradient).clip(0, 1)
print("from", round(history[0]["total"], 5), "to", round(best_loss, 5))

# %%
show(*[frame for _, frame in frames], titles=[title for title, _ in frames], width=3)

# %%
figure, axis = plt.subplots(figsize=(6, 3))
for name in ("total", "style", "content", "tv"):
    axis.semilogy([terms[name] for terms in history], label=name)
axis.set_xlabel("step")
axis.legend()
plt.show()
plt.close(figure)

# %%
show(content, style, best, titles=["content", "style", f"result: loss {best_loss:.4f}"])

# %% [markdown]
# ## 8 · Any other loss
#
# A loss need not be a function of Gram matrices. Record the features themselves, and give the derivative by each of
# them. Here is the mean absolute difference at one layer, whose derivative is a sign.

# %%
layer = "relu2_1"
aim = encoder.features(content, layer)[layer]
start = x
tape = encoder.record(start, features=layer)
difference = tape.features[layer] - aim
by_features = np.sign(difference) / difference.size
absolute_gradient = tape.pull_back(features={layer: by_features})
moved = start - 0.2 * absolute_gradient / np.abs(absolute_gradient).max()
after = np.abs(encoder.features(moved, layer)[layer] - aim).mean()
print(f"mean |F - F*|: {np.abs(difference).mean():.6f} before a step, {after:.6f} after it")

# %% [markdown]
# ## 9 · What a layer keeps
#
# Begin with noise, and look for a picture with the same features at one layer. A shallow layer keeps nearly everything.
# A deep one keeps what is where, and loses the colours and the texture.

# %%
thumbnail = impasto.load(content, size=min(SIZE, 128))
kept = {layer: encoder.reconstruct(thumbnail, layer) for layer in ("relu2_1", "relu4_1")}
show(thumbnail, *kept.values(), titles=["content", *kept])

# %% [markdown]
# ## 10 · All of it in one line
#
# The presets of the package have losses like these, with several scales and better optimisers. `Objective` is such a
# loss as a function, and `impasto.stylize` is the whole run.

# %%
objective = impasto.Objective(content=content, styles=style, preset="gatys")
value, by_pixels, parts = objective.evaluate(best)
print("the loss of the paper:", f"{value:.4g}", {layer: f"{v:.3g}" for layer, v in parts["style"].items()})

# %%
# The notebook did what it says.
assert best.shape == content.shape and best.dtype == np.float32
assert best_loss < 0.5 * history[0]["total"]
assert after < np.abs(difference).mean()
assert by_pixels.shape == content.shape
