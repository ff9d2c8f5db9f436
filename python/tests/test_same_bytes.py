"""Results are the command's, byte for byte."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import impasto
import numpy as np
import pytest
from PIL import Image
from shared import QUICK, Command


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("out.png", {}),
        ("out.jpg", {"quality": 80}),
        ("out.tif", {"depth": 16}),
        ("out.webp", {"strength": 0.5}),
        ("out.png", {"colour": "keep", "no_metadata": True}),
        ("out.png", {"preset": "gatys", "stroke_size": 0.7}),
        ("out.png", {"effort": "draft", "profile": "p3"}),
    ],
)
def test_a_result_has_the_commands_bytes(
    name: str, options: dict[str, Any], photo: Path, style: Path, tmp_path: Path, command: Command
) -> None:
    options = {**QUICK, **options}
    if "effort" in options:
        del options["iterations"], options["min_size"]
    expected = command.stylize(photo, style, output=tmp_path / name, **options)
    written = ("quality", "depth", "no_metadata", "profile")
    # Written by the run, with all options from the start.
    ours = tmp_path / f"run-{name}"
    impasto.stylize(photo, style, output=ours, **options)
    assert ours.read_bytes() == expected
    # Kept in memory, with all options, and with those of the file only when it is saved.
    result = impasto.stylize(photo, style, **options)
    assert result.output is None
    result.save(tmp_path / f"saved-{name}")
    assert (tmp_path / f"saved-{name}").read_bytes() == expected
    later = impasto.stylize(photo, style, **{key: options[key] for key in options if key not in written})
    data = later.to_bytes(name.split(".")[1], **{key: options[key] for key in options if key in written})
    assert data == expected


def test_the_number_of_threads_and_stepping_change_nothing(
    photo: Path, style: Path, tmp_path: Path, command: Command
) -> None:
    expected = command.stylize(photo, style, output=tmp_path / "out.png", **QUICK)
    transfer = impasto.StyleTransfer(photo, style, threads=1, **QUICK)
    with transfer.start() as run:
        steps = [run.picture(fit=16).shape for _ in run]
    assert len(steps) == 6
    assert run.result().to_bytes("png") == expected
    called: list[impasto.Step] = []
    assert transfer.run(callback=called.append).to_bytes("png") == expected
    assert [step.iteration for step in called] == [1, 2, 3, 1, 2, 3]


def test_alpha_sixteen_bits_and_several_styles(folder: Path, style: Path, tmp_path: Path, command: Command) -> None:
    for content in ("alpha.png", "sixteen.png"):
        expected = command.stylize(
            folder / content, f"{style}:weight=2,scale=0.5", f"{style}:rotate=90", output=tmp_path / "out.png", **QUICK
        )
        styles = [impasto.Style(style, weight=2, scale=0.5), impasto.Style(style, rotate=90)]
        assert impasto.stylize(folder / content, styles, **QUICK).to_bytes("png") == expected


def test_arrays_have_the_pixels_of_their_files(
    photo: Path, style: Path, pixels: np.ndarray[Any, Any], tmp_path: Path, command: Command
) -> None:
    command.stylize(photo, style, output=tmp_path / "out.png", **QUICK)
    expected = np.asarray(Image.open(tmp_path / "out.png"))
    data = style.read_bytes()
    for content in (pixels, pixels.transpose(2, 0, 1), (pixels / 255).astype(np.float32), Image.open(photo)):
        for painting in (data, io.BytesIO(data), np.asarray(Image.open(style))):
            assert np.array_equal(impasto.stylize(content, painting, **QUICK).array, expected)


def test_masks_may_be_arrays(photo: Path, style: Path, tmp_path: Path, command: Command) -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[:, 40:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    colours = np.zeros((60, 80, 3), np.uint8)
    colours[:, :40, 0] = colours[:, 40:, 2] = 255
    Image.fromarray(colours).save(tmp_path / "colours.png")
    out = tmp_path / "out.png"

    def command_paints(*styles: str, **options: Any) -> np.ndarray[Any, Any]:
        command.stylize(photo, *styles, output=out, **QUICK, **options)
        return np.asarray(Image.open(out))

    protected = command_paints(str(style), protect=tmp_path / "mask.png")
    for ours in (mask, mask > 0, mask / 255, mask.astype(np.float32)[..., None] / 255, Image.fromarray(mask)):
        assert np.array_equal(impasto.stylize(photo, style, protect=ours, **QUICK).array, protected)
    masked = command_paints(str(style), mask=tmp_path / "mask.png")
    assert np.array_equal(impasto.stylize(photo, style, mask=[mask > 0], **QUICK).array, masked)
    regions = command_paints(f"{style}:region=red", f"{style}:region=blue,rotate=90", mask=tmp_path / "colours.png")
    styles = [impasto.Style(style, region="red"), impasto.Style(style, region="blue", rotate=90)]
    assert np.array_equal(impasto.stylize(photo, styles, mask=colours, **QUICK).array, regions)
    of_style = np.asarray(Image.fromarray(mask).resize((64, 64), 0))
    Image.fromarray(of_style).save(tmp_path / "of_style.png")
    part = command_paints(f"{style}:mask={tmp_path / 'of_style.png'}")
    assert np.array_equal(impasto.stylize(photo, impasto.Style(style, mask=of_style > 0), **QUICK).array, part)


def test_the_initial_picture_may_be_an_array(
    photo: Path, style: Path, folder: Path, pixels: np.ndarray[Any, Any], tmp_path: Path, command: Command
) -> None:
    command.stylize(photo, style, output=tmp_path / "out.png", init=photo, **QUICK)
    expected = np.asarray(Image.open(tmp_path / "out.png"))
    assert np.array_equal(impasto.stylize(photo, style, init=pixels, **QUICK).array, expected)
    assert np.array_equal(impasto.stylize(photo, style, init=photo, **QUICK).array, expected)
    noise = impasto.stylize(photo, style, init="noise", **QUICK)
    assert not np.array_equal(noise.array, expected)


def test_like_takes_the_options_of_a_result(photo: Path, style: Path, tmp_path: Path, command: Command) -> None:
    options = {**QUICK, "strength": 0.4, "colour": "luminance"}
    first = impasto.stylize(photo, style, **options)
    first.save(tmp_path / "first.png")
    expected = command.stylize(photo, style, output=tmp_path / "out.png", like=tmp_path / "first.png", size=40)
    for like in (first, tmp_path / "first.png", first.recipe):
        assert impasto.stylize(photo, style, like=like, size=40).to_bytes("png") == expected


def test_a_texture_has_the_commands_bytes(style: Path, tmp_path: Path, command: Command) -> None:
    out = tmp_path / "out.png"
    command("texture", style, "-o", out, "--size", "64x32", "--iterations", 2, "--seamless", "--progress", "none")
    result = impasto.texture(style, (64, 32), iterations=2, seamless=True)
    assert result.size == (64, 32) and result.to_bytes("png") == out.read_bytes()
    assert impasto.texture(style, "64x32", iterations=2, seamless=True).to_bytes("png") == out.read_bytes()


def test_a_sheet_has_the_commands_pixels(photo: Path, style: Path, tmp_path: Path, command: Command) -> None:
    out = tmp_path / "out.png"
    common = ("--size", 32, "--iterations", 2, "--progress", "none")
    command("sheet", photo, style, "-o", out, "--vary", "strength=0.3,1", *common)
    sheet = impasto.sheet(photo, np.asarray(Image.open(style)), {"strength": [0.3, 1]}, size=32, iterations=2)
    assert np.array_equal(sheet.array, np.asarray(Image.open(out)))
    assert [cell["settings"] for cell in sheet.cells] == [{"strength": 0.3}, {"strength": 1.0}]
    assert sheet.picture(1).shape == (24, 32, 3)


def test_scores_are_the_commands(photo: Path, style: Path, tmp_path: Path, command: Command) -> None:
    import json

    done = command("compare", photo, style, "--content", photo, "--style", style, "--json", "--size", 48)
    expected = [picture["scores"] for picture in json.loads(done.stdout)["pictures"]]
    scores = impasto.compare([photo, np.asarray(Image.open(style))], style, content=Image.open(photo), size=48)
    assert list(scores.values()) == expected
    assert list(scores) == [str(photo), "picture2"]


def test_batches_share_the_commands_journal(photo: Path, style: Path, tmp_path: Path, command: Command) -> None:
    out = tmp_path / "out"
    items = list(impasto.batch([photo], styles=[style], out=out, **QUICK))
    assert [(item.status, item.number, item.of) for item in items] == [("made", 1, 1)]
    expected = command.stylize(photo, style, output=tmp_path / "out.png", **QUICK)
    assert Path(items[0].output).read_bytes() == expected
    done = command("batch", photo, "--style", style, "-o", out, "--progress", "none", *quick_flags())
    assert "1 there already" in done.stdout
    assert [item.status for item in impasto.batch([photo], [style], out, **QUICK)] == ["skipped"]


def quick_flags() -> list[str]:
    from shared import flags

    return flags(QUICK)
