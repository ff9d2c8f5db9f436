"""A style picture with its own settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto._pictures import PictureLike


@dataclass(frozen=True, eq=False)
class Style:
    """A style picture with its own settings, for a place in the list of styles.

        impasto.stylize(photo, ["a.jpg", impasto.Style("b.jpg", weight=0.5, scale=0.5)])
    """

    picture: PictureLike
    """The picture: a path, bytes, a file object, a PIL image, an array or a tensor."""
    weight: float | None = None
    """Share among several styles [default: 1]."""
    scale: float | None = None
    """Size relative to the content; multiplies `style_scale` [default: 1]."""
    rotate: float | None = None
    """Clockwise rotation in degrees [default: 0]."""
    mask: PictureLike | None = None
    """The part of the style that counts: an array or a picture, white where it does. Or a picture in the colours of the
    content's mask: the part for each region."""
    region: str | None = None
    """The region of the style: a colour in the content's mask, such as `#ff0000` or `red`."""
    layers: Sequence[str] | None = None
    """The style layers that the style applies to [default: all]."""
    at: str | None = None
    """The time at which a film has this style alone: `10s`, `50%` or `250f` [default: always]."""

    def settings(self) -> dict[str, Any]:
        """The settings that were given, besides the pictures."""
        given = {name: getattr(self, name) for name in ("weight", "scale", "rotate", "region", "at")}
        given["layers"] = None if self.layers is None else list(self.layers)
        return {name: value for name, value in given.items() if value is not None}
