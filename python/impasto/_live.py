"""What is shown of a run while it works: a block in a notebook, or a bar on stderr."""

from __future__ import annotations

import base64
import html
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from impasto._pictures import of_array
from impasto._steps import Step, _seconds

if TYPE_CHECKING:
    from impasto._run import Run

EDGE = 384
"""Long edge in pixels of the picture that a notebook shows while a run works."""

PAUSE = 0.5
"""Least seconds between two updates."""


@contextmanager
def watching(run: Run, live: bool, progress: Any) -> Iterator[Callable[[Step], None]]:
    """Returns the function that is called after each step. At the end it shows the result."""
    shown: list[Any] = []
    if live:
        shown.append(_Block(run) if _in_notebook() else _Bar())
    if progress is True:
        shown.append(_Bar())
    elif progress:
        shown.append(_Counter(progress))

    def tell(step: Step) -> None:
        for each in shown:
            each.step(step)

    try:
        yield tell
    finally:
        for each in shown:
            each.close()


def _in_notebook() -> bool:
    """Whether a front end shows HTML: a kernel of Jupyter, and not IPython in a terminal."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None


class _Block:
    """One block of HTML in a notebook, which is updated in place."""

    def __init__(self, run: Run) -> None:
        self._run, self._last = run, float("-inf")
        self._handle: Any = None
        self._step: Step | None = None

    def step(self, step: Step) -> None:
        self._step = step
        if time.monotonic() - self._last >= PAUSE:
            self._show(step, done=False)

    def close(self) -> None:
        # After Ctrl-C nobody waits for the run's thread. The block keeps its last picture then.
        if self._run.end is not None or not isinstance(sys.exc_info()[1], KeyboardInterrupt):
            self._show(self._step, done=True)

    def _show(self, step: Step | None, *, done: bool) -> None:
        from IPython.display import HTML, display

        try:
            picture = of_array(self._run.picture(EDGE))
        except (ValueError, RuntimeError):
            return
        kind, data = ("png", picture.encoded("png")) if done else ("jpeg", picture.encoded("jpg", 85))
        block = HTML(_html(step, f"data:image/{kind};base64,{base64.b64encode(data).decode()}", done))
        if self._handle is None:
            self._handle = display(block, display_id=True)
        else:
            self._handle.update(block)
        self._last = time.monotonic()


def _html(step: Step | None, source: str, done: bool) -> str:
    part = 1.0 if done else step.progress if step else 0.0
    alt = "The result" if done else f"The picture at {part:.0%} of the work"
    bar = (
        f'<div style="width:{EDGE}px;max-width:100%;height:6px;background:#8884;border-radius:3px">'
        f'<div style="width:{part:.1%};height:6px;background:#47a;border-radius:3px"></div></div>'
    )
    image = f'<img src="{source}" alt="{html.escape(alt)}" style="max-width:100%">'
    return f"<div>{image}{'' if done else bar}<div>{html.escape(_line(step, done))}</div></div>"


def _line(step: Step | None, done: bool = False) -> str:
    """Returns the state of a run in one line."""
    if step is None:
        return "draft"
    losses, place = step.losses, f"scale {step.scale}/{step.scales}, {step.width}x{step.height}"
    content, style = sum(losses.content.values()), sum(losses.style.values())
    terms = f"loss {losses.total:.4g} (content {content:.4g}, style {style:.4g})"
    time_left = f"{_seconds(step.elapsed)}" if done else f"{_seconds(step.seconds_left)} left"
    return f"{place}, step {step.iteration}/{step.iterations}, {terms}, {time_left}"


class _Bar:
    """A bar on stderr, in one line."""

    WIDTH = 24

    def __init__(self) -> None:
        self._last, self._length, self._terminal = float("-inf"), 0, sys.stderr.isatty()

    def step(self, step: Step) -> None:
        last = step.scale == step.scales and step.iteration == step.iterations
        if not last and time.monotonic() - self._last < (PAUSE / 2 if self._terminal else 10):
            return
        self._last = time.monotonic()
        full = round(step.progress * self.WIDTH)
        line = f"[{'#' * full}{'.' * (self.WIDTH - full)}] {step.progress:4.0%}  {_line(step)}"
        end = "" if self._terminal else "\n"
        sys.stderr.write(("\r" if self._terminal else "") + line.ljust(self._length) + end)
        sys.stderr.flush()
        self._length = len(line)

    def close(self) -> None:
        if self._terminal and self._length:
            sys.stderr.write("\n")
            sys.stderr.flush()


class _Counter:
    """A counter in the manner of tqdm, which counts to 100: an object, or a class or function that makes one."""

    def __init__(self, progress: Any) -> None:
        makes = isinstance(progress, type) or not hasattr(progress, "update")
        self._counter = progress(total=100) if makes else progress
        self._total, self._done = float(getattr(self._counter, "total", None) or 100), 0.0

    def step(self, step: Step) -> None:
        done = min(1.0, step.progress) * self._total
        if done > self._done:
            self._counter.update(done - self._done)
            self._done = done

    def close(self) -> None:
        self._counter.close()
