"""Small pictures that show the effect of options (`sheet`), and scores for pictures of any tool (`compare`)."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from impasto import _native
from impasto._errors import Error, InvalidOption
from impasto._jobs import Pictures, job, note, options_of, path_of, plain, several, told

if TYPE_CHECKING:
    import numpy as np
    from typing_extensions import Unpack

    from impasto._options import CompareOptions, SheetOptions, StrPath
    from impasto._pictures import PictureLike
    from impasto._style import Style

    Styles = PictureLike | Style | Sequence[PictureLike | Style]


class Sheet:
    """Small pictures with other values of options, side by side, with the values."""

    def __init__(self, picture: _native.Picture, facts: dict[str, Any]) -> None:
        self._picture = picture
        self.end: str = facts["end"]
        """How the work ended: `complete`, or `stopped`."""
        self.columns: list[str] = facts["columns"]
        """The labels above the columns."""
        self.rows: list[str] = facts["rows"]
        """The labels of the rows; none if there is only one."""
        self.cells: list[dict[str, Any]] = facts["cells"]
        """The pictures: place (`left`, `top`, `width`, `height`), `label` and `settings`."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._picture.size

    @property
    def array(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """The sheet as a new uint8 array `[height, width, 3]`."""
        return self._picture.to_numpy("uint8")

    def picture(self, number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Returns one of the pictures, counted from 0, row by row, as a new uint8 array."""
        cell = self.cells[number]
        rows = slice(cell["top"], cell["top"] + cell["height"])
        part: np.ndarray[Any, np.dtype[np.uint8]] = self.array[rows, cell["left"] : cell["left"] + cell["width"]]
        copy: np.ndarray[Any, np.dtype[np.uint8]] = part.copy()
        return copy

    def pil(self) -> Any:
        """Returns an image of PIL."""
        from PIL import Image

        return Image.fromarray(self.array)

    def save(self, path: StrPath) -> None:
        """Writes the sheet to a file with 8 bits in sRGB."""
        self._picture.save(os.fspath(path))

    def __repr__(self) -> str:
        return f"<impasto.Sheet {self.size[0]}x{self.size[1]}, {len(self.cells)} pictures>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": repr(self), "image/png": base64.b64encode(self._picture.encoded("png")).decode()}

    def __reduce__(self) -> tuple[Any, ...]:
        facts = {"end": self.end, "columns": self.columns, "rows": self.rows, "cells": self.cells}
        return _restored, (self.array, facts)


def _restored(array: np.ndarray[Any, Any], facts: dict[str, Any]) -> Sheet:
    return Sheet(_native.Picture.from_uint8(array, "sheet"), facts)


def sheet(
    content: PictureLike,
    style: Styles,
    vary: Mapping[str, Iterable[Any]] | Sequence[str],
    *,
    output: StrPath | None = None,
    **options: Unpack[SheetOptions],
) -> Sheet:
    """Makes small pictures that show the effect of options, and returns them on one sheet.

        impasto.sheet(photo, style, vary={"strength": [.3, .6, 1], "stroke_size": [.5, 1, 2]}, size=256)

    With two options the first varies downwards and the second across. Options that look the same at every size can be
    chosen on a sheet, and then used for a large picture.
    """
    given = options_of("sheet", options)
    pictures = Pictures(given.get("limits"))
    required = {
        "content": pictures.name(content, "content"),
        "style": pictures.styles(style),
        "vary": _varied(vary),
        "output": "" if output is None else path_of(output),
    }
    run = _native.Run.start(job("sheet", required, given, pictures))
    picture, facts = _awaited(run, run.sheet, given)
    if picture is None:
        raise Error("the sheet has no picture", hint="it was cancelled")
    return Sheet(picture, json.loads(facts))


def _varied(vary: Mapping[str, Iterable[Any]] | Sequence[str]) -> list[str]:
    if not isinstance(vary, Mapping):
        return [vary] if isinstance(vary, str) else list(vary)
    return [f"{name}={','.join(_text(value) for value in values)}" for name, values in vary.items()]


def _text(value: Any) -> str:
    value = plain(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


class Scores(dict[str, dict[str, Any]]):
    """The scores of pictures: `scores["out.png"]["structure"]`. In a notebook it is a table."""

    def __init__(self, facts: dict[str, Any], table: Sequence[str]) -> None:
        self.facts = facts
        """Everything that is known: the pictures, and a description of each measure."""
        self._table = list(table)
        names: dict[str, int] = {}
        for picture in facts["pictures"]:
            name = str(picture["path"])
            names[name] = names.get(name, 0) + 1
            self[name if names[name] == 1 else f"{name} ({names[name]})"] = picture["scores"]

    def __str__(self) -> str:
        return "\n".join(self._table)

    def _repr_html_(self) -> str:
        import html

        return f"<pre>{html.escape(str(self))}</pre>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Scores, (self.facts, self._table)


def compare(
    pictures: PictureLike | Sequence[PictureLike],
    style: Styles,
    content: PictureLike | None = None,
    **options: Unpack[CompareOptions],
) -> Scores:
    """Scores pictures made by any tool, with measures that no run optimises. Returns a dict of dicts, by picture.

        scores = impasto.compare([result, "theirs.png"], content=photo, style=style)
        print(scores)

    Pictures in memory are called `picture1`, `picture2` and so on.
    """
    given = options_of("compare", options)
    held = Pictures(given.get("limits"))
    each = several(pictures)
    required: dict[str, Any] = {
        "pictures": [held.name(picture, f"picture{number}") for number, picture in enumerate(each, 1)],
        "style": held.styles(style),
    }
    if content is not None:
        required["content"] = held.name(content, "content")
    run = _native.Run.start(job("compare", required, given, held))
    facts, table = _awaited(run, run.compared, given)
    return Scores(json.loads(facts), table)


def _awaited(run: _native.Run, outcome: Any, given: Mapping[str, Any]) -> Any:
    """Waits for the outcome of a job, and shows its notes."""
    try:
        return outcome()
    except InvalidOption as error:
        raise told(error, given) from None
    finally:
        note(run.take_notes())
