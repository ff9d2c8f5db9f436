"""Jobs from keywords: the keywords of a call become a task as JSON, and pictures that are no files go beside it."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from impasto import _native
from impasto._errors import ImpastoNote, InvalidOption, invalid
from impasto._options import PLACES
from impasto._pictures import as_picture, is_file_like
from impasto._style import Style

# Spellings that users of other programs type.
ALIASES = {"color": "colour", "color_map": "colour_map"}

_FILES = ("report", "checkpoint", "triptych", "plot", "timelapse", "html", "folder")
_TIMES = ("time", "checkpoint_every")
_LISTS = ("style_weights", "style_layer_weights", "cuts")
_NAMES = ("content_layers", "style_layers")


class Pictures:
    """The pictures of a job: names of files, and pictures in memory under names of their own."""

    def __init__(self, limits: str | None = None) -> None:
        self.held: dict[str, _native.Picture] = {}
        self._limits = limits

    def name(self, source: Any, what: str) -> str:
        """Returns the path by which a job names a picture."""
        if is_file_like(source):
            return path_of(source)
        key = f"memory:{what}"
        self.held[key] = as_picture(source, what, limits=self._limits)
        return key

    def styles(self, styles: Any) -> list[dict[str, Any]]:
        """Returns the styles as a job states them: one picture, a `Style`, or a sequence of them."""
        each = several(styles)
        if not each:
            raise invalid("style", "expected at least one picture")
        return [self._style(style, f"style{number}") for number, style in enumerate(each, 1)]

    def _style(self, style: Any, what: str) -> dict[str, Any]:
        if not isinstance(style, Style):
            return {"path": self.name(style, what)}
        spec = {"path": self.name(style.picture, what), **plain(style.settings())}
        if style.mask is not None:
            spec["mask"] = self.name(style.mask, f"{what} mask")
        return spec


def several(source: Any) -> list[Any]:
    """Returns the pictures that an argument is: those of a sequence, or the one."""
    is_one = isinstance(source, (str, bytes, bytearray, memoryview)) or not isinstance(source, Sequence)
    return [source] if is_one else list(source)


def path_of(path: str | os.PathLike[str]) -> str:
    """Returns a path as a job states it. The name of a file that is not Unicode is percent-encoded."""
    text = os.fspath(path)
    if isinstance(text, bytes):
        text = os.fsdecode(text)
    try:
        text.encode()
    except UnicodeEncodeError:
        from urllib.parse import quote_from_bytes

        return "percent-encoded:" + quote_from_bytes(os.fsencode(text), safe="/")
    return text


def options_of(task: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the keywords that were given, by the names that jobs have for them. `None` stands for the default.

    Raises `TypeError` for a keyword that does not exist.
    """
    known = PLACES[task]
    given = {}
    for name, value in options.items():
        name = ALIASES.get(name, name)
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1)
            hint = f". Did you mean '{near[0]}'?" if near else ""
            raise TypeError(f"{task}() got an unexpected keyword argument '{name}'{hint}")
        if name in given:
            raise TypeError(f"{task}() got '{name}' in two spellings")
        if value is not None:
            given[name] = value
    return given


def job(task: str, required: dict[str, Any], given: Mapping[str, Any], pictures: Pictures) -> _native.Job:
    """Returns the job of a task with these keywords.

    Raises `InvalidOption` for a value that an option does not take.
    """
    keywords = [(name, PLACES[task][name], encoded(name, value, pictures)) for name, value in given.items()]
    try:
        return _native.Job(task, json.dumps(required), keywords, pictures.held)
    except InvalidOption as error:
        raise told(error, given) from None


def told(error: InvalidOption, given: Mapping[str, Any]) -> InvalidOption:
    """Adds the value that was given, and the values that would be taken, to an error."""
    if error.option == "layers":
        # The library knows that a layer is wrong, but not which list named it.
        lists = [name for name in _NAMES if name in given]
        error.option = lists[0] if len(lists) == 1 else None
    if error.option is not None and error.value is None:
        error.value = given.get(error.option)
    for text in (error.hint or "", error.message):
        if error.allowed is None and ("did you mean " in text or "expected one of " in text):
            names = text.split("did you mean ")[-1].split("expected one of ")[-1].split(", found")[0].rstrip("?")
            error.allowed = tuple(name.strip() for name in names.replace(" or ", ",").split(",") if name.strip())
    return error


def encoded(name: str, value: Any, pictures: Pictures) -> str:
    """Returns the value of an option as JSON."""
    if name in ("protect", "init"):
        # The names of the ways to begin are words, and so is the name of a file.
        value = pictures.name(value, name)
    elif name == "mask":
        value = [pictures.name(mask, f"mask{number}") for number, mask in enumerate(several(value), 1)]
    elif name in _FILES:
        value = path_of(value)
    elif name == "fps":
        # Fractions are rates as they are written: 30000/1001.
        value = value if isinstance(value, (str, bool)) else str(plain(value))
    elif name in _TIMES:
        value = duration(name, value)
    elif name == "memory" and isinstance(value, str):
        size = _native.bytes_of(value)
        if size is None:
            raise invalid(name, f"expected a size such as 4G, 800M or 3GiB, found {value!r}", value)
        value = size
    elif name == "iterations":
        value = [value] if not isinstance(value, Iterable) or isinstance(value, str) else list(value)
    elif name in _LISTS + _NAMES and isinstance(value, Iterable) and not isinstance(value, str):
        value = list(value)
    try:
        return json.dumps(plain(value), allow_nan=False)
    except (TypeError, ValueError):
        raise invalid(name, f"found {value!r}, which it cannot be", value) from None


def duration(name: str, value: Any) -> Any:
    """Returns a time as text: seconds as a number, a `timedelta`, or a text such as 90s."""
    seconds = value.total_seconds() if hasattr(value, "total_seconds") else plain(value)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return seconds
    if not 0 < seconds < float("inf"):
        raise invalid(name, f"expected a time above 0, found {value}", value, hint="such as 90, '90s', '5m' or '1h'")
    # Nanoseconds are whole numbers, which both readers of times take.
    return f"{round(seconds * 1e9)}ns"


def plain(value: Any) -> Any:
    """Returns numbers of NumPy as Python's, inside of lists and dicts too."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    # A scalar of NumPy or an array or tensor with one number.
    return value.item() if hasattr(value, "item") and not isinstance(value, (str, bytes)) else value


def note(texts: Iterable[str]) -> None:
    """Shows notes of the library as warnings, at the line of the user's that led to them."""
    for text in texts:
        warnings.warn(text.removeprefix("note: ").removeprefix("warning: "), ImpastoNote, stacklevel=_outside())


def _outside() -> int:
    """Returns the stack level of the first frame outside of this package, as `warnings.warn` counts it."""
    package = os.path.dirname(os.path.abspath(__file__)) + os.sep
    level, frame = 2, sys._getframe(2)
    while frame is not None and os.path.abspath(frame.f_code.co_filename).startswith(package):
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    return level
