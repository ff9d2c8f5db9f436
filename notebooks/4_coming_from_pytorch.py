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
# # Coming from PyTorch
#
# You know the tutorial *Neural transfer using PyTorch*. This notebook walks through its recipe with this package. It
# needs no graphics card and no download, and no PyTorch either: the cells that use it are skipped where it is missing.
#
# | there | here |
# |---|---|
# | `vgg19(weights=...).features` | `impasto.Encoder("vgg19")`, or `"lite"` without any weights |
# | index 22 of `features`, a ReLU | 22 works; the package's own name is `relu4_2` |
# | `conv_4`, before its ReLU | refused: features are taken after the ReLU |
# | `Normalization(mean, std)` | done inside; `encoder.preprocess` shows it |
# | `gram_matrix`, divided by all elements | `impasto.gram(F, divide="elements")` |
# | `loss.backward()` | `tape.pull_back` by hand, or `impasto.torch.objective` |
# | `optim.LBFGS` | the same, on this package's engine; or SciPy's |

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

torch = None
if importlib.util.find_spec("torch") is not None:
    import torch

# %% [markdown]
# ## Two pictures
#
# Arrays are height × width × 3 here, and hold 0 to 1. A tensor of 3 × height × width is understood, too.

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
# ## Layers
#
# The tutorial counts convolutions: `conv_4` is the fourth, and its features are those before the ReLU. Gatys' program
# and this package take them after the ReLU, so results differ a little. The package refuses such a name and says which
# layer is meant.

# %%
for name in ("conv_4", 19, 20):
    try:
        print(name, "is", encoder.layer(name).name)
    except impasto.InvalidOption as error:
        print(name, "is refused:", error)

# %% [markdown]
# ## The losses
#
# `gram_matrix` of the tutorial divides by all elements. The tape has Gram matrices divided by the positions, so divide
# by the channels once more.

# %%
STYLE_LAYERS = ["relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1"]  # where conv_1 to conv_5 lead
CONTENT_LAYER = "relu2_2"

F = encoder.features(content, "relu2_1")["relu2_1"]
channels = F.shape[0]
tape = encoder.record(content, style="relu2_1")
assert np.allclose(tape.gram["relu2_1"] / channels, impasto.gram(F, divide="elements"), rtol=1e-4)

targets = {layer: impasto.gram(f, divide="elements") for layer, f in encoder.features(style, STYLE_LAYERS).items()}


def losses_of(x, style_weight, content_weight=1.0):
    """Returns the loss of the tutorial and its gradient: weights times mean squared differences."""
    tape = encoder.record(x, style=STYLE_LAYERS, content={CONTENT_LAYER: content})
    loss, by_gram = content_weight * tape.content_mse[CONTENT_LAYER], {}
    for layer in STYLE_LAYERS:
        channels = encoder.layer(layer).channels
        difference = tape.gram[layer] / channels - targets[layer]
        loss += style_weight * (difference**2).mean()
        by_gram[layer] = style_weight * 2 * difference / difference.size / channels
    return loss, tape.pull_back(gram=by_gram, content={CONTENT_LAYER: content_weight})


# The tutorial's style weight is a million for VGG-19. This one begins with the same balance on every network.
begun, _ = losses_of(content, style_weight=1.0)
content_scale = float((encoder.features(content, CONTENT_LAYER)[CONTENT_LAYER].astype(np.float64) ** 2).mean())
STYLE_WEIGHT = 10 * content_scale / begun
print(f"style weight {STYLE_WEIGHT:.3g}")

# %% [markdown]
# ## L-BFGS
#
# The tutorial's optimiser needs nothing but a function that gives loss and gradient. Here is SciPy's, on the loss that
# you have just written.

# %%
scipy_result = None
if importlib.util.find_spec("scipy") is not None:
    from scipy.optimize import minimize

    history = []

    def flat(vector):
        loss, gradient = losses_of(vector.reshape(content.shape).astype(np.float32), STYLE_WEIGHT)
        history.append(loss)
        return loss, gradient.ravel().astype(np.float64)

    bounds, options = [(0, 1)] * content.size, {"maxiter": STEPS // 2}
    found = minimize(flat, content.ravel(), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    scipy_result = found.x.reshape(content.shape).astype(np.float32)
    print(f"loss {history[0]:.4g} -> {found.fun:.4g} in {len(history)} evaluations")
    show(content, style, scipy_result, titles=["content", "style", "SciPy's L-BFGS-B"])

# %% [markdown]
# Without SciPy, Adam from this package does it in a loop.

# %%
x, adam, by_adam = content.copy(), impasto.optim.Adam(0.02), []
for _ in range(STEPS):
    loss, gradient = losses_of(x, STYLE_WEIGHT)
    by_adam.append(loss)
    x = adam.step(x, gradient).clip(0, 1)
print(f"loss {by_adam[0]:.4g} -> {by_adam[-1]:.4g}")

# %% [markdown]
# ## `torch.optim.LBFGS` on this package's engine
#
# `impasto.torch.objective` makes a preset's objective a function of a tensor. Its gradient comes from the engine, so
# the loop of the tutorial runs as it is, and on the CPU several times faster than the network in PyTorch.

# %%
objective = impasto.Objective(content=content, styles=style, preset="gatys", model=encoder.name)
start, _, _ = objective.evaluate(content)
if torch is not None:
    import impasto.torch

    criterion = impasto.torch.objective(objective)
    image = torch.from_numpy(content).permute(2, 0, 1)[None].contiguous().requires_grad_()
    optimizer = torch.optim.LBFGS([image], max_iter=STEPS // 3, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = criterion(image)
        loss.backward()
        return loss

    optimizer.step(closure)
    torch_result = image.detach()[0].permute(1, 2, 0).clamp(0, 1).numpy()
    end, _, _ = objective.evaluate(torch_result)
    print(f"loss {start:.4g} -> {end:.4g}")
    show(content, style, torch_result, titles=["content", "style", "torch.optim.LBFGS"])
else:
    print("skipped: there is no torch")

# %% [markdown]
# ## Your own loss, with PyTorch's derivatives
#
# Let PyTorch differentiate a loss of features, and this package the network: make the features leaves, call
# `backward`, and hand their gradients to `pull_back`.

# %%
if torch is not None:
    layer = "relu3_1"
    aim = torch.from_numpy(encoder.features(style, layer)[layer]).mean(dim=(1, 2))
    tape = encoder.record(content, features=layer)
    leaf = torch.from_numpy(tape.features[layer]).requires_grad_()
    torch.nn.functional.smooth_l1_loss(leaf.mean(dim=(1, 2)), aim).backward()
    own_gradient = tape.pull_back(features={layer: leaf.grad.numpy()})
    print("gradient by the pixels", own_gradient.shape, np.abs(own_gradient).max())
    assert np.abs(own_gradient).max() > 0
else:
    print("skipped: there is no torch")

# %%
# The notebook did what it says.
assert by_adam[-1] < 0.7 * by_adam[0]
assert scipy_result is None or found.fun < 0.7 * history[0]
assert torch is None or end < 0.7 * start
