"""Many pictures over three machines: results, skipping, failures, and machines that die."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import impasto
import impasto.ray
import pytest
from impasto import _native
from impasto.ray._job import job_of
from impasto.ray._many import _key
from ray_shared import picture

pytestmark = pytest.mark.ray

OPTIONS: dict[str, Any] = {"size": 96, "min_size": 64, "iterations": 2}


@pytest.fixture
def many(pictures: Path, tmp_path: Path) -> list[Path]:
    """Seven pictures, of which one is damaged."""
    folder = tmp_path / "many"
    folder.mkdir()
    for index in range(7):
        impasto.save(picture(96 + 8 * index, 80, index), folder / f"{index}.png")
    data = (folder / "3.png").read_bytes()
    (folder / "3.png").write_bytes(data[: len(data) // 2])
    return sorted(folder.glob("*.png"))


def test_one_bad_picture_is_a_row_and_a_rerun_skips_the_rest(
    cluster: Any, pictures: Path, many: list[Path], tmp_path: Path
) -> None:
    out, style = tmp_path / "out", pictures / "style.png"
    rows = impasto.ray.stylize(many, style, out, **OPTIONS)
    assert [row["path"] for row in rows] == [str(path) for path in many]
    assert [row["status"] for row in rows] == ["painted"] * 3 + ["failed"] + ["painted"] * 3
    assert "3.png" in rows[3]["error"] and rows[0]["error"] is None
    # The bytes are those of a job without Ray.
    alone = tmp_path / "alone.png"
    _native.run_job(job_of(many[0], style, alone, OPTIONS))
    assert Path(rows[0]["output"]).read_bytes() == alone.read_bytes()

    again = impasto.ray.stylize(many, style, out, **OPTIONS)
    assert [row["status"] for row in again] == ["skipped"] * 3 + ["failed"] + ["skipped"] * 3
    assert [row["sha256"] for row in again] == [row["sha256"] for row in rows]

    # A result that has changed, and other options, are painted again.
    Path(rows[5]["output"]).write_bytes(b"not a picture")
    mended = impasto.ray.stylize(many[4:6], style, out, **OPTIONS)
    assert [row["status"] for row in mended] == ["skipped", "painted"]
    other = impasto.ray.stylize(many[4:6], style, out, **{**OPTIONS, "strength": 0.5})
    assert [row["status"] for row in other] == ["painted", "painted"]


def test_a_machine_that_dies_costs_no_picture(cluster: Any, pictures: Path, many: list[Path], tmp_path: Path) -> None:
    out, style = tmp_path / "out", pictures / "style.png"
    # Each picture has many checkpoints before it is done, so the machine dies in the middle of its work.
    options = {**OPTIONS, "iterations": 200, "plateau": 0, "checkpoint_every": 5}

    over, killed = threading.Event(), threading.Event()

    def kill() -> None:
        # The checkpoint of a picture says that it is in progress.
        while not list(out.glob(".impasto-ray/*.checkpoint")):
            if over.wait(0.01):
                return
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        killed.set()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    rows = impasto.ray.stylize(many, style, out, **options)
    over.set()
    killer.join()
    assert killed.is_set(), "all pictures were painted before the machine died"
    assert [row["status"] for row in rows].count("painted") == 6
    alone = tmp_path / "alone.png"
    for row in rows:
        if row["status"] == "painted":
            _native.run_job(job_of(row["path"], style, alone, options))
            assert Path(row["output"]).read_bytes() == alone.read_bytes()


def test_keys_go_by_bytes_and_options_and_not_by_names(pictures: Path, tmp_path: Path) -> None:
    def key(content: Path, out: str, **options: Any) -> str:
        return _key(job_of(content, pictures / "style.png", tmp_path / out, options))

    copy = tmp_path / "copy.png"
    copy.write_bytes((pictures / "content.png").read_bytes())
    here = key(pictures / "content.png", "a.png")
    assert here == key(copy, "b.png")
    assert len({here, key(copy, "b.jpg"), key(copy, "a.png", size=100), key(pictures / "style.png", "a.png")}) == 4


def test_two_pictures_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(impasto.InvalidOption, match="would both become x_style.png"):
        impasto.ray.stylize([tmp_path / "a/x.png", tmp_path / "b/x.jpg"], tmp_path / "style.png", tmp_path)
    with pytest.raises(impasto.InvalidOption, match="styles: two pictures would both become x_style.png"):
        impasto.ray.stylize([tmp_path / "x.png"], [tmp_path / "a/style.png", tmp_path / "b/style.png"], tmp_path)
    assert json.loads(job_of("/a", "/b", "/c.png", {}))["version"] == 1
