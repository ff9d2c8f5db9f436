"""Writes `impasto/_options.py`: the keywords of all jobs, from the schema of jobs (docs/job.schema.json).

    python python/generate_options.py

A test says when the file is not what the schema gives. `--print` prints it in place of writing it.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterable
from keyword import iskeyword
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "docs" / "job.schema.json"
OUTPUT = ROOT / "python" / "impasto" / "_options.py"

TASKS = {
    "stylize": "StylizeSpec",
    "texture": "TextureSpec",
    "batch": "BatchSpec",
    "sheet": "SheetSpec",
    "compare": "CompareSpec",
    "video": "VideoSpec",
}

# Properties that are parameters of their own: what a job is made of, and what has another form in Python.
PARAMETERS = {
    "stylize": ("content", "style", "output"),
    "texture": ("style", "output", "size"),
    "batch": ("contents", "style", "output"),
    "sheet": ("content", "style", "vary", "output"),
    "compare": ("pictures", "content", "style"),
    "video": ("input", "style", "output"),
}

# Options that several tasks have with one type and one description: a name for them, and the tasks.
SHARED = {
    "AnyOptions": ("every job", ("stylize", "texture", "batch", "sheet", "compare", "video")),
    "PaintOptions": ("every job that paints", ("stylize", "texture", "batch", "sheet", "video")),
    "ContentOptions": ("every job that paints a content", ("stylize", "batch", "sheet", "video")),
    "MaskOptions": ("every job that takes masks", ("stylize", "sheet", "video")),
    "FileOptions": ("every job that writes one file for a picture", ("stylize", "texture", "batch")),
}

# Types that say more than the schema: pictures in place of file names, numbers in place of texts.
TYPES = {
    "init": "PictureLike | None",
    "mask": "PictureLike | Sequence[PictureLike]",
    "protect": "PictureLike | None",
    "memory": "int | str | None",
    "time": "float | str | None",
    "checkpoint_every": "float | str | None",
    "iterations": "int | Sequence[int] | None",
    "depth": "Literal[8, 16, 32] | None",
    "fps": "float | str | None",
    **dict.fromkeys(("report", "checkpoint", "triptych", "plot", "timelapse", "html", "folder"), "StrPath | None"),
}

HEAD = '''"""The keywords of all jobs. python/generate_options.py writes this file from docs/job.schema.json."""

# ruff: noqa

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union

if TYPE_CHECKING:
    from typing import TypeAlias

    from impasto._pictures import PictureLike

    StrPath: TypeAlias = Union[str, os.PathLike[str]]
'''

Leaf = tuple[str, str, dict[str, Any]]
Option = tuple[str, str, str]


def leaves(schema: dict[str, Any], spec: str, place: str = "") -> list[Leaf]:
    """Returns the options of a specification: name, place as a JSON pointer, schema."""
    found: list[Leaf] = []
    for name, prop in schema["$defs"][spec]["properties"].items():
        target = prop.get("$ref", "").rsplit("/", 1)[-1]
        if target and schema["$defs"][target].get("type") == "object":
            found += leaves(schema, target, f"{place}/{name}")
        else:
            # A word of Python cannot be a keyword: `from` is `from_`.
            found.append((name + "_" * iskeyword(name), f"{place}/{name}", prop))
    return found


def type_of(schema: dict[str, Any], name: str, prop: dict[str, Any]) -> str:
    """Returns the type of an option as an annotation."""
    if name in TYPES:
        return TYPES[name]
    if "anyOf" in prop:
        return " | ".join(dict.fromkeys(type_of(schema, "", part) for part in prop["anyOf"]))
    if "$ref" in prop:
        choices = schema["$defs"][prop["$ref"].rsplit("/", 1)[-1]]
        return f"Literal[{', '.join(json.dumps(choice['const']) for choice in choices['oneOf'])}]"
    kinds = prop["type"] if isinstance(prop["type"], list) else [prop["type"]]
    plain = {"number": "float", "integer": "int", "string": "str", "boolean": "bool", "null": "None"}
    items = {"number": "float", "integer": "int", "string": "str"}
    return " | ".join(f"Sequence[{items[prop['items']['type']]}]" if kind == "array" else plain[kind] for kind in kinds)


def description(prop: dict[str, Any]) -> str:
    """Returns the description of an option, with keywords in place of the command line's options."""
    text = " ".join(prop.get("description", "").split())
    text = re.sub(r"--([a-z][a-z-]*[a-z])", lambda found: found[1].replace("-", "_"), text)
    text = text.replace(" (see `devices`)", "")
    text = text.replace("`impasto resume` continues", "`impasto.resume` continues")
    return text.replace("`models list`", "`impasto.models()`")


def typed_dict(name: str, bases: list[str], doc: str, options: Iterable[Option]) -> str:
    """Returns the class of some options."""
    lines = [f"class {name}({', '.join([*bases, 'TypedDict'])}, total=False):", f'    """{doc}"""']
    for option, kind, text in options:
        lines.append(f"\n    {option}: {kind}")
        lines += textwrap.indent(f'"""{textwrap.fill(text, 110)}"""', "    ").splitlines()
    return "\n\n" + "\n".join(lines) + "\n"


def written() -> str:
    """Returns the text of the file."""
    schema = json.loads(SCHEMA.read_text())
    options: dict[str, list[Option]] = {}
    places: dict[str, list[tuple[str, str]]] = {}
    for task, spec in TASKS.items():
        found = sorted(leaf for leaf in leaves(schema, spec) if leaf[1].strip("/") not in PARAMETERS[task])
        options[task] = [(name, type_of(schema, name, prop), description(prop)) for name, _, prop in found]
        places[task] = [(name, place) for name, place, _ in found]
    parts = [HEAD]
    inherited: dict[str, list[str]] = {task: [] for task in TASKS}
    for base, (who, tasks) in SHARED.items():
        shared = [option for option in options[tasks[0]] if all(option in options[task] for task in tasks)]
        parts.append(typed_dict(base, [], f"The options of {who}.", shared))
        for task in tasks:
            options[task] = [option for option in options[task] if option not in shared]
            inherited[task].append(base)
    for task, own in options.items():
        parts.append(typed_dict(f"{task.capitalize()}Options", inherited[task], f"The options of `{task}`.", own))
    parts.append("\n\nPLACES: dict[str, dict[str, str]] = {\n")
    for task, table in places.items():
        rows = "".join(f'        "{name}": "{place}",\n' for name, place in table)
        parts.append(f'    "{task}": {{\n{rows}    }},\n')
    parts.append('}\n"""The place of each option in its task, as a JSON pointer."""\n')
    return "".join(parts).replace(", Any, Literal", ", Literal")


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.write(written())
    else:
        OUTPUT.write_text(written())
