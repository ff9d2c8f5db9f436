"""One picture that is too large for a machine, over several machines."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from typing import Any

from impasto._errors import Error, ImpastoNote
from impasto.ray._checkpoints import Store
from impasto.ray._drive import Direct, Driver
from impasto.ray._job import job_of, positive
from impasto.ray._worker import Chief, Worker

_STILL = 5
"""Losses in a row without a step between them, after which a run is given up."""


def gigantic(
    content: Any,
    styles: Any,
    out: Any,
    *,
    blocks: tuple[int, int] = (2, 2),
    spread_above: int = 2048,
    tile: int | None = 2048 * 2048,
    workers: int | None = None,
    cpus_per_worker: int | None = None,
    memory_per_worker: int | None = None,
    checkpoint: Any = None,
    checkpoint_every: int = 10,
    keep_checkpoint: bool = False,
    patience: float | None = None,
    callback: Callable[[dict[str, Any]], Any] | None = None,
    **options: Any,
) -> str:
    """Paints one picture over the machines of a Ray cluster. Returns the path of the result.

    The picture is that of `impasto.stylize` with the same options, to rounding. It has the same bytes on any number of
    machines with one instruction set. `content`, `styles`, `out` and `checkpoint` are paths that every machine sees.

    Args:
        blocks: blocks across and down. They decide the result to the last bits, so they do not follow the machines.
        spread_above: scales with a longer long edge are spread; the smaller ones run whole, beside the first worker.
        tile: most pixels that an engine takes at once, which bounds the memory of a worker.
        workers: actors that paint blocks; one on each machine if it is None.
        cpus_per_worker: processors of each; all of the smallest machine if it is None.
        memory_per_worker: bytes of memory that Ray reserves for each.
        checkpoint: folder of the checkpoints; `OUT.checkpoint` if it is None. A run that finds one of its own goes on.
        checkpoint_every: iterations between two checkpoints. Each spread scale begins with one.
        keep_checkpoint: whether the folder stays when the result is written.
        patience: seconds after which a call that has not returned counts as lost; None waits.
        callback: called with a dict for each step and each loss of a machine.
        options: those of `impasto.stylize`.

    Raises:
        InvalidOption: for an option that has no effect in blocks: L-BFGS, `protect`, `mask`, `time`, `memory`.
        CheckpointError: if the folder has the checkpoints of another run.
    """
    import ray

    from impasto.ray import _cluster

    job, cut, store = _prepared(content, styles, out, blocks, spread_above, tile, checkpoint, options)
    positive("checkpoint_every", checkpoint_every)
    for name, value in (("workers", workers), ("cpus_per_worker", cpus_per_worker)):
        if value is not None:
            positive(name, value)
    if not ray.is_initialized():
        ray.init()
    tell = _teller(callback)
    model, still = _model(job), 0
    while True:
        cpus = cpus_per_worker or _cluster.processors()
        team = _cluster.recruit(job, model, cut, workers, cpus, memory_per_worker)
        counted = _Counted(tell)
        try:
            calls = _cluster.ClusterCalls(patience)
            path = Driver(calls, team.chief, team.workers, store, checkpoint_every, counted).run()
            break
        except Error:
            raise
        except Exception as error:
            if own := _cluster.own_error(error):
                raise own from None
            still = 0 if counted.steps else still + 1
            if not _cluster.is_loss(error) or still == _STILL:
                raise
            tell({"event": "lost", "error": str(error).splitlines()[0]})
        finally:
            team.dismiss()
    if not keep_checkpoint:
        store.remove()
    return path


def in_blocks(
    content: Any,
    styles: Any,
    out: Any,
    *,
    blocks: tuple[int, int] = (2, 2),
    spread_above: int = 2048,
    tile: int | None = 2048 * 2048,
    workers: int = 1,
    threads: int | None = None,
    checkpoint: Any = None,
    checkpoint_every: int = 10,
    keep_checkpoint: bool = False,
    callback: Callable[[dict[str, Any]], Any] | None = None,
    **options: Any,
) -> str:
    """Paints a picture in blocks in this process, without Ray. The bytes are those of `gigantic`.

    `threads` are those of each worker.
    """
    job, cut, store = _prepared(content, styles, out, blocks, spread_above, tile, checkpoint, options)
    positive("checkpoint_every", checkpoint_every)
    count = min(positive("workers", workers), blocks[0] * blocks[1])
    team = [Worker(_model(job), threads) for _ in range(count)]
    path = Driver(Direct(), Chief(job, *cut, threads), team, store, checkpoint_every, _teller(callback)).run()
    if not keep_checkpoint:
        store.remove()
    return path


def _prepared(
    content: Any,
    styles: Any,
    out: Any,
    blocks: tuple[int, int],
    above: int,
    tile: int | None,
    checkpoint: Any,
    options: dict[str, Any],
) -> tuple[str, tuple[tuple[int, int], int, int | None], Store]:
    across, down = blocks
    cut = ((positive("blocks", across), positive("blocks", down)), positive("spread_above", above), tile)
    if tile is not None:
        positive("tile", tile)
    job = job_of(content, styles, out, options)
    folder = os.path.abspath(os.fspath(checkpoint if checkpoint is not None else f"{os.fspath(out)}.checkpoint"))
    return job, cut, Store(folder, json.dumps([job, cut]))



def _model(job: str) -> str:
    return str(json.loads(job)["task"]["stylize"]["run"]["objective"].get("model", "lite"))


def _teller(callback: Callable[[dict[str, Any]], Any] | None) -> Callable[[dict[str, Any]], None]:
    def tell(event: dict[str, Any]) -> None:
        for note in event.get("notes", ()):
            warnings.warn(note, ImpastoNote, stacklevel=2)
        if callback is not None:
            callback(event)

    return tell


class _Counted:
    """Passes events on, and counts steps."""

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        self._tell, self.steps = tell, 0

    def __call__(self, event: dict[str, Any]) -> None:
        self.steps += event["event"] == "step"
        self._tell(event)
