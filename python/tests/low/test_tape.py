"""Tapes on the small network, against NumPy and central differences."""

from __future__ import annotations

import threading
from typing import Any

import impasto
import numpy as np
import pytest
from impasto.encoder import Encoder
from low_shared import cosine, picture, relative

STYLE = ["relu1_1", "relu2_1", "relu3_1"]

DIFFERENCES = 1e-2
"""Error of central differences in float32, relative to the largest derivative: the loss has seven digits, the steps
are thousandths, and a ReLU near zero may flip."""


def test_statistics_are_those_of_the_features(lite: Encoder) -> None:
    x, content = picture(1), picture(2)
    tape = lite.record(x, style=STYLE, content={"relu3_1": content}, features=STYLE)
    seen = lite.features(x, STYLE)
    for layer, f in seen.items():
        np.testing.assert_array_equal(tape.features[layer], f)
        expected = impasto.moments(f)
        assert relative(tape.gram[layer], expected.second) < 1e-6
        assert relative(tape.mean[layer], expected.mean) < 1e-6
        assert tape.second[layer] is tape.gram[layer]
    aim = lite.features(content, "relu3_1")["relu3_1"].astype(np.float64)
    assert tape.content_mse["relu3_1"] == pytest.approx(((seen["relu3_1"] - aim) ** 2).mean(), rel=1e-5)


def loss_of(tape: Any) -> float:
    """Returns a loss that uses all that a tape holds."""
    value = sum(0.5 * (g**2).sum() for g in tape.gram.values()) + sum((m - 0.3).sum() for m in tape.mean.values())
    value += 2 * tape.content_mse["relu2_2"]
    return float(value + sum((f.astype(np.float64) ** 3).mean() for f in tape.features.values()))


def test_gradients_agree_with_central_differences(lite: Encoder) -> None:
    x, content = picture(3, 32, 32), picture(4, 32, 32)

    def record(pixels: np.ndarray) -> Any:
        layers = ["relu1_2", "relu4_1"]
        return lite.record(pixels, style=STYLE, content={"relu2_2": content}, features=layers)

    tape = record(x)
    gradient = tape.pull_back(
        gram=tape.gram,
        mean={layer: np.ones_like(mean) for layer, mean in tape.mean.items()},
        content={"relu2_2": 2.0},
        features={layer: 3 * f**2 / f.size for layer, f in tape.features.items()},
    )
    largest, random = np.abs(gradient).max(), np.random.default_rng(5)
    for place in [(0, 0, 0), (31, 31, 2), *map(tuple, random.integers((32, 32, 3), size=(5, 3)))]:
        errors = []
        for step in (1e-2, 3e-3, 1e-3):
            up, down = x.copy(), x.copy()
            up[place] += step
            down[place] -= step
            slope = (loss_of(record(up)) - loss_of(record(down))) / (float(up[place]) - float(down[place]))
            errors.append(abs(slope - gradient[place]) / largest)
        assert min(errors) < DIFFERENCES, (place, errors)


def test_the_gradient_is_linear_and_can_be_asked_for_again(lite: Encoder) -> None:
    x = picture(6)
    tape = lite.record(x, style=STYLE, features=["relu2_1"])
    by_gram, by_features = {"relu2_1": tape.gram["relu2_1"]}, {"relu2_1": np.ones_like(tape.features["relu2_1"])}
    one, other = tape.pull_back(gram=by_gram), tape.pull_back(features=by_features)
    assert relative(tape.pull_back(gram=by_gram, features=by_features), one + other) < 1e-4
    # Another record in between changes nothing.
    lite.record(picture(7), style=STYLE)
    np.testing.assert_array_equal(tape.pull_back(gram=by_gram), one)


def test_dense_derivatives_express_the_gram_loss_too(lite: Encoder) -> None:
    """d(½|G|²)/dF = 2 G F / positions, so both ways lead to the same gradient."""
    x, layers = picture(8), ["relu1_1", "relu4_1"]
    tape = lite.record(x, style=layers, features=layers)
    dense = {}
    for layer, f in tape.features.items():
        flat = f.reshape(f.shape[0], -1).astype(np.float64)
        dense[layer] = (2 * tape.gram[layer] @ flat / flat.shape[1]).reshape(f.shape)
    by_gram, by_features = tape.pull_back(gram=tape.gram), tape.pull_back(features=dense)
    assert relative(by_features, by_gram) < 1e-4 and cosine(by_features, by_gram) > 0.999999


