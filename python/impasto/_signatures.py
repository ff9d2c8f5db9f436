"""Signatures that list every option, for `help` and for completion in notebooks."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from impasto._options import PLACES


def document(*functions: Callable[..., Any], task: str) -> None:
    """Gives functions a signature with the options of a task, in place of `**options`."""
    for function in functions:
        signature = inspect.signature(function)
        parameters = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
        options = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
            for name in PLACES[task]
            if name not in signature.parameters
        ]
        function.__signature__ = signature.replace(parameters=[*parameters, *options])  # type: ignore[attr-defined]
