"""An independent oracle for Impasto's objectives: losses and pixel gradients in PyTorch, all in float64.

It is written from formulas, not for speed, and shares no code with the Rust crates: a result on which both agree is
unlikely to be wrong in both. The recipes ("presets") are those of

  gatys       L. Gatys, A. Ecker, M. Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016
  johnson     J. Johnson, neural-style (Lua Torch), https://github.com/jcjohnson/neural-style
  johnson-pt  neural-style-pt, https://github.com/ProGamerGov/neural-style-pt
  crowson     K. Crowson, style-transfer-pytorch, https://github.com/crowsonkb/style-transfer-pytorch
  scaling     B. Galerne et al., "Scaling Painting Style Transfer", https://arxiv.org/abs/2212.13459
  keras       the neural style transfer tutorial of TensorFlow

Notation. F is a feature map as a C x N matrix, N = H W; mu = F 1/N; S = F F^T/N (second raw moment); a star marks
the style's. MSE is the mean over all entries. Pictures x are [3, H, W] tensors, RGB, 0..1.

    terms, gradient = evaluate(Network.load("vgg.safetensors"), PRESETS["gatys"], x, content, [style])
"""

from dataclasses import dataclass
from typing import Callable

import numpy as np
import torch
import torch.nn.functional as functional
from PIL import Image
from safetensors.torch import load_file

BLOCKS = (2, 2, 4, 4, 4)
CONVS = [f"{b}_{i}" for b, n in enumerate(BLOCKS, 1) for i in range(1, n + 1)]
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
STYLE_TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


def torchvision_index(conv):
    """The N of `features.N` for a convolution: every earlier convolution and its ReLU count, and every pool."""
    return 2 * CONVS.index(conv) + int(conv[0]) - 1


def read_picture(path):
    """An 8-bit picture file as a [3, H, W] tensor in 0..1."""
    pixels = np.asarray(Image.open(path).convert("RGB"), dtype=np.float64) / 255.0
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


# ---------------------------------------------------------------------------------------------------- the network


class Network:
    """VGG-19 up to its last known convolution: 3x3 convolutions with ReLU, a 2x2 pool between blocks."""

    def __init__(self, convs, input_weight, input_bias, metrics=None):
        self.convs, self.input_weight, self.input_bias = convs, input_weight, input_bias
        self.metrics = metrics or {}

    @staticmethod
    def load(path):
        """Read a canonical file (convB_I.*, input.*) or a torchvision-named one (features.N.*, ImageNet statistics)."""
        tensors = {name: tensor.double() for name, tensor in load_file(path).items()}
        if "input.weight" in tensors:
            names = {conv: f"conv{conv}" for conv in CONVS}
            input_weight, input_bias = tensors["input.weight"], tensors["input.bias"]
        else:
            names = {conv: f"features.{torchvision_index(conv)}" for conv in CONVS}
            mean, std = (torch.tensor(v, dtype=torch.float64) for v in (IMAGENET_MEAN, IMAGENET_STD))
            input_weight, input_bias = torch.diag(1 / std), -mean / std
        known = {conv: name for conv, name in names.items() if f"{name}.weight" in tensors}
        convs = {conv: (tensors[f"{name}.weight"], tensors[f"{name}.bias"]) for conv, name in known.items()}
        metrics = {
            f"relu{conv}": tensors[f"metric{conv}.weight"] for conv in CONVS if f"metric{conv}.weight" in tensors
        }
        return Network(convs, input_weight, input_bias, metrics)

    def as_seen(self, tap, f):
        """The features that a style uses: multiplied with the metric, if there is one."""
        return self.metrics[tap] @ f if tap in self.metrics else f

    def features(self, x, taps, first_padding="zero", pooling="max", pool_scale=1.0):
        """{tap: features after that ReLU, as a C x N matrix} of the picture x."""
        y = torch.einsum("oc,chw->ohw", self.input_weight, x) + self.input_bias[:, None, None]
        y, seen = y[None], {}
        for conv, (weight, bias) in self.convs.items():
            if conv.endswith("_1") and conv != "1_1":
                y = pool_scale * POOLINGS[pooling](y)
            replicate = conv == "1_1" and first_padding == "replicate"
            y = functional.pad(y, (1, 1, 1, 1), mode="replicate" if replicate else "constant")
            y = functional.relu(functional.conv2d(y, weight, bias))
            if f"relu{conv}" in taps:
                seen[f"relu{conv}"] = y[0].flatten(1)
            if len(seen) == len(set(taps)):
                return seen
        raise ValueError(f"the network has no {set(taps) - set(seen)}")


