"""What a run tells: its steps with their losses, and the plan of a run before it begins."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Losses:
    """The terms of a loss, with all weights applied."""

    content: dict[str, float]
    """Content terms by layer."""
    style: dict[str, float]
    """Style terms by layer."""
    tv: float
    """The total variation term."""
    total: float
    """The sum of all terms."""

    def to_dict(self) -> dict[str, float]:
        """All terms in one dictionary, for a row of a table."""
        content = {f"content {layer}": value for layer, value in self.content.items()}
        style = {f"style {layer}": value for layer, value in self.style.items()}
        return {"total": self.total, **content, **style, "tv": self.tv}

    def _repr_html_(self) -> str:
        return _table(("term", "loss"), [(name, f"{value:.6g}") for name, value in self.to_dict().items()])


@dataclass(frozen=True)
class Step:
    """One iteration of a run."""

    scale: int
    """The scale, counted from 1."""
    scales: int
    """Number of scales."""
    width: int
    """Width of the picture at this scale in pixels."""
    height: int
    """Height of the picture at this scale in pixels."""
    iteration: int
    """The iteration at this scale, counted from 1."""
    iterations: int
    """Number of iterations at this scale."""
    losses: Losses
    """The losses before the step."""
    seconds: float
    """Seconds of the step."""
    elapsed: float = 0.0
    """Seconds since the work began."""
    seconds_left: float = 0.0
    """Estimated seconds that the rest of the run will take."""
    progress: float = 0.0
    """The part of the work that is done, 0 to 1."""

    @classmethod
    def of(cls, value: dict[str, Any]) -> Step:
        """Returns the step that the library states."""
        names = ("scale", "scales", "width", "height", "iteration", "iterations", "seconds")
        others = {name: value[name] for name in ("elapsed", "seconds_left", "progress") if name in value}
        return cls(losses=Losses(**value["losses"]), **{name: value[name] for name in names}, **others)

    @classmethod
    def parsed(cls, text: str) -> Step:
        """Returns the step that a JSON text of the library states."""
        return cls.of(json.loads(text))

    def to_dict(self) -> dict[str, float]:
        """The step as one row of a table: `pandas.DataFrame(step.to_dict() for step in result.history)`."""
        names = ("scale", "iteration", "width", "height", "seconds", "elapsed")
        return {**{name: getattr(self, name) for name in names}, **self.losses.to_dict()}


@dataclass(frozen=True)
class PlannedScale:
    """What one scale of a run will take."""

    width: int
    height: int
    iterations: int
    seconds: float | None
    """Predicted seconds."""
    peak_bytes: int
    """Bytes of memory at the peak."""
    checkpoint_bytes: int
    """Bytes of a checkpoint."""
    tiles: tuple[int, int]
    """Tiles across and down; (1, 1) if the picture is not cut."""
    overlap: int
    """Pixels by which neighbouring tiles overlap."""
    spilled_bytes: int
    """Bytes of temporary files."""

    @classmethod
    def of(cls, value: dict[str, Any]) -> PlannedScale:
        """Returns the scale that the library states."""
        known = {name: value[name] for name in cls.__dataclass_fields__}
        return cls(**{**known, "tiles": tuple(value["tiles"])})


@dataclass(frozen=True)
class Plan:
    """What a run will take, scale by scale."""

    scales: tuple[PlannedScale, ...]
    """The scales, from the smallest on."""
    seconds: float | None
    """Predicted seconds of the whole run."""
    peak_bytes: int
    """Bytes of memory at the peak."""
    peak_bytes_in_half: int
    """The same with `half=True`."""
    checkpoint_bytes: int
    """Bytes of the largest checkpoint."""
    threads: int
    """Number of threads."""
    instruction_set: str
    """The instruction set of the engine."""

    @classmethod
    def parsed(cls, text: str) -> Plan:
        """Returns the plan that a JSON text of the library states."""
        value = json.loads(text)
        scales = [PlannedScale.of(scale) for scale in value["scales"]]
        others = {name: value[name] for name in cls.__dataclass_fields__ if name != "scales"}
        return cls(scales=tuple(scales), **others)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the result in pixels."""
        return self.scales[-1].width, self.scales[-1].height

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain data."""
        from dataclasses import asdict

        return asdict(self)

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                f"{number}/{len(self.scales)}",
                f"{scale.width}x{scale.height}",
                str(scale.iterations),
                "whole" if scale.tiles == (1, 1) else f"{scale.tiles[0]} x {scale.tiles[1]} tiles",
                _bytes(scale.peak_bytes),
                _seconds(scale.seconds),
            )
            for number, scale in enumerate(self.scales, 1)
        ]

    def _sum(self) -> str:
        time = f", about {_seconds(self.seconds)}" if self.seconds is not None else ""
        return f"peak memory {_bytes(self.peak_bytes)}{time} on {self.threads} threads"

    def __str__(self) -> str:
        rows = [_HEADS, *self._rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        return "\n".join([*lines, self._sum()])

    def _repr_html_(self) -> str:
        return _table(_HEADS, self._rows()) + f"<p>{self._sum()}</p>"


_HEADS = ("scale", "size", "iterations", "run", "memory", "time")


def _bytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Returns a table in HTML."""
    import html

    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
