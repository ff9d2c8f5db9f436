"""A run in progress: step by step, or by itself, with what is shown of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from impasto import _native
from impasto._errors import Diverged, Error, InvalidOption
from impasto._jobs import note, told
from impasto._result import Result
from impasto._steps import Step

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np

Callback = Callable[[Step], Any]
Keep = Literal["average", "last", "best"]


class Run:
    """A run in progress. It works on threads of its own, and does one step whenever one is asked for:

        with transfer.start() as run:
            for step in run:
                print(step.iteration, step.losses.total)
        result = run.result()

    Every method may be called from any thread. Ctrl-C stops the run; the picture so far stays in it.
    """

    def __init__(self, native: _native.Run, inputs: Sequence[tuple[str, Any]], given: dict[str, Any]) -> None:
        self._native = native
        self._inputs = tuple(inputs)
        self._given = given
        self._call(native.ready)

    # === Going on ===

    def __iter__(self) -> Run:
        return self

    def __next__(self) -> Step:
        text = self._call(self._native.next)
        if text is None:
            raise StopIteration
        return Step.parsed(text)

    def run(self, *, callback: Callback | None = None, live: bool = False, progress: Any = None) -> Result:
        """Goes on to the end, and returns the result.

        `callback` is called after each step; if it returns False, the run ends early. An exception of it passes
        through, and the run can go on afterwards. `live` shows the picture as it grows. `progress` is True for a bar on
        stderr, or an object or class in the manner of `tqdm`.
        """
        from impasto._live import watching

        if callback is None and not live and not progress:
            try:
                self._call(self._native.finish)
            except KeyboardInterrupt as interrupt:
                raise self._interrupted(interrupt) from None
            return self.result()
        with watching(self, live, progress) as shown:
            try:
                for step in self:
                    shown(step)
                    if callback is not None and callback(step) is False:
                        self.stop()
                        break
            except KeyboardInterrupt as interrupt:
                raise self._interrupted(interrupt) from None
        return self.result()

    def _interrupted(self, interrupt: KeyboardInterrupt) -> KeyboardInterrupt:
        """Stops the run after Ctrl-C. The exception has the run, whose result is the picture so far."""
        self.stop(wait=False)
        interrupt.run = self  # type: ignore[attr-defined]
        return interrupt

    # === Commands ===

    def stop(self, *, wait: bool = True) -> None:
        """Ends the run here, at the size of this scale. The picture is kept, and written if the run has an `output`."""
        self._end(self._native.stop, wait)

    def cancel(self, *, wait: bool = True) -> None:
        """Ends the run here. Nothing is written."""
        self._end(self._native.cancel, wait)

    def pause(self, *, wait: bool = True) -> None:
        """Ends the run after the step in progress, with a checkpoint from which `impasto.resume` goes on."""
        self._end(self._native.pause, wait)

    def finish_soon(self) -> None:
        """Completes the run early: it leaves the scale in progress, and the full size gets a few steps."""
        self._native.finish_soon()

    def checkpoint(self, path: str | os.PathLike[str] | None = None) -> str:
        """Writes a checkpoint, to this file or to that of the run, and returns its path. The run goes on."""
        return str(self._call(self._native.checkpoint, None if path is None else os.fspath(path)))

    def _end(self, command: Callable[[], None], wait: bool) -> None:
        command()
        if wait:
            self._native.join()
            note(self._native.take_notes())

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._native.end is None:
            self.stop(wait=kind is None or not issubclass(kind, KeyboardInterrupt))

    # === Results ===

    def result(self, keep: Keep | None = None) -> Result:
        """Returns the result; of a run that has not ended, the result so far.

        `keep` chooses the iterate, in place of the one that the run keeps. Not every run has every iterate.
        """
        kept = self._call(self._native.kept, keep)
        if kept is None:
            end = self._native.end
            if keep is None or end not in ("complete", "stopped", "paused", None):
                error = Error("the run has no picture", hint="it ended before its first one")
                error.interrupted = end in ("cancelled", "stopped")
                raise error
            wrong = InvalidOption(f"keep: the run has no {keep} iterate", hint=f"start it with keep={keep!r}")
            wrong.option, wrong.value = "keep", keep
            raise wrong
        facts = self._native.facts()
        return Result(kept, self.history, json.loads(facts) if facts else {}, self._inputs)

    def picture(self, fit: int = 256) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Returns the picture so far as a new uint8 array `[height, width, 3]`, with a long edge of at most `fit`."""
        picture: np.ndarray[Any, Any] | None = self._call(self._native.picture, fit)
        if picture is None:
            raise Error("the run has no picture", hint="it ended before its first one")
        return picture

    @property
    def history(self) -> list[Step]:
        """The steps so far. A run that was resumed has those from before once it has ended."""
        steps = [Step.parsed(text) for text in self._native.history]
        facts = self._native.facts()
        # A resumed run has had steps before this process.
        before = json.loads(facts)["steps"] if facts else []
        return [Step.of(step) for step in before[: len(before) - len(steps)]] + steps

    @property
    def end(self) -> str | None:
        """How the run ended: complete, stopped, paused, cancelled or failed; None while it is in progress."""
        return self._native.end

    def __repr__(self) -> str:
        return f"<impasto.Run, {self.end or 'in progress'}, {len(self._native.history)} steps>"

    def __reduce__(self) -> Any:
        raise TypeError("a run cannot be pickled: pickle its result, or write a checkpoint and use impasto.resume")

    def _call(self, method: Callable[..., Any], *arguments: Any) -> Any:
        """Calls the library, and shows its notes. A diverged run has its last good picture in the error."""
        try:
            return method(*arguments)
        except Diverged as error:
            kept = self._native.kept(None)
            error.result = None if kept is None else Result(kept, self.history, {"end": "failed"}, self._inputs)
            raise
        except InvalidOption as error:
            raise told(error, self._given) from None
        finally:
            note(self._native.take_notes())
