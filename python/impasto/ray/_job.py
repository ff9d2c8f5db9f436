"""Keyword arguments as a job whose pictures are files: each machine of a cluster reads them by their paths."""

from __future__ import annotations

import json
import os
from typing import Any

from impasto._errors import invalid
from impasto._jobs import Pictures, job, options_of, path_of

_ENCODED = "percent-encoded:"


def job_of(content: Any, styles: Any, output: Any, options: dict[str, Any]) -> str:
    """Returns the job `stylize` as JSON, with absolute paths.

    Raises `TypeError` for an option that does not exist, and `InvalidOption` for a value that one does not take and for
    pictures that are not files.
    """
    given = options_of("stylize", options)
    if "threads" in given:
        raise invalid("threads", "each actor has as many threads as processors", hint="see the `cpus_per_` options")
    pictures = Pictures(given.get("limits"))
    required = {
        "content": pictures.name(content, "content"),
        "style": pictures.styles(styles),
        "output": path_of(output),
    }
    made = job("stylize", required, given, pictures)
    for name in pictures.held:
        hint = "save the picture where every machine of the cluster can read it"
        raise invalid(name.removeprefix("memory:"), "expected the path of a file", hint=hint)
    spec = json.loads(made.to_json())
    task = spec["task"]["stylize"]
    places = [(task, "content"), (task, "output"), (task["run"], "init"), (task["run"]["objective"], "model")]
    places += [(style, name) for style in task["style"] for name in ("path", "mask")]
    for holder, name in places:
        holder[name] = _absolute(holder.get(name), name in ("init", "model"))
    regions = task["regions"]
    regions["protect"] = _absolute(regions.get("protect"), False)
    regions["mask"] = [_absolute(path, False) for path in regions.get("mask") or []]
    return json.dumps(spec)


def _absolute(path: Any, may_be_word: bool) -> Any:
    """Returns the absolute path of a file. A word such as `noise` stays, unless it is the name of a file."""
    if path is None or path.startswith(_ENCODED) or (may_be_word and not os.path.exists(path)):
        return path
    return os.path.abspath(path)


def positive(name: str, value: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise invalid(name, f"expected a whole number of at least 1, found {value!r}", value)
    return value
