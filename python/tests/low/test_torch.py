"""Features, tapes and objectives against PyTorch's autograd, on a random VGG-19 of full width in float64."""

from __future__ import annotations

from typing import Any

import impasto
import numpy as np
import pytest
from impasto.encoder import Encoder
from low_shared import TorchVgg, cosine, picture, relative
from shared import needs

pytestmark = pytest.mark.torch

STYLE = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]

FEATURES = 1e-5
"""Relative error of features: f32 Winograd convolutions, 2e-6 at the depth of relu5_1."""

LOSS = 1e-5
"""Relative error of a loss of sums over features."""

COSINE = 0.999999
"""Least cosine of gradients. A ReLU or pooling within rounding of undecided may decide otherwise than in float64."""

Network = tuple[TorchVgg, Encoder]


def pixels_of(torch: Any, x: np.ndarray) -> Any:
    return torch.tensor(x, dtype=torch.float64, requires_grad=True)


def test_features_are_those_of_pytorch(torch_vgg: Network) -> None:
    torch = needs("torch")
    network, encoder = torch_vgg
    x = picture(1, 50, 70)
    layers = [*STYLE, "relu4_2", "relu5_4"]
    expected = network.features(torch.tensor(x, dtype=torch.float64), layers)
    for layer, found in encoder.features(x, layers).items():
        assert found.dtype == np.float32 and found.flags.owndata
        assert relative(found, expected[layer].detach().numpy()) <= FEATURES, layer


def test_the_gram_loop_has_the_loss_and_the_gradient_of_autograd(torch_vgg: Network) -> None:
    torch = needs("torch")
    network, encoder = torch_vgg
    x, content, style = picture(2, 64, 80), picture(3, 64, 80), picture(4, 60, 60)
    aims = {layer: impasto.gram(f) for layer, f in encoder.features(style, STYLE).items()}
    tape = encoder.record(x, style=STYLE, content={"relu4_2": content})
    loss = sum(((tape.gram[layer] - aims[layer]) ** 2).sum() for layer in STYLE) + 0.1 * tape.content_mse["relu4_2"]
    gradient = tape.pull_back(
        gram={layer: 2 * (tape.gram[layer] - aims[layer]) for layer in STYLE}, content={"relu4_2": 0.1}
    )

    pixels = pixels_of(torch, x)
    seen = network.features(pixels, [*STYLE, "relu4_2"])
    with torch.no_grad():
        of_style = network.features(torch.tensor(style, dtype=torch.float64), STYLE)
        of_content = network.features(torch.tensor(content, dtype=torch.float64), ["relu4_2"])

    def gram(f: Any) -> Any:
        flat = f.reshape(f.shape[0], -1)
        return flat @ flat.T / flat.shape[1]

    expected = sum(((gram(seen[layer]) - gram(of_style[layer])) ** 2).sum() for layer in STYLE)
    expected = expected + 0.1 * ((seen["relu4_2"] - of_content["relu4_2"]) ** 2).mean()
    expected.backward()
    assert abs(loss / expected.item() - 1) <= LOSS
    assert gradient.dtype == np.float32 and gradient.shape == x.shape
    assert cosine(gradient, pixels.grad) >= COSINE
    assert abs(np.linalg.norm(gradient) / np.linalg.norm(pixels.grad) - 1) <= 1e-3


def test_means_and_lopsided_derivatives_agree_with_autograd(torch_vgg: Network) -> None:
    torch = needs("torch")
    network, encoder = torch_vgg
    x, layers = picture(5), ["relu2_2", "relu3_3"]
    random = np.random.default_rng(6)
    tape = encoder.record(x, style=layers)
    by_gram = {layer: random.standard_normal(tape.gram[layer].shape) for layer in layers}
    by_mean = {layer: random.standard_normal(tape.mean[layer].shape) for layer in layers}
    pixels = pixels_of(torch, x)
    loss = torch.zeros((), dtype=torch.float64)
    for layer, f in network.features(pixels, layers).items():
        flat = f.reshape(f.shape[0], -1)
        loss = loss + (torch.tensor(by_gram[layer]) * (flat @ flat.T / flat.shape[1])).sum()
        loss = loss + (torch.tensor(by_mean[layer]) * flat.mean(dim=1)).sum()
    loss.backward()
    # The derivatives by the Gram matrices are not symmetric; only their symmetric part can have an effect.
    assert cosine(tape.pull_back(gram=by_gram, mean=by_mean), pixels.grad) >= COSINE
    symmetric = {layer: (by + by.T) / 2 for layer, by in by_gram.items()}
    again = tape.pull_back(gram=symmetric, mean=by_mean)
    np.testing.assert_array_equal(again, tape.pull_back(gram=by_gram, mean=by_mean))


