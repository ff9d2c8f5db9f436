"""The two kinds of actors of a picture in blocks: one chief, which sees the whole, and workers, which paint blocks.

Both are plain objects. In a cluster Ray makes actors of them; without one they are called directly. Calls of a step
carry its number, and an actor refuses a step that is not its own: what was sent before a roll-back cannot do harm.

Strips of pixels and derivatives pass between workers as dicts, `{(from block, to block): array}`, one dict for each
other worker. A worker keeps those for its own blocks.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from impasto import _native

Strips = dict[tuple[int, int], Any]


class OutOfTurn(RuntimeError):
    """A call for another step than the next."""


class Chief:
    """Runs the small scales, judges the sums of the blocks, and carries the picture from scale to scale."""

    def __init__(self, job: str, blocks: tuple[int, int], above: int, tile: int | None, threads: int | None) -> None:
        # What can fail comes later: an error here would look like the death of the actor.
        spec = json.loads(job)
        spec["task"]["stylize"]["run"]["threads"] = threads
        self._made_from = (json.dumps(spec), (blocks[0], blocks[1]), above, tile)
        self._native: Any = None
        self._turn = 0

    def begin(self, whole: str | None, state: str | None) -> dict[str, Any]:
        """Reads the pictures. Continues from a checkpoint of a small scale, or from the state in a manifest."""
        self._native = _native.Conductor(*self._made_from)
        if whole is not None:
            self._native.restore(whole)
        if state is not None:
            self._native.resume(state)
        return {"scales": json.loads(self._native.scales), "notes": self._native.notes}

    def next(self) -> str:
        """Returns the work that comes next: `whole`, `spread` or `done`."""
        return str(self._native.next())

    def step(self) -> dict[str, Any]:
        """Does one iteration of a small scale."""
        return dict(json.loads(self._native.step()))

    def save(self, path: str) -> None:
        """Writes a checkpoint of a small scale."""
        self._native.save(path)

    def open(self) -> dict[str, Any]:
        """Begins a scale in blocks."""
        scale = self._native.open()
        self._turn = int(json.loads(scale)["iteration"])
        return {"scale": scale, "around": self._native.around(), "turn": self._turn}

    def part(self, block: int) -> dict[str, Any]:
        """Returns the vectors of a block."""
        return dict(self._native.part(block))

    def ready(self, own: list[Any]) -> None:
        """Makes the judge, from the content's own sums of all blocks if there are any."""
        self._native.ready([sums for sums in own if sums is not None])

    def judge(self, turn: int, *observed: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Judges what the workers observed, block by block in their order. Returns the verdict and a report.

        The report has the seconds of the judge, and those of the work since the report before: for each call, those of
        the worker that took longest.
        """
        if turn != self._turn:
            raise OutOfTurn(f"judge: expected step {self._turn}, found {turn}")
        began = time.perf_counter()
        sums = {block: sums for worker in observed for block, sums in worker["sums"].items()}
        verdict, step, last = self._native.judge([sums[block] for block in sorted(sums)])
        self._turn += 1
        busy = sum(max(seconds) for seconds in zip(*(worker["busy"] for worker in observed), strict=True))
        judged = time.perf_counter() - began
        seconds = {"seconds": judged + busy, "judge_seconds": judged, "busy_seconds": busy}
        return verdict, {**json.loads(step), "last": last, **seconds}

    def state(self, turn: int) -> str:
        """Returns the place in the run, before a step."""
        if turn != self._turn:
            raise OutOfTurn(f"state: expected step {self._turn}, found {turn}")
        return str(self._native.state())

    def gather(self, block: int, vectors: dict[str, Any]) -> None:
        """Takes the vectors of a block, after the last step of a scale."""
        self._native.gather(block, vectors)

    def close(self) -> None:
        """Ends the scale, when all blocks are gathered."""
        self._native.close()

    def picture(self, dtype: str = "uint8") -> Any:
        """Returns the picture as an array."""
        return self._native.to_numpy(dtype)

    def write(self) -> str:
        """Writes the result."""
        return str(self._native.write())


class Worker:
    """Paints some of the blocks."""

    def __init__(self, model: str, threads: int | None) -> None:
        self._made_from = (model, threads)
        self._native: Any = None

    def open(self, scale: str, turn: int, me: int, owners: list[int], links: list[int]) -> None:
        """Begins a scale. `owners` has the worker of each block, `links` those that strips are exchanged with."""
        if self._native is None:
            self._native = _native.Painter(*self._made_from)
        self._native.begin(scale)
        self._turn, self._expected = turn, "observe"
        self._me, self._owners, self._links = me, owners, links
        self._blocks = [block for block, owner in enumerate(owners) if owner == me]
        self._kept: Strips = {}
        self._busy = [0.0, 0.0, 0.0]

    def add(self, block: int, part: dict[str, Any]) -> Any:
        """Takes a block. Returns the content's own sums over it, if they are needed."""
        return self._native.add(block, part)

    def restore(self, block: int, path: str) -> None:
        """Continues a block from its file."""
        self._native.restore(block, path)

    def frames(self, turn: int) -> tuple[Any, ...]:
        """Returns the pixels that others have in their windows, before the first step."""
        self._take(turn, "observe", then="observe")
        return ({}, *self._sent({block: self._native.strips(block) for block in self._blocks}))

    def observe(self, turn: int, *frames: Strips) -> dict[str, Any]:
        """Takes the pixels of the frames. Returns the sums of each block, and the seconds of the last calls."""
        self._take(turn, "observe", then="pull_back")
        with self._working(2):
            for block in self._blocks:
                self._native.fill(block, self._received(block, frames))
            sums = {block: self._native.observe(block) for block in self._blocks}
        return {"sums": sums, "busy": list(self._busy)}

    def pull_back(self, turn: int, verdict: Any) -> tuple[Any, ...]:
        """Takes the derivatives to the pixels. Returns those that belong to others."""
        self._take(turn, "pull_back", then="descend")
        with self._working(0):
            self._native.take(verdict)
            given = {block: self._native.pull_back(block) for block in self._native.order()}
        return ({}, *self._sent(given))

    def descend(self, turn: int, *derivatives: Strips) -> tuple[Any, ...]:
        """Moves the pixels. Returns those that others have in their windows."""
        self._take(turn, "descend", then="observe")
        given = {block: self._received(block, derivatives) for block in self._blocks}
        with self._working(1):
            moved = {block: self._native.descend(block, given[block]) for block in self._blocks}
        self._turn += 1
        return ({}, *self._sent(moved))

    def save(self, turn: int, block: int, path: str) -> str:
        """Writes a block to its file, before a step. Returns the digest of the file."""
        self._take(turn, "observe", then="observe")
        return str(self._native.save(block, turn, path))

    def vectors(self, turn: int, block: int) -> dict[str, Any]:
        """Returns the vectors of a block's core, after the last step of a scale."""
        self._take(turn, "observe", then="observe")
        return dict(self._native.vectors(block))

    def _take(self, turn: int, call: str, *, then: str) -> None:
        if (turn, call) != (self._turn, self._expected):
            found, expected = f"{call} of step {turn}", f"{self._expected} of step {self._turn}"
            raise OutOfTurn(f"expected {expected}, found {found}")
        self._expected = then

    @contextlib.contextmanager
    def _working(self, call: int) -> Iterator[None]:
        """Measures the work of a call of a step."""
        began = time.perf_counter()
        yield
        self._busy[call] = time.perf_counter() - began

    def _sent(self, strips: dict[int, list[tuple[int, Any]]]) -> list[Strips]:
        """Sorts strips by the worker that they are for; those for blocks here are kept."""
        sorted_by: dict[int, Strips] = {worker: {} for worker in (self._me, *self._links)}
        for source, given in strips.items():
            for target, strip in given:
                sorted_by[self._owners[target]][source, target] = strip
        self._kept = sorted_by[self._me]
        return [sorted_by[worker] for worker in self._links]

    def _received(self, block: int, strips: Iterable[Strips]) -> list[tuple[int, Any]]:
        """Returns the strips for a block, with the blocks that they come from."""
        return [
            (source, strip)
            for worker in (self._kept, *strips)
            for (source, target), strip in worker.items()
            if target == block
        ]