def test_content_targets_are_kept_apart(lite: Encoder) -> None:
    x, pictures = picture(9), [picture(seed) for seed in range(10, 24)]
    first = lite.record(x, content={"relu2_1": pictures[0]}).content_mse["relu2_1"]
    tapes = [lite.record(x, content={"relu2_1": p, "relu3_1": p}) for p in pictures]
    assert len({tape.content_mse["relu2_1"] for tape in tapes}) == len(pictures)
    assert tapes[0].content_mse["relu2_1"] == first
    again = lite.record(x, content={"relu2_1": pictures[0]}).pull_back(content={"relu2_1": 1.0})
    np.testing.assert_array_equal(tapes[0].pull_back(content={"relu2_1": 1.0}), again)


def test_wrong_derivatives_are_refused(lite: Encoder) -> None:
    tape = lite.record(picture(1), style="relu1_1", features="relu2_1")
    with pytest.raises(impasto.InvalidOption, match="shape"):
        tape.pull_back(gram={"relu1_1": np.zeros((3, 3))})
    with pytest.raises(impasto.InvalidOption, match="not recorded"):
        tape.pull_back(gram={"relu2_1": np.zeros((3, 3))})
    with pytest.raises(impasto.InvalidOption, match="not recorded"):
        tape.pull_back(content={"relu1_1": 1.0})
    with pytest.raises(impasto.InvalidOption, match="shape"):
        tape.pull_back(features={"relu2_1": np.zeros((1, 2, 3))})


def test_wrong_pictures_are_refused(lite: Encoder) -> None:
    with pytest.raises(impasto.PictureError, match="divide by 255"):
        lite.features(255 * picture(1), "relu1_1")
    spoilt = picture(1)
    spoilt[3, 4, 1] = np.nan
    with pytest.raises(impasto.PictureError, match="3, 4, 1"):
        lite.features(spoilt, "relu1_1")
    with pytest.raises(impasto.Error, match="small"):
        lite.features(picture(1, 8, 8), "relu5_1")
    with pytest.raises(impasto.Error, match="content"):
        lite.record(picture(1), content={"relu1_1": picture(1, 32, 32)})


def test_pictures_in_progress_may_leave_the_range(lite: Encoder) -> None:
    x = picture(1) * 3 - 1
    assert x.min() < 0 and x.max() > 1
    assert np.isfinite(lite.features(x, "relu2_1")["relu2_1"]).all()
    # The memory of the array does not matter.
    fortran = np.asfortranarray(x)
    np.testing.assert_array_equal(lite.features(fortran, "relu2_1")["relu2_1"], lite.features(x, "relu2_1")["relu2_1"])


def test_eight_threads_may_share_an_encoder(lite: Encoder) -> None:
    pictures = [picture(seed) for seed in range(8)]
    alone = [lite.record(x, style="relu3_1").pull_back(gram={"relu3_1": np.eye(lite.layer("relu3_1").channels)})
             for x in pictures]  # fmt: skip
    found: dict[int, np.ndarray] = {}

    def work(index: int) -> None:
        tape = lite.record(pictures[index], style="relu3_1")
        found[index] = tape.pull_back(gram={"relu3_1": np.eye(lite.layer("relu3_1").channels)})

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, expected in enumerate(alone):
        np.testing.assert_array_equal(found[index], expected)


def test_a_reconstruction_keeps_what_the_layer_keeps(lite: Encoder) -> None:
    x = picture(20, 48, 48)
    made = lite.reconstruct(x, "relu2_1", iterations=30)
    assert made.shape == x.shape and made.dtype == np.float32

    def distance(y: np.ndarray) -> float:
        return lite.record(y, content={"relu2_1": x}).content_mse["relu2_1"]

    noise = np.random.default_rng(0).random(x.shape, np.float32)
    assert distance(made) < 0.2 * distance(noise)
    with pytest.raises(impasto.InvalidOption):
        lite.reconstruct(x, "relu2_1", of="both")  # type: ignore[arg-type]
