"""Drives a picture in blocks. What it calls are references; it never holds pixels itself.

The driver knows two ways to call: directly (`Direct`), and through a cluster (`_cluster.ClusterCalls`). Both give the
same bytes, because blocks are cut, added and judged in one order, wherever they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from impasto.ray._checkpoints import Store


class Calls(Protocol):
    """A way to call actors."""

    def call(self, actor: Any, method: str, *arguments: Any) -> Any:
        """Calls a method, and returns a reference to its result."""
        ...

    def call_many(self, actor: Any, method: str, count: int, *arguments: Any) -> list[Any]:
        """Calls a method that returns a tuple, and returns a reference to each element."""
        ...

    def get(self, reference: Any) -> Any:
        """Waits for a result."""
        ...


class Direct:
    """Calls objects of this process."""

    def call(self, actor: Any, method: str, *arguments: Any) -> Any:
        """Calls a method."""
        return getattr(actor, method)(*arguments)

    def call_many(self, actor: Any, method: str, count: int, *arguments: Any) -> list[Any]:
        """Calls a method that returns a tuple."""
        results = list(getattr(actor, method)(*arguments))
        assert len(results) == count, (method, len(results), count)
        return results

    def get(self, reference: Any) -> Any:
        """Returns a result."""
        return reference


def owners(blocks: int, workers: int) -> list[int]:
    """Returns the worker of each block: neighbours in the order of the blocks share one."""
    return [block * workers // blocks for block in range(blocks)]


def links(around: list[list[int]], owner: list[int], workers: int) -> list[list[int]]:
    """Returns for each worker those that it exchanges strips with."""
    pairs = {(owner[block], owner[other]) for block, others in enumerate(around) for other in others}
    return [
        [other for other in range(workers) if other != me and ((me, other) in pairs or (other, me) in pairs)]
        for me in range(workers)
    ]


class Driver:
    """Takes a run from where it is to its end."""

    def __init__(
        self,
        calls: Calls,
        chief: Any,
        workers: list[Any],
        store: Store | None,
        every: int,
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self.calls, self.chief, self.workers = calls, chief, workers
        self.store, self.every, self.tell = store, every, tell

    def run(self) -> str:
        """Runs to the end, and writes the result. Returns its path."""
        place = self.store.latest() if self.store else None
        whole = self.store.whole() if self.store and place is None else None
        told = self._get(self.chief, "begin", whole, place and place.state)
        if self.store:
            self.store.claim()
        self.tell({"event": "begun", "resumed": bool(place or whole), **told})
        while (stage := self._get(self.chief, "next")) != "done":
            if stage == "whole":
                self._whole()
            else:
                self._spread(place)
                place = None
        return str(self._get(self.chief, "write"))

    def _get(self, actor: Any, method: str, *arguments: Any) -> Any:
        return self.calls.get(self.calls.call(actor, method, *arguments))

    def _whole(self) -> None:
        """One iteration of a small scale."""
        step = self._get(self.chief, "step")
        if self.store and step["iteration"] % self.every == 0:
            self._get(self.chief, "save", self.store.whole_path)
        self.tell({"event": "step", **step})

    def _spread(self, place: Any) -> None:
        """All iterations of a scale in blocks."""
        opened = self._get(self.chief, "open")
        turn, owner = opened["turn"], owners(len(opened["around"]), len(self.workers))
        self.owner, self.links = owner, links(opened["around"], owner, len(self.workers))
        for me, worker in enumerate(self.workers):
            self._get(worker, "open", opened["scale"], turn, me, owner, self.links[me])
        own = []
        for block, at in enumerate(owner):
            part = self.calls.call(self.chief, "part", block)
            own.append(self._get(self.workers[at], "add", block, part))
            if place is not None:
                self._get(self.workers[at], "restore", block, place.shards[block])
        self._get(self.chief, "ready", own)
        if place is None:
            self._save(turn)
        frames = self._exchange("frames", turn, [()] * len(self.workers))
        while True:
            report, frames = self._step(turn, frames)
            turn += 1
            step = self.calls.get(report)
            # What is kept is on the disk before anyone hears of the step.
            if not step["last"] and turn % self.every == 0:
                self._save(turn)
            self.tell({"event": "step", **step})
            if step["last"]:
                break
        for block, at in enumerate(owner):
            self._get(self.chief, "gather", block, self.calls.call(self.workers[at], "vectors", turn, block))
        self._get(self.chief, "close")

    def _step(self, turn: int, frames: list[list[Any]]) -> tuple[Any, list[list[Any]]]:
        """Submits a whole step.

        The report is known before the pixels have moved, so the next step is submitted while this one is under way.
        """
        call = self.calls.call
        sums = [call(w, "observe", turn, *frames[me]) for me, w in enumerate(self.workers)]
        verdict, report = self.calls.call_many(self.chief, "judge", 2, turn, *sums)
        derivatives = self._exchange("pull_back", turn, [(verdict,)] * len(self.workers))
        return report, self._exchange("descend", turn, [tuple(strips) for strips in derivatives])

    def _exchange(self, method: str, turn: int, arguments: list[tuple[Any, ...]]) -> list[list[Any]]:
        """Calls all workers, and returns for each what the others have for it, in the order of its links."""
        sent = {}
        for me, worker in enumerate(self.workers):
            count = 1 + len(self.links[me])
            results = self.calls.call_many(worker, method, count, turn, *arguments[me])
            sent.update({(me, other): strips for other, strips in zip(self.links[me], results[1:], strict=True)})
        return [[sent[other, me] for other in self.links[me]] for me in range(len(self.workers))]

    def _save(self, turn: int) -> None:
        """A checkpoint in two phases: each worker writes its blocks; a manifest then makes them one checkpoint."""
        if self.store is None:
            return
        state = self.calls.call(self.chief, "state", turn)
        with self.store.begin() as checkpoint:
            written = [
                self.calls.call(self.workers[at], "save", turn, block, checkpoint.path(block))
                for block, at in enumerate(self.owner)
            ]
            digests = [self.calls.get(digest) for digest in written]
            checkpoint.finish(self.calls.get(state), digests)
