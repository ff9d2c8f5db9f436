"""A picture in blocks over three machines with one processor each (Ray's `Cluster`), which are lost while they work."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import impasto.ray
import pytest
from impasto.ray._cluster import is_loss
from impasto.ray._gigantic import in_blocks
from impasto.ray._worker import OutOfTurn
from ray_shared import CUT, QUICK

pytestmark = pytest.mark.ray

OPTIONS: dict[str, Any] = {**CUT, **QUICK, "checkpoint_every": 3}


def undisturbed(pictures: Path, folder: Path) -> bytes:
    """The bytes of a run without Ray."""
    out = folder / "undisturbed.png"
    in_blocks(pictures / "content.png", pictures / "style.png", out, **OPTIONS)
    return out.read_bytes()


def paint(pictures: Path, out: Path, **options: Any) -> bytes:
    impasto.ray.gigantic(pictures / "content.png", pictures / "style.png", out, **{**OPTIONS, **options})
    return out.read_bytes()


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_bytes_are_those_of_one_process(cluster: Any, pictures: Path, tmp_path: Path, workers: int) -> None:
    options: dict[str, Any] = {"workers": workers, "cpus_per_worker": 1}
    assert paint(pictures, tmp_path / "out.png", **options) == undisturbed(pictures, tmp_path)


def test_machines_that_die_while_they_work_change_nothing(cluster: Any, pictures: Path, tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    victims = [node for node in cluster.worker_nodes]

    def kill(event: dict[str, Any]) -> None:
        events.append(event)
        # Steps 5 and 10 of the scale in blocks: all machines work on the next one.
        if event.get("iteration") in (5, 10) and "judge_seconds" in event and len(victims) > 0:
            dead = sum(event["event"] == "lost" for event in events)
            if dead == 2 - len(victims):
                cluster.remove_node(victims.pop(), allow_graceful=False)

    assert paint(pictures, tmp_path / "out.png", callback=kill) == undisturbed(pictures, tmp_path)
    assert sum(event["event"] == "lost" for event in events) == 2
    # Each loss went back to a checkpoint, at most 3 steps.
    turns = [event["iteration"] for event in events if "judge_seconds" in event]
    assert len(turns) <= QUICK["iterations"][-1] + 2 * (1 + OPTIONS["checkpoint_every"])


def test_a_call_out_of_turn_is_the_trace_of_a_lost_one() -> None:
    from ray.exceptions import RayTaskError

    def raised(cause: Exception) -> BaseException:
        return RayTaskError("observe", "", cause).as_instanceof_cause()

    assert is_loss(raised(OutOfTurn("expected descend of step 4, found observe of step 5")))
    assert not is_loss(raised(ValueError("a mistake of ours")))


def run_alone(address: str, content: str, style: str, out: str, pipe: Any) -> None:
    """A driver in a process of its own, which says what it does."""
    import ray

    ray.init(address=address, log_to_driver=False)
    options: dict[str, Any] = {**OPTIONS, "callback": lambda event: pipe.send(event.get("iteration", 0))}
    impasto.ray.gigantic(content, style, out, **options)


def test_a_driver_that_is_killed_can_be_started_again(cluster: Any, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    here, there = multiprocessing.Pipe()
    arguments = (cluster.address, str(pictures / "content.png"), str(pictures / "style.png"), str(out), there)
    driver = multiprocessing.get_context("spawn").Process(target=run_alone, args=arguments)
    driver.start()
    # If the driver dies early, nobody holds the other end, and `recv` says so.
    there.close()
    # Only the scale in blocks has so many iterations.
    while here.recv() < 7:
        pass
    assert driver.pid is not None
    os.kill(driver.pid, signal.SIGKILL)
    driver.join()
    assert not out.exists()
    events: list[dict[str, Any]] = []
    assert paint(pictures, out, callback=events.append) == undisturbed(pictures, tmp_path)
    assert events[0]["resumed"]
    assert sum("judge_seconds" in event for event in events) <= QUICK["iterations"][-1] - 6


def test_what_is_wrong_with_the_pictures_is_said_at_once(cluster: Any, pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(impasto.PictureError, match="nowhere"):
        impasto.ray.gigantic(tmp_path / "nowhere.png", pictures / "style.png", tmp_path / "no.png", **OPTIONS)
    with pytest.raises(impasto.InvalidOption, match="optimizer"):
        paint(pictures, tmp_path / "out.png", optimizer="lbfgs")


def test_the_object_store_does_not_fill_up(cluster: Any, pictures: Path, tmp_path: Path) -> None:
    from ray._private.worker import global_worker

    # Some 2 MB a step pass through the stores, which have 100 MB each. What does not fit is spilled to files.
    paint(pictures, tmp_path / "out.png", iterations=[1, 1, 200])
    session = Path(global_worker.node.get_session_dir_path())
    assert session.is_dir()
    assert not [path for path in session.rglob("ray_spilled_objects*/*") if path.is_file()]
