"""Films: `video` repaints one, `frames` yields its frames as they are painted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from impasto import _native
from impasto._errors import InvalidOption
from impasto._jobs import Pictures, job, note, options_of, path_of, told

if TYPE_CHECKING:
    import numpy as np
    from typing_extensions import Unpack

    from impasto._options import StrPath, VideoOptions
    from impasto._sheet import Styles


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a film that has just been painted."""

    number: int
    """The frame of the result, counted from 0."""
    done: int
    """Frames that are painted so far, of this call and earlier ones."""
    of: int
    """Frames to paint in all. Those that `hold` repeats and `every` makes are not among them."""
    shot: int
    """Number of its shot, counted from 1."""
    iterations: int
    """Iterations that it took."""
    unseen: float
    """The share of it that the frame before does not show, 0 to 1."""
    seconds: float
    """Seconds that it took."""
    seconds_left: float
    """Estimated seconds for the rest, from the frames so far."""
    array: np.ndarray[Any, np.dtype[np.uint8]]
    """The painted frame as a new uint8 array `[height, width, 3]` in sRGB."""

    def pil(self) -> Any:
        """Returns an image of PIL."""
        from PIL import Image

        return Image.fromarray(self.array)


@dataclass(frozen=True)
class Film:
    """What became of a film."""

    output: str | None
    """The film or the pattern of frames; None if it was not made yet, as by a `shard`."""
    end: str
    """How the work ended: `complete`, or `stopped`."""
    painted: int
    """Frames that this call painted. Those from an earlier call, which was interrupted, are not among them."""
    left: int
    """Frames that are left to paint. The same call goes on with them."""
    size: tuple[int, int]
    """Width and height in pixels."""
    frames: int
    """Frames of the result."""
    shots: int
    """Number of shots."""
    seconds: float
    """Length of the film in seconds."""
    devices: tuple[str, ...] = ()
    """The instruction sets and graphics cards that painted its frames, in their order."""


def video(
    film: StrPath,
    styles: Styles,
    out: StrPath,
    *,
    callback: Callable[[Frame], Any] | None = None,
    **options: Unpack[VideoOptions],
) -> Film:
    """Repaints a film without flicker, and writes it:

        impasto.video("film.mp4", "painting.jpg", "painted.mp4", effort="draft")

    `film` is a file that ffmpeg reads, a folder of frames, or a pattern such as `in/%04d.png`. `out` is a film (mp4,
    mov, mkv, webm, gif or apng) or a pattern. Films need an installed ffmpeg 5.1 or later; frames in and out do not.

    `callback` is called with each painted frame; if it returns False, the work ends early. Painted frames are kept in
    `OUT.film` until the film is made, so after any interruption the same call goes on, and the film has the same bytes.
    """
    work = _Work(film, styles, out, options, shows=callback is not None)
    try:
        for frame in work:
            if callback is not None and callback(frame) is False:
                break
    finally:
        # Also where the callback raises: the work would hold the film's folder.
        work.stop()
    return work.film()


def frames(film: StrPath, styles: Styles, out: StrPath, **options: Unpack[VideoOptions]) -> Iterator[Frame]:
    """Repaints a film as `video` does, and yields each frame when it is painted:

        for frame in impasto.frames("film.mp4", "painting.jpg", "painted.mp4"):
            print(frame.number, frame.seconds_left)

    The film is written when the last frame was taken. The work is at most two frames ahead of the loop, and ends when
    you leave it; the same call goes on after the frames that are painted, and yields the others.
    """
    work = _Work(film, styles, out, options, shows=True)
    return work.each()


class _Work:
    """A film in progress."""

    def __init__(self, film: StrPath, styles: Styles, out: StrPath, options: Any, *, shows: bool) -> None:
        self._given = options_of("video", options)
        pictures = Pictures(self._given.get("limits"))
        required = {"input": path_of(film), "style": pictures.styles(styles), "output": path_of(os.fspath(out))}
        self._run = _native.Run.start(job("video", required, self._given, pictures), frames=shows)
        self._shows = shows

    def __iter__(self) -> Iterator[Frame]:
        while (event := self._next()) is not None:
            if event["event"] == "frame":
                array = self._run.frame() if self._shows else None
                if array is not None:
                    yield _frame(event, array)

    def each(self) -> Iterator[Frame]:
        """Yields the frames, and ends the work if the loop was left."""
        try:
            yield from self
        finally:
            self.stop()

    def stop(self) -> None:
        """Ends the work. What is painted is kept."""
        self._run.stop()
        self._run.join()
        note(self._run.take_notes())

    def film(self) -> Film:
        """What became of the film."""
        facts = json.loads(self._run.film())
        return Film(**{**facts, "size": tuple(facts["size"]), "devices": tuple(facts["devices"])})

    def _next(self) -> dict[str, Any] | None:
        try:
            text = self._run.next()
        except InvalidOption as error:
            raise told(error, self._given) from None
        finally:
            note(self._run.take_notes())
        event: dict[str, Any] | None = None if text is None else json.loads(text)
        return event


def _frame(event: dict[str, Any], array: np.ndarray[Any, np.dtype[np.uint8]]) -> Frame:
    names = ("done", "of", "shot", "iterations", "unseen", "seconds", "seconds_left")
    return Frame(number=event["frame"], array=array, **{name: event[name] for name in names})
