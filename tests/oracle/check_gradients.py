"""Checks the oracle itself: run it after changing presets.py.

1. Every gradient that claims to be exact, against central differences at a few pixels.
2. crowson's, whose derivative of the root is not exact, in two halves: everything around the root against central
   differences (differentiating through the iteration instead), and the root's own derivative against its eigenvalues.
3. The exact Wasserstein derivative against its closed form.
"""

import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import torch

import make_fixtures
import presets
from presets import IteratedRoot, Moments, Network


def difference(total, x, place, step):
    values = []
    for sign in (1, -1):
        moved = x.clone()
        moved[place] += sign * step
        values.append(total(moved).item())
    return (values[0] - values[1]) / (2 * step)


def worst_difference(total, x, gradient, places):
    """Largest error over the places, relative to the largest gradient. Per place the best of three steps counts: a
    large one is the more precise, unless a ReLU or a maximum switches within it."""
    errors = []
    for place in places:
        wanted = gradient[place].item()
        errors.append(min(abs(difference(total, x, place, step) - wanted) for step in (1e-5, 1e-6, 1e-7)))
    return max(errors) / gradient.abs().max().item()


def root_through_iteration(m):
    with torch.enable_grad():
        return IteratedRoot.forward(mock.Mock(), m)


def random_symmetric(random, width, rank):
    factor = torch.from_numpy(random.standard_normal((width, rank)))
    return factor @ factor.T / rank + 1e-4 * torch.eye(width, dtype=torch.float64)


def root_on_eigenvalues(values):
    """The effect of IteratedRoot on the eigenvalues and, for a cotangent in their basis, the factors per entry."""
    norm = values.norm()
    y, z = values / norm, torch.ones_like(values)
    for _ in range(IteratedRoot.STEPS):
        t = (3 - z * y) / 2
        y, z = y * t, t * z
    root = y * norm.sqrt()
    a = root / root.norm()
    factors = torch.ones(len(values), len(values), dtype=values.dtype) / root.norm()
    for _ in range(IteratedRoot.STEPS):
        row, column = a[:, None], a[None, :]
        factors = factors * (3 - row**2 - column**2 + row * column) / 2
        a = a * (3 - a**2) / 2
    return root, factors / 2


def check(name, error, limit):
    print(f"{name:34} {error:.1e}" + ("" if error <= limit else f"   ABOVE {limit:.0e}"))
    return error <= limit


def main():
    torch.set_num_threads(2)
    random, good = np.random.default_rng(5), True

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        convs = make_fixtures.random_convs(make_fixtures.NARROW, "5_2", seed=19)
        make_fixtures.save_canonical(folder / "n.safetensors", convs, "vgg19-narrow")
        network, pictures = Network.load(folder / "n.safetensors"), []
        for seed, (width, height) in enumerate([(48, 40), (56, 44), (40, 52), (48, 40)], start=1):
            make_fixtures.save_picture(folder / "p.png", width, height, seed)
            pictures.append(presets.read_picture(folder / "p.png"))
    content, style, style2, image = pictures
    corners = [(0, 0, 0), (1, 0, 47), (2, 39, 0), (0, 39, 47), (1, 38, 46), (2, 0, 20), (0, 17, 0)]
    inner = [tuple(int(random.integers(n)) for n in image.shape) for _ in range(13)]
    for name, (preset, arguments) in make_fixtures.CASES.items():
        styles = [style, style2] if "blend" in arguments else [style]
        with mock.patch.object(IteratedRoot, "apply", root_through_iteration):
            _, gradient = presets.evaluate(network, preset, image, content, styles, **arguments)

            def total(x):
                return presets.losses(network, preset, x, content, styles, **arguments)["total"]

            error = worst_difference(total, image, gradient, corners + inner)
        good &= check(f"differences, {name}", error, 1e-5)

    for width, rank in ((24, 60), (24, 5), (64, 100)):
        m = random_symmetric(random, width, rank).requires_grad_()
        cotangent = random_symmetric(random, width, width)
        root = IteratedRoot.apply(m)
        (found,) = torch.autograd.grad(root, m, cotangent)
        values, vectors = torch.linalg.eigh(m.detach())
        scalar, factors = root_on_eigenvalues(values)
        wanted_root = (vectors * scalar) @ vectors.T
        wanted = vectors @ (factors * (vectors.T @ cotangent @ vectors)) @ vectors.T
        good &= check(f"root, width {width} rank {rank}", ((root - wanted_root).norm() / root.norm()).item(), 1e-10)
        good &= check("  its derivative", ((found - wanted).norm() / wanted.norm()).item(), 1e-10)

        a, b = random_symmetric(random, width, rank), m.detach().requires_grad_()
        zero = torch.zeros(width, dtype=torch.float64)
        distance = presets.exact_w2(Moments(zero, b), Moments(zero, a))
        (found,) = torch.autograd.grad(distance, b)
        identity = torch.eye(width, dtype=torch.float64)
        r = presets.eigen_root(a + 1e-4 * identity)
        inner_root = presets.eigen_root(r @ (b.detach() + 1e-4 * identity) @ r)
        wanted = (identity - r @ torch.linalg.inv(inner_root) @ r) / width
        good &= check("  exact Wasserstein derivative", ((found - wanted).norm() / wanted.norm()).item(), 1e-8)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