def pool_l2(y):
    """The root of the SUM of squares over 2x2; the derivative is 0 where all four are 0."""
    sums = 4 * functional.avg_pool2d(y * y, 2)
    alive = sums > 0
    return torch.where(alive, torch.where(alive, sums, 1.0).sqrt(), 0.0)


POOLINGS = {
    "max": lambda y: functional.max_pool2d(y, 2),
    "average": lambda y: functional.avg_pool2d(y, 2),
    "l2": pool_l2,
}


# ------------------------------------------------------------------------------------------------- style statistics


@dataclass
class Moments:
    mu: torch.Tensor
    s: torch.Tensor

    @staticmethod
    def of(f):
        return Moments(f.mean(1), f @ f.T / f.shape[1])

    @staticmethod
    def weighted(f, weights):
        """Moments of a region: every position counts by its weight."""
        part = weights.flatten() / weights.sum()
        return Moments(f @ part, (f * part) @ f.T)

    @staticmethod
    def blend(parts, weights):
        return Moments(
            sum(w * p.mu for w, p in zip(weights, parts)), sum(w * p.s for w, p in zip(weights, parts))
        )

    @property
    def width(self):
        return len(self.mu)

    def covariance(self, epsilon=0.0):
        return self.s - torch.outer(self.mu, self.mu) + epsilon * torch.eye(self.width, dtype=self.s.dtype)

    def deviation(self):
        """Standard deviation per channel; a channel without variance (up to rounding) gets 0 and derivative 0."""
        raw = torch.diagonal(self.s)
        variance = raw - self.mu**2
        alive = variance > 1e-12 * raw
        return torch.where(alive, torch.where(alive, variance, 1.0).sqrt(), 0.0)


def mse(a, b):
    return ((a - b) ** 2).mean()


class IteratedRoot(torch.autograd.Function):
    """The root of a symmetric matrix by 12 Newton-Schulz steps, its derivative by 12 steps for the Lyapunov equation.

    Neither converges on badly conditioned matrices, and the second is not the exact derivative of the first: both
    are part of the published recipe. On eigenvalues both are scalar maps; see check_gradients.py.
    """

    STEPS = 12

    @staticmethod
    def forward(ctx, m):
        identity = torch.eye(len(m), dtype=m.dtype)
        norm = torch.linalg.norm(m)
        y, z = m / norm, identity
        for _ in range(IteratedRoot.STEPS):
            t = (3 * identity - z @ y) / 2
            y, z = y @ t, t @ z
        root = y * norm.sqrt()
        ctx.save_for_backward(root)
        return root

    @staticmethod
    def backward(ctx, g):
        (root,) = ctx.saved_tensors
        identity = torch.eye(len(root), dtype=root.dtype)
        norm = torch.linalg.norm(root)
        a, q = root / norm, g / norm
        for _ in range(IteratedRoot.STEPS):
            e = 3 * identity - a @ a
            q = (q @ e - a.T @ (a.T @ q - q @ a)) / 2
            a = a @ e / 2
        return q / 2


def eigen_root(m):
    values, vectors = torch.linalg.eigh(m)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T


def gram(now, target, scale=1.0):
    """MSE of scale * S."""
    return mse(scale * now.s, scale * target.s)


def mean_deviation(now, target):
    return mse(now.mu, target.mu) + mse(now.deviation(), target.deviation())


