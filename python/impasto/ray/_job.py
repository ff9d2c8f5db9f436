"""Keyword arguments as a job, the form in which the library takes them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from impasto._errors import invalid

_OBJECTIVE = frozenset(
    "content_layers content_weight model pooling preset resize statistic strength style_layer_weights style_layers"
    " style_scale style_weight style_weights tv_weight".split()
)
_RUN = frozenset(
    "average_decay colour colour_map effort first_iterations half history init iterations keep learning_rate min_size"
    " optimizer plateau seed size stroke_size".split()
)
_RESULT = frozenset("depth format keep_gps no_metadata profile quality".split())
_STYLE = frozenset("layers path region rotate scale weight".split())


def path_of(path: Any, what: str) -> str:
    """Returns a path that means the same on every machine of a cluster with shared storage."""
    if not isinstance(path, (str, os.PathLike)):
        kind = type(path).__name__
        hint = "save the picture where every machine of the cluster can read it"
        raise invalid(what, f"expected the path of a file, found {kind}", path, hint=hint)
    return os.path.abspath(os.fspath(path))


def style_of(style: Any) -> dict[str, Any]:
    """Returns a style as a job has it, from a path, or from a dict with `path` and settings."""
    if not isinstance(style, dict):
        return {"path": path_of(style, "styles")}
    if wrong := sorted(set(style) - _STYLE):
        raise invalid(wrong[0], "not a setting of a style", style[wrong[0]], hint=", ".join(sorted(_STYLE)))
    return {**style, "path": path_of(style.get("path"), "styles")}


def styles_of(styles: Any) -> list[dict[str, Any]]:
    """Returns one style, or several, as a job has them."""
    several = isinstance(styles, Sequence) and not isinstance(styles, (str, bytes))
    return [style_of(style) for style in styles] if several else [style_of(styles)]


def job_of(content: Any, styles: Any, output: Any, options: dict[str, Any]) -> str:
    """Returns the job `stylize` as JSON."""
    sections: dict[str, dict[str, Any]] = {"objective": {}, "run": {}, "result": {}, "input": {}}
    for name, value in options.items():
        if value is None:
            continue
        if name in _OBJECTIVE:
            sections["objective"][name] = value
        elif name in _RUN:
            several = isinstance(value, Sequence) and not isinstance(value, str)
            sections["run"][name] = list(value) if several else value
        elif name in _RESULT:
            sections["result"][name] = value
        elif name == "limits":
            sections["input"][name] = value
        else:
            raise invalid(name, "a picture in blocks has no such option", value)
    model = sections["objective"].get("model")
    if model is not None and os.path.exists(model):
        sections["objective"]["model"] = path_of(model, "model")
    task = {
        "content": path_of(content, "content"),
        "style": styles_of(styles),
        "output": path_of(output, "out"),
        "run": {**sections["run"], "objective": sections["objective"]},
        "result": sections["result"],
        "input": sections["input"],
    }
    return json.dumps({"version": 1, "task": {"stylize": task}})