@pytest.mark.parametrize("layers", [["relu1_1"], ["relu1_1", "relu3_2", "relu5_2"], ["relu4_4"]])
def test_losses_that_no_moments_can_tell_agree_with_autograd(torch_vgg: Network, layers: list[str]) -> None:
    torch = needs("torch")
    network, encoder = torch_vgg
    x, other = picture(7, 48, 66), picture(8, 48, 66)
    aims = encoder.features(other, layers)
    tape = encoder.record(x, features=layers)
    loss, by_features = 0.0, {}
    for layer, f in tape.features.items():
        # The mean absolute difference, and the largest feature of each channel.
        largest = f.reshape(f.shape[0], -1).argmax(axis=1)
        by = np.sign(f - aims[layer]) / f.size
        by.reshape(f.shape[0], -1)[np.arange(f.shape[0]), largest] += 0.01
        loss += np.abs(f - aims[layer]).mean() + 0.01 * f.reshape(f.shape[0], -1).max(axis=1).sum()
        by_features[layer] = by
    gradient = tape.pull_back(features=by_features)
    pixels = pixels_of(torch, x)
    with torch.no_grad():
        expected_aims = network.features(torch.tensor(other, dtype=torch.float64), layers)
    expected = torch.zeros((), dtype=torch.float64)
    for layer, f in network.features(pixels, layers).items():
        expected = expected + (f - expected_aims[layer]).abs().mean() + 0.01 * f.amax(dim=(1, 2)).sum()
    expected.backward()
    assert abs(loss / expected.item() - 1) <= LOSS
    # |d| flips where two features are equal up to rounding.
    assert cosine(gradient, pixels.grad) >= 0.999


def test_the_bridge_gives_the_objective_its_gradient_in_every_layout() -> None:
    torch = needs("torch")
    bridge = the_bridge()
    objective = impasto.Objective(content=picture(9), styles=picture(10), preset="gatys")
    x = picture(11)
    loss, gradient, _ = objective.evaluate(x)
    evaluate = bridge.objective(objective)
    for arrange, back in [
        (lambda t: t, lambda g: g),
        (lambda t: t.permute(2, 0, 1), lambda g: g.permute(1, 2, 0)),
        (lambda t: t.permute(2, 0, 1)[None], lambda g: g[0].permute(1, 2, 0)),
    ]:
        for dtype in (torch.float32, torch.float64):
            image = arrange(torch.tensor(x, dtype=dtype)).clone().requires_grad_()
            value = evaluate(image)
            (3 * value).backward()
            assert value.dtype == dtype and abs(value.item() / loss - 1) <= 1e-6
            np.testing.assert_allclose(back(image.grad).numpy(), 3 * gradient, rtol=1e-6)
    with pytest.raises(TypeError, match="float"):
        evaluate(torch.zeros(objective.shape, dtype=torch.uint8))
    with pytest.raises(ValueError, match="expected"):
        evaluate(torch.zeros(3, 5, 5))


def the_bridge() -> Any:
    needs("torch")
    import impasto.torch

    return impasto.torch


def test_a_second_derivative_is_refused() -> None:
    torch = needs("torch")
    evaluate = the_bridge().objective(impasto.Objective(content=picture(9), styles=picture(10)))
    image = torch.tensor(picture(11), requires_grad=True)
    with pytest.raises(RuntimeError, match="second derivative"):
        torch.autograd.grad(evaluate(image), image, create_graph=True)
    (first,) = torch.autograd.grad(evaluate(image), image)
    assert first.shape == image.shape


@pytest.mark.parametrize("channels_first", [False, True])
def test_lbfgs_of_pytorch_runs_on_our_engine(channels_first: bool) -> None:
    torch = needs("torch")
    content = picture(12)
    evaluate = the_bridge().objective(impasto.Objective(content=content, styles=picture(13), preset="gatys"))
    image = torch.tensor(content)
    image = image.permute(2, 0, 1)[None].contiguous() if channels_first else image
    image.requires_grad_()
    optimiser = torch.optim.LBFGS([image], max_iter=20, line_search_fn="strong_wolfe")
    losses = []

    def closure() -> Any:
        optimiser.zero_grad()
        loss = evaluate(image)
        loss.backward()
        losses.append(loss.item())
        return loss

    optimiser.step(closure)
    assert min(losses) < 0.5 * losses[0]


def test_the_optimisers_move_as_those_of_pytorch() -> None:
    torch = needs("torch")
    random = np.random.default_rng(14)
    start, gradients = random.random((5, 4, 3)), random.standard_normal((12, 5, 4, 3))
    cases = [
        (impasto.optim.Adam(0.02, 0.99, 0.999, 0.1), lambda p: torch.optim.Adam(p, 0.02, (0.99, 0.999), 0.1)),
        (impasto.optim.Adam(), lambda p: torch.optim.Adam(p, 0.02)),
        (impasto.optim.SGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
        (impasto.optim.SGD(0.1, 0.9), lambda p: torch.optim.SGD(p, 0.1, 0.9)),
    ]
    for ours, theirs in cases:
        x, parameter = start, torch.tensor(start, requires_grad=True)
        optimiser = theirs([parameter])
        for gradient in gradients:
            x = ours.step(x, gradient)
            parameter.grad = torch.tensor(gradient)
            optimiser.step()
            np.testing.assert_allclose(x, parameter.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("form", ["l1", "keras", "l2"])
def test_total_variation_has_the_value_and_the_gradient_of_autograd(form: str) -> None:
    torch = needs("torch")
    x = picture(15, 7, 9).astype(np.float64)
    pixels = pixels_of(torch, x)
    if form == "keras":
        a = (pixels[:-1, :-1] - pixels[1:, :-1]) ** 2
        b = (pixels[:-1, :-1] - pixels[:-1, 1:]) ** 2
        expected = ((a + b) ** 1.25).sum()
    else:
        power = 1 if form == "l1" else 2
        expected = (pixels[1:] - pixels[:-1]).abs().pow(power).sum()
        expected = expected + (pixels[:, 1:] - pixels[:, :-1]).abs().pow(power).sum()
    expected.backward()
    value, gradient = impasto.total_variation(x, form)  # type: ignore[arg-type]
    assert value == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, pixels.grad.numpy(), atol=1e-12)
