"""Fixtures of the tests: small pictures, and the command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image
from shared import ROOT, SAMPLES, Command, skipped

# A loaded machine is no failure.
settings.register_profile("impasto", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("impasto")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small pictures: photo.png (80x60), style.png, alpha.png, sixteen.png."""
    folder = tmp_path_factory.mktemp("pictures")
    photo = Image.open(SAMPLES / "harbour.jpg").convert("RGB").resize((80, 60))
    photo.save(folder / "photo.png")
    Image.open(SAMPLES / "swirls.jpg").convert("RGB").resize((64, 64)).save(folder / "style.png")
    ramp = np.linspace(0, 255, 80, dtype=np.uint8)[None, :, None].repeat(60, 0)
    Image.fromarray(np.concatenate([np.asarray(photo), ramp], 2)).save(folder / "alpha.png")
    grey = np.asarray(photo.convert("L")).astype(np.uint16) * 257 - 3
    Image.fromarray(grey).save(folder / "sixteen.png")
    return folder


@pytest.fixture(scope="session")
def photo(folder: Path) -> Path:
    return folder / "photo.png"


@pytest.fixture(scope="session")
def style(folder: Path) -> Path:
    return folder / "style.png"


@pytest.fixture(scope="session")
def pixels(photo: Path) -> np.ndarray[Any, Any]:
    """The pixels of the photo as PIL reads them."""
    return np.asarray(Image.open(photo))


@pytest.fixture(scope="session")
def command() -> Command:
    """The command of the same source: `target/release/impasto`, or the one that IMPASTO_BINARY names."""
    program = Path(os.environ.get("IMPASTO_BINARY", ROOT / "target" / "release" / "impasto"))
    if not program.exists():
        skipped(f"{program} is not there: cargo build --release, or set IMPASTO_BINARY")
    return Command(program)
