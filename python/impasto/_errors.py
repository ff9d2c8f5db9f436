"""The exceptions of the package. Each is also one of Python's own, so that existing handlers catch it.

All of them pickle, so they reach you from other processes, too.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "CheckpointError",
    "Diverged",
    "Error",
    "ImpastoNote",
    "InvalidOption",
    "ModelNotFound",
    "NotEnoughMemory",
    "OutputError",
    "PictureError",
    "PictureNotFound",
]


class ImpastoNote(UserWarning):
    """A note about a run, such as a property of the content that the format of the result does not hold."""


class Error(Exception):
    """Any error of this package. Its text ends with the hint, if something can be done about it."""

    hint: str | None
    """What can be done about it."""
    checkpoint: str | None
    """The checkpoint from which the run can continue (`impasto.resume`)."""
    interrupted: bool
    """Whether the work was interrupted; nothing is wrong then."""

    def __init__(self, message: str, *, hint: str | None = None, checkpoint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.checkpoint = checkpoint
        self.interrupted = False

    @property
    def message(self) -> str:
        """The error in one sentence, without the hint."""
        return str(self.args[0]) if self.args else ""

    def __str__(self) -> str:
        goes_on = f"impasto.resume({self.checkpoint!r}) goes on" if self.checkpoint else None
        hints = "; ".join(hint for hint in (self.hint, goes_on) if hint)
        return f"{self.message}\nhint: {hints}" if hints else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.args, self.__dict__.copy())


class InvalidOption(Error, ValueError):
    """A value that an option does not take, or options that do not fit each other."""

    option: str | None = None
    """The name of the keyword."""
    value: Any = None
    """The value that was given, if it is known."""
    allowed: tuple[str, ...] | None = None
    """The values that would be taken, if they can be listed."""


class PictureError(Error, ValueError):
    """A picture that cannot be read, or not be written as asked."""


class PictureNotFound(PictureError, FileNotFoundError):
    """There is no such picture."""


class OutputError(Error, OSError):
    """A file that could not be written: a full disk, a folder without permission."""


class ModelNotFound(Error, FileNotFoundError):
    """A model that is not on this machine, or a file of weights that cannot be used."""


class NotEnoughMemory(Error, MemoryError):
    """The run needs more memory than it may use, even in tiles."""

    fitting_size: int | None = None
    """The largest `size` that fits, if one does."""


class Diverged(Error, ArithmeticError):
    """A loss was no longer a finite number."""

    result: Any = None
    """The result before the run diverged, if there is one."""


class CheckpointError(Error, OSError):
    """A checkpoint that could not be written, or from which nothing can be resumed."""


def _rebuilt(kind: type[Error], args: tuple[Any, ...], state: dict[str, Any]) -> Error:
    error = kind(*args)
    error.__dict__.update(state)
    return error


_BY_CAUSE: dict[str, type[Error]] = {
    "option": InvalidOption,
    "picture": PictureError,
    "missing": PictureNotFound,
    "model": ModelNotFound,
    "memory": NotEnoughMemory,
    "diverged": Diverged,
    "checkpoint": CheckpointError,
}


def of_job(
    *,
    kind: str,
    cause: str,
    option: str | None,
    fits: int | None,
    message: str,
    hint: str | None,
    checkpoint: Any,
) -> Error:
    """Returns the exception for an error of the native library, which calls this."""
    usual = OutputError if kind == "environment" else Error
    named = _BY_CAUSE.get(cause, usual)
    if kind == "environment" and named in (PictureError, InvalidOption):
        named = OutputError
    error = named(message, hint=hint, checkpoint=None if checkpoint is None else str(checkpoint))
    error.interrupted = kind == "interrupted"
    if isinstance(error, InvalidOption):
        error.option = option
    if isinstance(error, NotEnoughMemory):
        error.fitting_size = fits or None
    return error


def invalid(option: str, problem: str, value: Any = None, *, hint: str | None = None) -> InvalidOption:
    """Returns the error for a value that an option does not take."""
    error = InvalidOption(f"{option}: {problem}", hint=hint)
    error.option, error.value = option, value
    return error
