"""Repaints a picture in the style of another: neural style transfer (Gatys, Ecker and Bethge, CVPR 2016)."""

from impasto._native import __version__

__all__ = ["__version__"]
