"""Style transfer: `stylize` for one call, `StyleTransfer` for more control, `texture`, `plan` and `resume`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from impasto import _native
from impasto._errors import InvalidOption, invalid
from impasto._jobs import Pictures, job, options_of, path_of, several, told
from impasto._pictures import as_picture, is_file_like
from impasto._result import Result
from impasto._run import Callback, Run
from impasto._steps import Plan
from impasto._style import Style

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from impasto._options import StrPath, StylizeOptions, TextureOptions
    from impasto._pictures import PictureLike

    Styles = PictureLike | Style | Sequence[PictureLike | Style]
    Like = StrPath | Result | Mapping[str, Any]


class StyleTransfer:
    """A style transfer that can be planned, started, or run.

        transfer = impasto.StyleTransfer("photo.jpg", ["a.jpg", impasto.Style("b.jpg", scale=0.5)], size=1024)
        print(transfer.plan())
        result = transfer.run()

    `content` and `styles` are paths, bytes, file objects, PIL images, arrays or tensors. Every option of
    `impasto stylize` is a keyword. `like` takes the options of an earlier result: its file, the `Result`, or its
    recipe. Pictures in memory are read at once; files are read when the work begins.
    """

    def __init__(
        self,
        content: PictureLike,
        styles: Styles,
        *,
        output: StrPath | None = None,
        like: Like | None = None,
        **options: Unpack[StylizeOptions],
    ) -> None:
        self._given = options_of("stylize", options)
        pictures = Pictures(self._given.get("limits"))
        required = {
            "content": pictures.name(content, "content"),
            "style": pictures.styles(styles),
            "output": "" if output is None else path_of(output),
        }
        self._job = job("stylize", required, self._given, pictures)
        if like is not None:
            self._job = _like(self._job, like, self._given)
        self._inputs = _inputs(content, styles)

    def plan(self) -> Plan:
        """Returns what the run will take: memory and time, scale by scale. Nothing is painted."""
        return _planned(self._job, self._given)

    def start(self, checkpoint: StrPath | None = None) -> Run:
        """Starts the run, and returns it before its first step. `checkpoint` is the file that it saves itself to."""
        saved = self._job if checkpoint is None else self._job.with_checkpoint(os.fspath(checkpoint))
        return Run(_native.Run.start(saved, stepwise=True), self._inputs, self._given)

    def run(self, *, callback: Callback | None = None, live: bool = False, progress: Any = None) -> Result:
        """Runs to the end, and returns the result. See `Run.run`."""
        return self.start().run(callback=callback, live=live, progress=progress)

    @property
    def options(self) -> dict[str, Any]:
        """The job as data, with every option."""
        task: dict[str, Any] = json.loads(self._job.to_json())["task"]
        return task

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._given.items() if _is_short(value))
        return f"<impasto.StyleTransfer {given}>" if given else "<impasto.StyleTransfer>"


def stylize(
    content: PictureLike,
    style: Styles,
    *,
    output: StrPath | None = None,
    like: Like | None = None,
    callback: Callback | None = None,
    live: bool = False,
    progress: Any = None,
    **options: Unpack[StylizeOptions],
) -> Result:
    """Repaints a picture in the style of others, and returns the result.

        result = impasto.stylize("photo.jpg", "painting.jpg", size=768, strength=0.8)

    `content` and `style` are paths, bytes, file objects, PIL images, arrays or tensors; `style` may be a list of them,
    or of `impasto.Style`. `output` also writes the result to a file. `like` takes the options of an earlier result.
    `callback` is called after each step, and ends the run early by returning False. `live` shows the picture as it
    grows; `progress` shows a bar. Ctrl-C stops the run, and the exception has it as `run`.

    Raises `InvalidOption`, `PictureError`, `ModelNotFound`, `NotEnoughMemory`, `Diverged` or `OutputError`.
    """
    transfer = StyleTransfer(content, style, output=output, like=like, **options)
    return transfer.run(callback=callback, live=live, progress=progress)


def plan(content: PictureLike, style: Styles, *, like: Like | None = None, **options: Unpack[StylizeOptions]) -> Plan:
    """Returns what `stylize` would take: memory and time, scale by scale. Nothing is painted."""
    return StyleTransfer(content, style, like=like, **options).plan()


def texture(
    style: Styles,
    size: int | str | tuple[int, int] = 512,
    *,
    output: StrPath | None = None,
    callback: Callback | None = None,
    live: bool = False,
    progress: Any = None,
    **options: Unpack[TextureOptions],
) -> Result:
    """Makes a picture of a style alone. `size` is (width, height) in pixels, or one number for both.

    With `seamless=True` opposite sides fit together.
    """
    given = options_of("texture", options)
    pictures = Pictures(given.get("limits"))
    required = {
        "style": pictures.styles(style),
        "output": "" if output is None else path_of(output),
        "size": _sides(size),
    }
    made = job("texture", required, given, pictures)
    run = Run(_native.Run.start(made, stepwise=True), _inputs(None, style), given)
    return run.run(callback=callback, live=live, progress=progress)


def resume(
    checkpoint: StrPath,
    *,
    threads: int | None = None,
    pictures: Mapping[str, PictureLike] | None = None,
    callback: Callback | None = None,
    live: bool = False,
    progress: Any = None,
) -> Result:
    """Goes on from a checkpoint, and returns the result. It has the same bytes as without the interruption.

    Files are read again. Pictures that were in memory must be given again, in `pictures`, by the names that the error
    states: `{"content": array, "style1": other}`.
    """
    run = start_again(checkpoint, threads=threads, pictures=pictures)
    return run.run(callback=callback, live=live, progress=progress)


def start_again(
    checkpoint: StrPath, *, threads: int | None = None, pictures: Mapping[str, PictureLike] | None = None
) -> Run:
    """Goes on from a checkpoint step by step: returns the run. See `resume`."""
    held = {f"memory:{name}": as_picture(source, name) for name, source in (pictures or {}).items()}
    return Run(_native.Run.resume(os.fspath(checkpoint), held, threads=threads, stepwise=True), (), {})


def read_recipe(picture: StrPath | Result) -> dict[str, Any]:
    """Returns the recipe that a picture carries: every option of its run, and the names and digests of its pictures.

    Raises `PictureError` if it carries none.
    """
    if isinstance(picture, Result):
        return picture.recipe
    recipe: dict[str, Any] = json.loads(_native.read_recipe(os.fspath(picture)))
    return recipe


def models() -> dict[str, str]:
    """Returns the names of models, each with a description."""
    return dict(_native.model_names())


def fetch_model(name: str) -> None:
    """Brings a published model to this machine: from the caches of other programs, or from the network."""
    _native.fetch_model(name)


def _like(made: _native.Job, like: Like, given: Mapping[str, Any]) -> _native.Job:
    """Returns the job with the options of an earlier result."""
    path, recipe = "like", None
    if isinstance(like, Result):
        recipe = json.dumps(like.recipe)
    elif isinstance(like, Mapping):
        recipe = json.dumps(dict(like))
    elif is_file_like(like):
        path = os.fspath(like)
    else:
        raise TypeError(f"like: expected a path, a Result or a recipe, found {type(like).__name__}")
    try:
        return made.like(path, recipe, list(given))
    except InvalidOption as error:
        raise told(error, given) from None


def _planned(made: _native.Job, given: Mapping[str, Any]) -> Plan:
    try:
        return Plan.parsed(made.plan())
    except InvalidOption as error:
        raise told(error, given) from None


def _sides(size: int | str | tuple[int, int]) -> list[int]:
    """Returns width and height in pixels."""
    parts: Sequence[Any] = size.lower().split("x") if isinstance(size, str) else (
        size if isinstance(size, Sequence) else (size,)
    )
    try:
        sides = [int(part) for part in parts]
    except (TypeError, ValueError):
        sides = []
    if len(sides) not in (1, 2) or min(sides) < 1:
        raise invalid("size", f"expected (width, height) in pixels or one number, found {size!r}", size)
    return sides * (3 - len(sides))


def _inputs(content: Any, styles: Any) -> list[tuple[str, Any]]:
    """Returns the pictures that a notebook shows beside the result. Streams were read, so they are left out."""
    each = [style.picture if isinstance(style, Style) else style for style in several(styles)]
    shown = [("content", content)] if content is not None else []
    shown += [("style", style) for style in each]
    return [(label, source) for label, source in shown if not hasattr(source, "read")]


def _is_short(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool, list, tuple)) and len(repr(value)) < 60
