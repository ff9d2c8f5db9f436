"""What the tests share: options for a quick run, and the command."""

from __future__ import annotations

import importlib
import os
import subprocess
from pathlib import Path
from typing import Any, NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]

SAMPLES = ROOT / "samples"

QUICK: dict[str, Any] = {"size": 48, "iterations": 3, "min_size": 32, "seed": 3}
"""A run of a fraction of a second, with two scales."""

LONG: dict[str, Any] = {"size": 96, "iterations": 100000, "plateau": 0}
"""A run that does not end while a test looks at it."""


def skipped(reason: str) -> NoReturn:
    """Skips with a line that is seen. IMPASTO_NO_SKIPS=1 makes a skip a failure."""
    if os.environ.get("IMPASTO_NO_SKIPS") == "1":
        pytest.fail(reason)
    print(f"skipped: {reason}")
    pytest.skip(reason, allow_module_level=True)


def needs(name: str) -> Any:
    """Returns a module, or skips where it is missing."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # A module that is there but lacks another is broken, and not skipped.
        if error.name != name.partition(".")[0]:
            raise
        skipped(f"there is no {name}")


def flags(options: dict[str, Any]) -> list[str]:
    """Returns options as the command takes them."""
    given = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        given += [flag] if value is True else [flag, str(value)]
    return given


class Command:
    """The command `impasto`."""

    def __init__(self, program: Path) -> None:
        self.program = program

    def __call__(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        texts = [str(self.program), *map(str, arguments)]
        return subprocess.run(texts, capture_output=True, text=True, check=True, timeout=600)

    def stylize(self, content: object, *styles: object, output: Path, **options: Any) -> bytes:
        self("stylize", content, *styles, "-o", output, "--progress", "none", *flags(options))
        return output.read_bytes()
