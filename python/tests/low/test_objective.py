"""Objectives: against the tape, against central differences, and under other people's optimisers."""

from __future__ import annotations

import pickle
from types import SimpleNamespace

import impasto
import numpy as np
import pytest
from impasto.encoder import Encoder
from low_shared import picture
from shared import needs

TERMS = 1e-6
"""Rounding of a loss of seven digits."""


def test_the_terms_sum_to_the_loss_and_are_those_of_the_tape(lite: Encoder) -> None:
    content, x = picture(1), picture(3)
    objective = impasto.Objective(
        content=content, styles=picture(2), preset="gatys", content_layers=["relu3_1"], content_weight=3.0
    )
    assert objective.shape == content.shape and objective.terms == {}
    loss, gradient, terms = objective.evaluate(x)
    assert gradient.shape == x.shape and gradient.dtype == np.float32
    total = sum(terms["content"].values()) + sum(terms["style"].values()) + terms["tv"]
    assert loss == pytest.approx(total, rel=1e-12) and objective.terms == terms
    # The preset has its own pooling and padding; its content term is a weighted mean square.
    again, _, _ = objective.evaluate(x)
    assert again == loss
    other, _, _ = objective.evaluate(content)
    assert objective.terms["content"]["relu3_1"] == 0.0 and other != loss


def test_gradients_agree_with_central_differences() -> None:
    objective = impasto.Objective(content=picture(1, 32, 32), styles=picture(2), preset="gatys")
    x = picture(3, 32, 32)
    _, gradient, _ = objective.evaluate(x)
    random = np.random.default_rng(4)
    for _ in range(4):
        # Along a whole direction the loss moves by much more than its rounding.
        direction = random.standard_normal(x.shape).astype(np.float32)
        errors = []
        for step in (3e-3, 1e-3, 3e-4):
            rise = objective.evaluate(x + step * direction)[0] - objective.evaluate(x - step * direction)[0]
            errors.append(abs(rise / (2 * step) / float((gradient * direction).sum()) - 1))
        assert min(errors) < 1e-2, errors


def test_the_objective_equals_that_of_a_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """The same pictures as arrays, and as files that Pillow wrote."""
    image = needs("PIL.Image")
    for seed, name in enumerate(["content", "style"]):
        array = (255 * picture(seed) + 0.5).astype(np.uint8)
        image.fromarray(array).save(tmp_path / f"{name}.png")
    x = picture(5)
    arrays = [(255 * picture(seed) + 0.5).astype(np.uint8) for seed in (0, 1)]
    by_arrays = impasto.Objective(content=arrays[0], styles=arrays[1], preset="johnson").evaluate(x)
    by_files = impasto.Objective(
        content=tmp_path / "content.png", styles=[tmp_path / "style.png"], preset="johnson"
    ).evaluate(x)
    assert by_arrays[0] == by_files[0]
    np.testing.assert_array_equal(by_arrays[1], by_files[1])


def test_scipy_minimises_it() -> None:
    optimise = needs("scipy.optimize")
    content = picture(6)
    objective = impasto.Objective(content=content, styles=picture(7), preset="gatys")
    before, _ = objective.flat(content.ravel())
    bounds = [(0.0, 1.0)] * content.size
    found = optimise.minimize(
        objective.flat, content.ravel(), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 15}
    )
    assert found.fun < 0.5 * before
    assert sum(objective.terms["style"].values()) > 0


def test_both_optimisers_lower_it() -> None:
    content = picture(8)
    objective = impasto.Objective(content=content, styles=picture(9), preset="gatys")
    first, gradient, _ = objective.evaluate(content)
    for optimiser in (impasto.optim.Adam(0.01), impasto.optim.SGD(1e-3 / float(np.abs(gradient).max()), 0.5)):
        x = content
        for _ in range(12):
            loss, gradient, _ = objective.evaluate(x)
            x = optimiser.step(x, gradient).clip(0, 1)
        assert x.dtype == np.float32 and loss < 0.9 * first


def test_styles_have_weights_and_options_have_names() -> None:
    content, styles = picture(10), [picture(11), picture(12)]
    losses = {
        shares: impasto.Objective(content=content, styles=styles, style_weights=list(shares)).evaluate(content)[0]
        for shares in [(1.0, 0.0001), (0.0001, 1.0), (1.0, 1.0)]
    }
    assert len(set(losses.values())) == 3
    # Settings of a style's own: `impasto.Style` has these two names.
    own = [SimpleNamespace(picture=s, mask=None, region=None, settings=lambda w=w: {"weight": w})
           for s, w in zip(styles, (1.0, 0.0001), strict=True)]  # fmt: skip
    assert impasto.Objective(content=content, styles=own).evaluate(content)[0] == losses[1.0, 0.0001]
    smaller = impasto.Objective(content=content, styles=styles[0], size=32)
    assert smaller.shape == (27, 32, 3)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"style_wait": 3}, "style_wait"),
        ({"style_weight": "much"}, "style_weight"),
        ({"preset": "nonsense"}, "nonsense"),
        ({"statistic": "nonsense"}, "nonsense"),
        ({"content_layers": ["relu9_9"]}, "relu9_9"),
        ({"content_weight": object()}, "content_weight|object"),
    ],
)
def test_wrong_options_are_refused_by_their_name(options: dict[str, object], match: str) -> None:
    with pytest.raises((impasto.Error, TypeError), match=match):
        impasto.Objective(content=picture(1), styles=picture(2), **options)  # type: ignore[arg-type]


def test_wrong_pictures_are_refused() -> None:
    objective = impasto.Objective(content=picture(1), styles=picture(2))
    with pytest.raises(impasto.InvalidOption, match="shape"):
        objective.evaluate(picture(3, 40, 40))
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(objective)
