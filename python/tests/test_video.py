"""Films: the command's bytes, frames as they are painted, and work that goes on after an interruption."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import impasto
import numpy as np
import pytest
from PIL import Image
from shared import Command, flags, skipped

QUICK: dict[str, Any] = {"size": 48, "iterations": 3, "min_size": 32, "no_cuts": True}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, photo: Path) -> Path:
    """A folder of five frames: a pan over the photo."""
    folder = tmp_path_factory.mktemp("clip")
    picture = Image.open(photo)
    for number in range(5):
        picture.crop((2 * number, 4, 2 * number + 64, 52)).save(folder / f"{number:03}.png")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.png"))}


def test_a_film_has_the_commands_bytes(clip: Path, style: Path, tmp_path: Path, command: Command) -> None:
    command("video", clip, style, "-o", tmp_path / "a" / "%d.png", "--progress", "none", *flags(QUICK))
    film = impasto.video(clip, style, tmp_path / "b" / "%d.png", **QUICK)
    assert files(tmp_path / "a") == files(tmp_path / "b") and len(files(tmp_path / "b")) == 5
    assert (film.end, film.painted, film.left, film.frames, film.shots, film.size) == ("complete", 5, 0, 5, 1, (48, 36))
    # A style in memory is the same picture.
    impasto.video(clip, impasto.load(style), tmp_path / "c" / "%d.png", **QUICK)
    assert files(tmp_path / "c") == files(tmp_path / "b")


def test_frames_come_as_they_are_painted(clip: Path, style: Path, tmp_path: Path) -> None:
    seen = list(impasto.frames(clip, style, tmp_path / "%d.png", **QUICK))
    assert [(frame.number, frame.done, frame.of, frame.shot) for frame in seen] == [(n, n + 1, 5, 1) for n in range(5)]
    written = [np.asarray(Image.open(tmp_path / f"{number}.png")) for number in range(1, 6)]
    for frame, file in zip(seen, written):
        assert frame.array.dtype == np.uint8 and np.array_equal(frame.array, file)
        assert frame.pil().size == (48, 36) and frame.seconds >= 0


def test_a_loop_that_was_left_goes_on(clip: Path, style: Path, tmp_path: Path) -> None:
    impasto.video(clip, style, tmp_path / "whole" / "%d.png", **QUICK)
    out = tmp_path / "parts" / "%d.png"
    for frame in impasto.frames(clip, style, out, **QUICK):
        if frame.number == 1:
            break
    assert files(out.parent) == {}
    # The work may have been ahead of the loop.
    rest = [frame.number for frame in impasto.frames(clip, style, out, **QUICK)]
    assert rest and rest[0] >= 2 and rest[-1] == 4
    assert files(out.parent) == files(tmp_path / "whole")


def test_a_callback_ends_the_work(clip: Path, style: Path, tmp_path: Path) -> None:
    film = impasto.video(clip, style, tmp_path / "%d.png", callback=lambda frame: frame.number < 1, **QUICK)
    assert film.end == "stopped" and film.output is None and film.painted >= 2 and film.painted + film.left == 5


def test_errors_name_keywords(clip: Path, style: Path, tmp_path: Path) -> None:
    out = tmp_path / "%d.png"
    with pytest.raises(TypeError, match="unexpected keyword argument 'hodl'. Did you mean 'hold'"):
        impasto.video(clip, style, out, hodl=2)  # type: ignore[call-arg]
    with pytest.raises(impasto.InvalidOption, match="hold") as error:
        impasto.video(clip, style, out, hold=1)
    assert error.value.option == "hold" and error.value.value == 1
    with pytest.raises(impasto.InvalidOption, match="fps"):
        list(impasto.frames(clip, style, out, fps="fast"))
    with pytest.raises(impasto.InvalidOption, match="cuts"):
        impasto.video(clip, style, out, cuts=["a"])  # type: ignore[list-item]


def test_films_of_ffmpeg(clip: Path, style: Path, tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        skipped("ffmpeg is not installed")
    source = tmp_path / "film.mkv"
    inputs = ["-framerate", "30000/1001", "-i", str(clip / "%03d.png")]
    subprocess.run(["ffmpeg", "-v", "error", *inputs, "-c:v", "ffv1", str(source)], check=True)
    film = impasto.video(source, style, tmp_path / "film.mp4", **QUICK)
    assert film.output == str(tmp_path / "film.mp4") and film.frames == 5
    assert film.seconds == pytest.approx(5 * 1001 / 30000, abs=2e-3)
    again = impasto.video(source, style, tmp_path / "again.mp4", fps=10, **QUICK)
    assert again.frames == 2