def crowson_w2(now, target, epsilon=1e-4):
    a, b = target.covariance(epsilon), now.covariance(epsilon)
    r = IteratedRoot.apply(a)
    return mse(now.mu, target.mu) + torch.diagonal(a + b - 2 * IteratedRoot.apply(r @ b @ r)).mean()


def exact_w2(now, target, epsilon=1e-4):
    """Squared Wasserstein-2 distance of Gaussians, over C. The sum of roots of eigenvalues has a plain derivative."""
    a, b = target.covariance(epsilon), now.covariance(epsilon)
    r = eigen_root(a)
    cross = torch.linalg.eigvalsh(r @ b @ r).clamp(min=0).sqrt().sum()
    return (((now.mu - target.mu) ** 2).sum() + torch.trace(a) + torch.trace(b) - 2 * cross) / now.width


# ---------------------------------------------------------------------------------------------------- total variation


def no_tv(x):
    return x.new_zeros(())


def tv_johnson(x):
    """Half the squared differences of 256 x, only where both a right and a lower neighbour exist."""
    y = 256 * x
    corner = y[:, :-1, :-1]
    return ((y[:, :-1, 1:] - corner) ** 2 + (y[:, 1:, :-1] - corner) ** 2).sum() / 2


def tv_absolute(x):
    """All absolute differences of neighbours."""
    return x.diff(dim=2).abs().sum() + x.diff(dim=1).abs().sum()


def tv_nine_point(x):
    """Mean squared differences along rows, columns and both diagonals of the picture with its edges replicated.

    Along rows and columns the mean is over 3 H W (the last difference is 0), along diagonals over 3 (H+1)(W+1).
    """
    _, height, width = x.shape
    p = functional.pad(x[None], (1, 1, 1, 1), mode="replicate")[0]
    straight = (x.diff(dim=2).square().sum() + x.diff(dim=1).square().sum()) / (3 * height * width)
    falling = (p[:, 1:, 1:] - p[:, :-1, :-1]).square().mean()
    rising = (p[:, 1:, :-1] - p[:, :-1, 1:]).square().mean()
    return 2 * (straight / 3 + (falling + rising) / 12)


# ------------------------------------------------------------------------------------------------------------ presets


@dataclass(frozen=True)
class Preset:
    content_weight: float
    # (layer number 0..4, moments now, target moments) -> weighted loss of that layer
    style: Callable
    tv_weight: float = 0.0
    tv: Callable = no_tv
    content_tap: str = "relu4_2"
    first_padding: str = "zero"
    # factors of the pooled values; poolings not named are not rescaled
    pool_scales: tuple = ()


def scaling_style(_, now, target):
    spread = 1e4 * (mse(now.mu, target.mu) + mse(now.deviation(), target.deviation()))
    return 1e3 / now.width**2 * gram(now, target) + spread


def johnson_style(_, now, target):
    return 100 * gram(now, target, 1 / now.width)


def crowson_style(layer, now, target):
    return (256, 64, 16, 4, 1)[layer] / 341 * crowson_w2(now, target)


def statistic(loss):
    """One of our own statistics alone: content 1 at relu4_2, each style layer 1, no total variation."""
    return Preset(1.0, lambda _, now, target: loss(now, target))


PRESETS = {
    "gatys": Preset(1.0, lambda _, now, target: 1000 / now.width**2 * gram(now, target)),
    "johnson": Preset(5.0, johnson_style, 1e-3, tv_johnson),
    "johnson-pt": Preset(5.0, johnson_style, 1e-3, lambda x: tv_absolute(255 * x)),
    "crowson": Preset(
        0.015,
        crowson_style,
        2.0,
        tv_nine_point,
        first_padding="replicate",
        pool_scales=(("average", 2.0), ("l2", 0.78)),
    ),
    "scaling": Preset(1.0, scaling_style),
    "keras": Preset(
        1e4, lambda _, now, target: 1e-2 / 5 * gram(now, target), 30.0, tv_absolute, content_tap="relu5_2"
    ),
}

