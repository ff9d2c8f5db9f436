"""A picture in blocks, driven in this process: the picture of one piece, and the same bytes however it is driven."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import impasto
import numpy as np
import pytest
from impasto.ray._gigantic import in_blocks
from impasto.ray._worker import OutOfTurn, Worker
from ray_shared import CUT, QUICK

# Sums are added in another order, in f64, and derivatives meet at the borders of blocks in f32. After four steps at the
# spread scale results differ by 3e-7, a few units in the last place of a value in 0..1.
ROUNDING = 1e-5

# The share of values that may differ by more. Adam divides a gradient by its own size, so where it is almost 0, each
# step multiplies the rounding; and where two features are equal but for rounding, a pooling takes one or the other. That
# happens with any cut, also with tiles on one machine, at places that depend on the kernels, and so on the processor. A
# halo that is too small would change the values in a band along every border, a tenth of the picture.
SCATTERED = 0.01

# Few steps at the spread scale, so that rounding is multiplied seldom.
FEW: dict[str, Any] = {"iterations": [3, 2, 4]}

# Steps of a run with the options QUICK.
STEPS = 3 + 2 + 12


class Stopped(Exception):
    """Raised by a test, in place of the death of the driver."""


def paint(pictures: Path, out: Path, **options: Any) -> bytes:
    in_blocks(pictures / "content.png", pictures / "style.png", out, **{**CUT, **QUICK, **options})
    return out.read_bytes()


def values(path: Path) -> np.ndarray:
    return np.asarray(impasto.load(path), dtype=np.float64)


def assert_equal_but_for_rounding(found: Path, expected: Path) -> None:
    differences = np.abs(values(found) - values(expected))
    assert differences.mean() <= ROUNDING
    assert (differences > ROUNDING).mean() <= SCATTERED


def test_the_result_is_that_of_a_run_in_one_piece(pictures: Path, tmp_path: Path) -> None:
    spread, whole = tmp_path / "spread.tif", tmp_path / "whole.tif"
    paint(pictures, spread, depth=32, **FEW)
    paint(pictures, whole, depth=32, spread_above=4096, **FEW)
    # The sums of a picture that was cut are rounded in another way.
    assert (values(spread) != values(whole)).any()
    assert_equal_but_for_rounding(spread, whole)


def test_a_longer_run_stays_close(pictures: Path, tmp_path: Path) -> None:
    events: dict[str, list[dict[str, Any]]] = {"spread": [], "whole": []}
    spread, whole = tmp_path / "spread.tif", tmp_path / "whole.tif"
    paint(pictures, spread, depth=32, callback=events["spread"].append)
    paint(pictures, whole, depth=32, spread_above=4096, callback=events["whole"].append)
    assert np.abs(values(spread) - values(whole)).mean() <= ROUNDING
    losses = {name: [e["losses"]["total"] for e in seen if e["event"] == "step"] for name, seen in events.items()}
    np.testing.assert_allclose(losses["spread"], losses["whole"], rtol=ROUNDING)


@pytest.mark.parametrize(
    "options",
    [
        {"strength": 0.5},
        {"colour": "luminance"},
        {"keep": "best"},
        {"keep": "last", "init": "content"},
        {"preset": "crowson", "init": "content"},
        {"iterations": [0, 2, 3]},
        {"blocks": (3, 1)},
    ],
    ids=str,
)
def test_options_mean_the_same_in_blocks(pictures: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    spread, whole = tmp_path / "spread.tif", tmp_path / "whole.tif"
    options = {**FEW, "depth": 32, **options}
    paint(pictures, spread, **options)
    paint(pictures, whole, **{**options, "spread_above": 4096})
    assert_equal_but_for_rounding(spread, whole)


def test_all_scales_may_be_in_blocks(pictures: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"depth": 32, "min_size": 150, "iterations": [3, 3]}
    spread, whole = tmp_path / "spread.tif", tmp_path / "whole.tif"
    steps: list[dict[str, Any]] = []
    paint(pictures, spread, spread_above=64, blocks=(2, 1), callback=steps.append, **options)
    paint(pictures, whole, spread_above=4096, **options)
    # The moments of Adam are enlarged between the scales, and rounding with them.
    assert np.abs(values(spread) - values(whole)).mean() <= ROUNDING
    assert sum("judge_seconds" in step for step in steps) == 6


def test_the_bytes_do_not_depend_on_the_workers(pictures: Path, tmp_path: Path) -> None:
    found = {paint(pictures, tmp_path / f"{workers}.png", workers=workers) for workers in (1, 2, 3, 4)}
    found.add(paint(pictures, tmp_path / "threads.png", workers=2, threads=1))
    assert len(found) == 1


def test_tiles_inside_of_a_block_change_only_rounding(pictures: Path, tmp_path: Path) -> None:
    one, tiled = tmp_path / "one.tif", tmp_path / "tiled.tif"
    paint(pictures, one, depth=32, iterations=[0, 0, 3], tile=None)
    # Styles are run in tiles, too, with other moments in their last bits. This tile is as large as the style.
    paint(pictures, tiled, depth=32, iterations=[0, 0, 3], tile=232 * 212)
    assert np.abs(values(one) - values(tiled)).mean() <= ROUNDING


@pytest.mark.parametrize("stop", [2, 4, 9, 14])
@pytest.mark.parametrize("keep", ["average", "best"])
def test_a_driver_that_dies_goes_on_from_the_last_checkpoint(
    pictures: Path, tmp_path: Path, stop: int, keep: str
) -> None:
    expected = paint(pictures, tmp_path / "undisturbed.png", keep=keep)
    out = tmp_path / "disturbed.png"
    seen: list[dict[str, Any]] = []

    def dies(event: dict[str, Any]) -> None:
        seen.append(event)
        if sum(event["event"] == "step" for event in seen) == stop:
            raise Stopped

    options: dict[str, Any] = {"keep": keep, "checkpoint_every": 2, "checkpoint": tmp_path / "kept"}
    with pytest.raises(Stopped):
        paint(pictures, out, callback=dies, **options)
    assert not out.exists()
    resumed: list[dict[str, Any]] = []
    # Another number of workers does not matter.
    assert paint(pictures, out, callback=resumed.append, workers=3, **options) == expected
    assert resumed[0]["resumed"]
    steps = sum(event["event"] == "step" for event in resumed)
    assert 0 < steps <= STEPS - stop + options["checkpoint_every"]
    assert not (tmp_path / "kept").exists()


def test_a_checkpoint_of_other_blocks_is_refused(pictures: Path, tmp_path: Path) -> None:
    def dies(event: dict[str, Any]) -> None:
        if event.get("iteration") == 6:
            raise Stopped

    with pytest.raises(Stopped):
        paint(pictures, tmp_path / "out.png", callback=dies)
    with pytest.raises(impasto.CheckpointError, match="another run"):
        paint(pictures, tmp_path / "out.png", blocks=(1, 2))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"optimizer": "lbfgs"}, "optimizer"),
        ({"time": "10s"}, "time"),
        ({"memory": "1G"}, "memory"),
        ({"protect": "mask.png"}, "protect"),
        ({"mask": "mask.png"}, "rest"),
        ({"blocks": (5, 1)}, "blocks"),
        ({"blocks": (0, 1)}, "blocks"),
        ({"spread_above": -1}, "spread_above"),
        ({"checkpoint_every": 0}, "checkpoint_every"),
        ({"save_every": 5}, "save_every"),
    ],
)
def test_what_blocks_cannot_do_is_refused_by_name(
    pictures: Path, tmp_path: Path, options: dict[str, Any], named: str
) -> None:
    options = {name: pictures / value if value == "mask.png" else value for name, value in options.items()}
    with pytest.raises(impasto.InvalidOption) as caught:
        paint(pictures, tmp_path / "out.png", **options)
    assert named in str(caught.value) and "--" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_keyword_that_does_not_exist_is_a_type_error(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="Did you mean 'style_weight'"):
        paint(pictures, tmp_path / "out.png", styel_weight=1)


def test_regions_that_cover_the_picture_are_painted_in_blocks(pictures: Path, tmp_path: Path) -> None:
    styles = [pictures / "style.png", pictures / "content.png"]
    few = {"depth": 32, "iterations": [3, 2, 2]}
    options: dict[str, Any] = {**QUICK, **few, "mask": pictures / "mask.png", "rest": "first"}
    spread, whole = tmp_path / "spread.tif", tmp_path / "whole.tif"
    in_blocks(pictures / "content.png", styles, spread, **{**CUT, **options})
    in_blocks(pictures / "content.png", styles, whole, **{**CUT, **options, "spread_above": 4096})
    assert_equal_but_for_rounding(spread, whole)


def test_pictures_have_to_be_files(tmp_path: Path) -> None:
    with pytest.raises(impasto.InvalidOption, match="expected the path of a file"):
        in_blocks(np.zeros((64, 64, 3), np.uint8), tmp_path / "style.png", tmp_path / "out.png")


def test_a_call_of_another_step_is_refused(pictures: Path, tmp_path: Path) -> None:
    worker = Worker("lite", 1)
    worker._turn, worker._expected, worker._blocks = 5, "observe", []
    for turn, call in [(4, "observe"), (6, "observe"), (5, "pull_back"), (5, "descend")]:
        with pytest.raises(OutOfTurn, match="expected observe of step 5"):
            getattr(worker, call)(turn, *((None,) if call == "pull_back" else ()))
