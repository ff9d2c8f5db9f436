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
# # Coming from TensorFlow or Keras
#
# You know the tutorial *Neural style transfer* of TensorFlow, or the example of the same name of Keras. This notebook
# walks through the tutorial's recipe with this package, and through the example's way of descent. It needs neither
# TensorFlow nor Keras, no graphics card and no download.
#
# | there | here |
# |---|---|
# | `VGG19(include_top=False)` | `impasto.Encoder("vgg19")`, or `"lite"` without any weights |
# | `model.summary()` | `encoder.summary()` |
# | `block4_conv2` | the same name works; the package's own is `relu4_2` |
# | `preprocess_input`, `deprocess_image` | done inside; `encoder.preprocess` shows it |
# | `tf.GradientTape` | `encoder.record`, `tape.pull_back` |
# | `tf.image.total_variation` | `impasto.total_variation(x)` |
# | `tf.keras.optimizers.Adam`, `SGD` | `impasto.optim.Adam`, `impasto.optim.SGD` |

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
# ## Two pictures
#
# Arrays are height × width × 3 as in TensorFlow, without the batch, and hold 0 to 1.


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


show(content, style, titles=["content", "style"])

# %% [markdown]
# ## The model
#
# A VGG-19 of full width has 20,024,384 weights here and in Keras. All of them are frozen. There is no pooling after the
# last block, because nothing follows it.

# %%
print(encoder.summary())
full = impasto.Encoder("random:vgg19?seed=0")
assert "Total params: 20,024,384 (76.39 MB)" in full.summary()

# %% [markdown]
# ## The recipe of TensorFlow's tutorial
#
# There are five style layers, the first of each block. The content layer is `block5_conv2`, which `lite` does not have;
# here it is `block4_conv1`. The Gram matrices are divided by the number of positions, which is what `impasto.gram` and
# `tape.gram` do. The losses are mean squared differences. The optimiser is Adam with a rate of 0.02, β₁ = 0.99 and
# ε = 0.1, and the picture is clipped to 0..1 after each step. The total variation is Σ|d| with the weight 30.
#
# The tutorial's weights are for VGG-19's features. Here the style begins at 1 and the other weights are relative to it,
# so that the recipe suits every network. The preset `keras` has the recipe as it was published.

# %%
STYLE_LAYERS = ["block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1"]
CONTENT_LAYER = "block4_conv1"

targets = {layer: impasto.gram(f) for layer, f in encoder.features(style, STYLE_LAYERS).items()}
begun = encoder.record(content, style=STYLE_LAYERS)
scale = sum(((begun.gram[layer] - targets[layer]) ** 2).mean() for layer in STYLE_LAYERS)
content_scale = float((encoder.features(content, CONTENT_LAYER)[CONTENT_LAYER].astype(np.float64) ** 2).mean())
STYLE_WEIGHT, CONTENT_WEIGHT, TV_WEIGHT = 1 / scale, 0.02 / content_scale, 0.02 / content.size


def style_content_loss(x):
    """Returns loss and gradient: the tutorial's train_step without its optimiser."""
    tape = encoder.record(x, style=STYLE_LAYERS, content={CONTENT_LAYER: content})
    differences = {layer: tape.gram[layer] - targets[layer] for layer in STYLE_LAYERS}
    loss = STYLE_WEIGHT * sum((d**2).mean() for d in differences.values())
    loss += CONTENT_WEIGHT * tape.content_mse[CONTENT_LAYER]
    # d mean(D²) / dG = 2 D / size, where the tutorial's tape finds it by itself.
    gradient = tape.pull_back(
        gram={layer: STYLE_WEIGHT * 2 * d / d.size for layer, d in differences.items()},
        content={CONTENT_LAYER: CONTENT_WEIGHT},
    )
    variation, by_variation = impasto.total_variation(x, form="l1")
    return loss + TV_WEIGHT * variation, gradient + TV_WEIGHT * by_variation


# %%
x, adam = content.copy(), impasto.optim.Adam(learning_rate=0.02, beta1=0.99, epsilon=1e-1)
losses = []
for _ in range(STEPS):
    loss, gradient = style_content_loss(x)
    losses.append(loss)
    # ε = 0.1 belongs to the size of the tutorial's gradients, so ours is brought to that size.
    x = adam.step(x, gradient / np.abs(gradient).mean()).clip(0, 1)
tensorflow_result = x
print(f"loss {losses[0]:.4f} -> {losses[-1]:.4f}")
show(content, style, tensorflow_result, titles=["content", "style", "TensorFlow's recipe"])

# %% [markdown]
# ## The descent of the Keras example
#
# The example has the content layer `block5_conv2`. It does not divide the Gram matrices; the factor
# 1 / (4 · 3² · size²) is in the loss. Its total variation is Σ(dx² + dy²)^1.25. Its optimiser is gradient descent with
# a rate that falls by 4 % every 100 steps.
#
# No preset has this objective. The preset `keras` is that of TensorFlow's tutorial, which has the same content layer.
# `Objective` evaluates it, and the example's optimiser runs on it here.


# %%
def keras_objective(style_weight):
    options = dict(content=content, styles=style, preset="keras", model=encoder.name, style_weight=style_weight)
    try:
        return impasto.Objective(**options)
    except impasto.Error as error:
        print(error)  # lite ends before block5_conv2
        return impasto.Objective(**options, content_layers=["relu5_1"])


# The preset's weights are for VGG-19. The style gets 20 times the share of the total variation here, so that the
# objective suits every network and size.
_, _, terms = keras_objective(style_weight=1.0).evaluate(content)
objective = keras_objective(style_weight=20 * terms["tv"] / sum(terms["style"].values()))
first, gradient, terms = objective.evaluate(content)
print(f"loss {first:.4g}: style {sum(terms['style'].values()):.4g}, total variation {terms['tv']:.4g}")

# %%
x, rate = content.copy(), 0.02 / np.abs(gradient).mean()
sgd = impasto.optim.SGD(learning_rate=rate)
keras_losses = []
for step in range(STEPS):
    sgd.learning_rate = rate * 0.96 ** (step / 100)
    loss, gradient, _ = objective.evaluate(x)
    keras_losses.append(loss)
    # Clipping the largest derivatives keeps plain descent from jumping.
    limit = 4 * np.abs(gradient).mean()
    x = sgd.step(x, gradient.clip(-limit, limit)).clip(0, 1)
    if loss > 1.05 * keras_losses[0]:
        rate /= 4
keras_result = x
print(f"loss {keras_losses[0]:.4g} -> {min(keras_losses):.4g}")

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3))
axes[0].semilogy(losses)
axes[0].set_title("TensorFlow's recipe")
axes[1].semilogy(keras_losses)
axes[1].set_title("gradient descent")
plt.show()
plt.close(figure)
show(tensorflow_result, keras_result, titles=["TensorFlow's recipe", "gradient descent"])

# %%
# The notebook did what it says.
assert losses[-1] < 0.7 * losses[0]
assert min(keras_losses) < keras_losses[0]
assert tensorflow_result.shape == keras_result.shape == content.shape