STATISTICS = {
    "stat-gram": statistic(lambda now, target: gram(now, target, 1 / now.width)),
    "stat-mean-std": statistic(mean_deviation),
    "stat-covariance": statistic(
        lambda now, target: mse(now.covariance() / now.width, target.covariance() / now.width)
    ),
    "stat-wasserstein": statistic(exact_w2),
}


def losses(network, preset, x, content, styles, blend=(1.0,), pooling="max"):
    """All weighted terms as scalar tensors, differentiable in x. Several styles blend their raw moments."""
    look = dict(
        first_padding=preset.first_padding,
        pooling=pooling,
        pool_scale=dict(preset.pool_scales).get(pooling, 1.0),
    )
    with torch.no_grad():
        content_target = network.features(content, [preset.content_tap], **look)[preset.content_tap]
        maps = [network.features(style, STYLE_TAPS, **look) for style in styles]
        targets = {
            tap: Moments.blend([Moments.of(network.as_seen(tap, m[tap])) for m in maps], blend) for tap in STYLE_TAPS
        }
    seen = network.features(x, {*STYLE_TAPS, preset.content_tap}, **look)
    terms = {
        "content": {preset.content_tap: preset.content_weight * mse(seen[preset.content_tap], content_target)},
        "style": {
            tap: preset.style(layer, Moments.of(network.as_seen(tap, seen[tap])), targets[tap])
            for layer, tap in enumerate(STYLE_TAPS)
        },
        "tv": preset.tv_weight * preset.tv(x),
    }
    terms["total"] = sum(terms["content"].values()) + sum(terms["style"].values()) + terms["tv"]
    return terms


def at_tap(weights, tap):
    """Weights of pixels on the grid of a tap: the mean over the pixels that pooling joins."""
    w = weights[None, None]
    for _ in range(int(tap[4]) - 1):
        w = functional.avg_pool2d(w, 2)
    return w[0, 0]


def region_losses(network, preset, x, content, regions):
    """Like `losses`, with [(weights of the picture's positions, style, weights of the style's positions or None)].

    The distance of each region counts by its share of all weights at the tap. The content counts everywhere.
    """
    look = dict(first_padding=preset.first_padding)
    seen = network.features(x, {*STYLE_TAPS, preset.content_tap}, **look)
    with torch.no_grad():
        content_target = network.features(content, [preset.content_tap], **look)[preset.content_tap]
    style = {tap: 0.0 for tap in STYLE_TAPS}
    for layer, tap in enumerate(STYLE_TAPS):
        areas = [at_tap(weights, tap).sum() for weights, _, _ in regions]
        for (weights, picture, part), area in zip(regions, areas):
            with torch.no_grad():
                f = network.features(picture, [tap], **look)[tap]
                target = Moments.of(f) if part is None else Moments.weighted(f, at_tap(part, tap))
            now = Moments.weighted(seen[tap], at_tap(weights, tap))
            style[tap] = style[tap] + area / sum(areas) * preset.style(layer, now, target)
    terms = {
        "content": {preset.content_tap: preset.content_weight * mse(seen[preset.content_tap], content_target)},
        "style": style,
        "tv": preset.tv_weight * preset.tv(x),
    }
    terms["total"] = sum(terms["content"].values()) + sum(style.values()) + terms["tv"]
    return terms


def evaluate(network, preset, image, content, styles, blend=(1.0,), pooling="max"):
    """({"content": {tap: v}, "style": {tap: v}, "tv": v, "total": v}, d(total)/d(image) as a [3, H, W] tensor)."""
    return numbers_of(
        image, lambda x: losses(network, preset, x, content.double(), [s.double() for s in styles], blend, pooling)
    )


def numbers_of(image, judge):
    """The terms that `judge` computes for a picture, as numbers, with the gradient."""
    x = image.double().clone().requires_grad_()
    terms = judge(x)
    (gradient,) = torch.autograd.grad(terms["total"], x)
    numbers = {
        name: {tap: v.item() for tap, v in term.items()} if isinstance(term, dict) else term.item()
        for name, term in terms.items()
    }
    return numbers, gradient
