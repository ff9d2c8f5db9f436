"""Statistics in NumPy, against hand calculations and sums written otherwise."""

from __future__ import annotations

import impasto
import numpy as np
import pytest


def test_the_three_conventions_of_gram_differ_by_known_factors() -> None:
    f = np.random.default_rng(1).random((5, 4, 7)).astype(np.float32)
    raw = impasto.gram(f, divide=None)
    np.testing.assert_allclose(raw, np.einsum("ihw,jhw->ij", f.astype(np.float64), f.astype(np.float64)))
    np.testing.assert_allclose(impasto.gram(f), raw / 28)
    np.testing.assert_allclose(impasto.gram(f, divide="elements"), raw / (28 * 5))
    with pytest.raises(impasto.InvalidOption, match="positions"):
        impasto.gram(f, divide="pixels")  # type: ignore[arg-type]
    with pytest.raises(impasto.InvalidOption):
        impasto.gram(np.zeros(3))


def test_moments_are_means_over_positions() -> None:
    f = np.array([[[1.0, 2.0]], [[3.0, 5.0]]])
    weight, mean, second = impasto.moments(f)
    assert weight == 2
    np.testing.assert_allclose(mean, [1.5, 4.0])
    np.testing.assert_allclose(second, [[2.5, 6.5], [6.5, 17.0]])


@pytest.mark.parametrize(("form", "expected"), [("l1", 1 + 2 + 3 + 4), ("l2", 1 + 4 + 9 + 16), ("keras", 5**1.25)])
def test_total_variation_of_four_pixels_by_hand(form: str, expected: float) -> None:
    # Rows 0 1 and 2 5: dx is 1 and 3, dy is 2 and 4. Keras takes the first pixel alone: 1² + 2².
    x = np.array([[0.0, 1.0], [2.0, 5.0]])[:, :, None]
    value, gradient = impasto.total_variation(x, form)  # type: ignore[arg-type]
    assert value == pytest.approx(expected) and gradient.shape == x.shape
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += 1e-6
        down[place] -= 1e-6
        slope = (impasto.total_variation(up, form)[0] - impasto.total_variation(down, form)[0]) / 2e-6  # type: ignore[arg-type]
        assert gradient[place] == pytest.approx(slope, abs=1e-6)


def test_a_description_has_a_line_for_each_layer() -> None:
    text = impasto.describe({"relu1_1": np.full((2, 3, 4), 0.25), 22: np.zeros((1, 1, 1))})
    assert text.splitlines()[1].split() == ["relu1_1", "2", "x", "3", "x", "4", "0.25", "0.25", "0.25"]
    assert text.splitlines()[2].startswith("22") and repr(text) == str(text)
