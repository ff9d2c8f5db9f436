"""The keywords are the options of jobs, and the stub is the native module."""

from __future__ import annotations

import importlib.util
import inspect
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import impasto
import pytest
from impasto import _options
from shared import needs

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_options", ROOT / "python" / "generate_options.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_keywords_are_those_of_the_schema(generate: Any) -> None:
    committed = (ROOT / "python" / "impasto" / "_options.py").read_text()
    assert committed == generate.written(), "run: python python/generate_options.py"


def test_every_property_of_a_job_is_a_keyword(generate: Any) -> None:
    schema = json.loads((ROOT / "docs" / "job.schema.json").read_text())
    functions = {name: getattr(impasto, name) for name in generate.TASKS}
    # In Python: an `output` of many pictures is `out`, and `style` is `styles`, as there are several.
    several = (("output", "out"), ("style", "styles"))
    renamed = {(task, name): new for task in ("batch", "video") for name, new in several}
    renamed["video", "input"] = "film"
    for task, spec in generate.TASKS.items():
        parameters = inspect.signature(functions[task]).parameters
        for name, place, _ in generate.leaves(schema, spec):
            assert renamed.get((task, name), name) in parameters, (task, place)
    assert set(_options.PLACES) == set(functions)
    assert _options.PLACES["stylize"]["strength"] == "/run/objective/strength"
    assert set(inspect.signature(impasto.StyleTransfer).parameters) >= set(_options.PLACES["stylize"])


def test_the_keywords_of_a_call_reach_the_job(photo: Path, style: Path) -> None:
    given: dict[str, Any] = {
        "size": 100, "strength": 0.5, "memory": "2G", "time": 90, "iterations": 7, "content_layers": ("relu3_1",),
        "checkpoint_every": 0.5, "color": "match", "half": True, "quality": 80, "protect": photo, "feather": 0.1,
        "limits": "none", "triptych": "three.png",
    }  # fmt: skip
    job = impasto.StyleTransfer(photo, style, **given).options["stylize"]
    run, objective = job["run"], job["run"]["objective"]
    assert (run["size"], run["memory"], run["time"], run["iterations"]) == (100, 2 * 10**9, "90000000000ns", [7])
    assert (objective["strength"], objective["content_layers"]) == (0.5, ["relu3_1"])
    assert (job["checkpoint_every"], run["colour"], run["half"]) == ("500000000ns", "match", True)
    assert (job["result"]["quality"], job["regions"]["protect"]) == (80, str(photo))
    assert (job["input"]["limits"], job["side_outputs"]["triptych"]) == ("none", "three.png")


def test_the_stub_is_the_native_module() -> None:
    needs("mypy")
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "impasto._native"], cwd=ROOT / "python", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_public_is_documented() -> None:
    for name in impasto.__all__:
        value = getattr(impasto, name)
        assert name == "__version__" or (value.__doc__ or "").strip(), name
