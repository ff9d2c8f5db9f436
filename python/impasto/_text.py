"""Texts that show themselves in a notebook as they are printed."""


class Text(str):
    """A text whose representation is the text."""

    def __repr__(self) -> str:
        return str(self)
