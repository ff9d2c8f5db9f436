"""Many pictures: `batch`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from impasto import _native
from impasto._errors import InvalidOption
from impasto._jobs import Pictures, job, note, options_of, path_of, told
from impasto._pictures import is_file_like

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from impasto._options import BatchOptions, StrPath


@dataclass(frozen=True)
class Item:
    """One picture of a batch, when the work on it has ended."""

    number: int
    """Its number, counted from 1."""
    of: int
    """Number of all pictures."""
    output: str
    """The file of the result."""
    status: str
    """`made`, `skipped` (it was there already) or `failed`."""
    seconds: float | None = None
    """Seconds that it took, if it was made."""
    error: str | None = None
    """Why it could not be made."""

    @classmethod
    def parsed(cls, text: str, folder: str) -> Item:
        """Returns the item that a JSON text of the library states."""
        value = json.loads(text)
        outcome = value["outcome"]
        return cls(
            number=value["number"],
            of=value["of"],
            output=os.path.join(folder, value["name"]),
            status=outcome["outcome"],
            seconds=outcome.get("seconds"),
            error=outcome.get("message"),
        )


def batch(
    contents: StrPath | Iterable[StrPath],
    styles: StrPath | Iterable[StrPath],
    out: StrPath,
    **options: Unpack[BatchOptions],
) -> Iterator[Item]:
    """Repaints many pictures in each of several styles. Yields an item whenever the work on a picture has ended:

        for item in impasto.batch(Path("photos").glob("*.jpg"), styles=["a.jpg"], out="results", size=512):
            print(item.output, item.status, item.error)

    `contents` and `styles` are files, folders or patterns. Results that are in the folder `out` already are skipped, as
    `impasto batch` skips them: both keep the same journal. A picture that cannot be made is an item, not an exception.
    The work goes on while you handle an item, and ends when you leave the loop.
    """
    given = options_of("batch", options)
    folder = os.fspath(out)
    required = {"contents": _paths("contents", contents), "style": _paths("styles", styles), "output": path_of(out)}
    return _items(job("batch", required, given, Pictures()), folder, given)


def _items(made: _native.Job, folder: str, given: dict[str, Any]) -> Iterator[Item]:
    run = _native.Run.start(made)
    try:
        while True:
            try:
                text = run.next()
            except InvalidOption as error:
                raise told(error, given) from None
            finally:
                note(run.take_notes())
            if text is None:
                return
            yield Item.parsed(text, folder)
    finally:
        # The pictures in progress are abandoned if the loop was left.
        run.stop()


def _paths(name: str, files: StrPath | Iterable[StrPath]) -> list[str]:
    each: list[Any] = [files] if is_file_like(files) else list(files)  # type: ignore[arg-type]
    wrong = next((file for file in each if not is_file_like(file)), None)
    if wrong is not None:
        found = type(wrong).__name__
        raise TypeError(f"{name}: expected paths, found {found}: a batch works on files; call stylize for each picture")
    return [path_of(file) for file in each]
