"""Pictures in and out, held against NumPy and PIL."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as arrays
import impasto
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from impasto._pictures import SLACK, as_picture, of_array
from PIL import Image, ImageCms
from shared import needs

# Half a step of float32 around 1.
ROUNDING = 2.0**-24

SHAPES = st.tuples(st.integers(1, 9), st.integers(5, 9), st.sampled_from([1, 3]))


def rgb(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Three channels of `[height, width, 1 or 3]`."""
    return array.repeat(3, 2) if array.shape[2] == 1 else array


@given(arrays.arrays(np.uint8, SHAPES))
def test_uint8_comes_back_as_it_is(array: np.ndarray[Any, Any]) -> None:
    assert np.array_equal(of_array(array).to_numpy("uint8"), rgb(array))


@given(arrays.arrays(np.uint16, SHAPES))
def test_uint16_comes_back_as_it_is(array: np.ndarray[Any, Any]) -> None:
    assert np.array_equal(of_array(array).to_numpy("uint16"), rgb(array))


@given(arrays.arrays(np.float32, SHAPES, elements=st.floats(0, 1, width=32)))
def test_floats_come_back_as_they_are(array: np.ndarray[Any, Any]) -> None:
    assert np.array_equal(impasto.load(array), rgb(array))


@given(arrays.arrays(np.float64, SHAPES, elements=st.floats(0, 1)))
def test_wider_floats_are_rounded(array: np.ndarray[Any, Any]) -> None:
    assert np.abs(impasto.load(array) - rgb(array)).max() <= ROUNDING


@given(arrays.arrays(np.uint8, st.tuples(st.integers(2, 9), st.integers(5, 9), st.just(3))), st.data())
def test_the_layout_in_memory_does_not_matter(array: np.ndarray[Any, Any], data: st.DataObject) -> None:
    view = {
        "fortran": lambda: np.asfortranarray(array),
        "upside down": lambda: np.ascontiguousarray(array[::-1])[::-1],
        "every other": lambda: np.repeat(array, 2, 1)[:, ::2],
        "mirrored channels": lambda: np.ascontiguousarray(array[:, :, ::-1])[:, :, ::-1],
        "read-only": lambda: read_only(array),
        "channels first": lambda: np.ascontiguousarray(array.transpose(2, 0, 1)),
        "one of a batch": lambda: array[None],
    }
    name = data.draw(st.sampled_from(sorted(view)))
    assert np.array_equal(of_array(view[name]()).to_numpy(), array), name


def read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def test_foreign_byte_order_half_floats_and_booleans_are_read(pixels: np.ndarray[Any, Any]) -> None:
    wide = pixels.astype(np.uint16) * 257
    assert np.array_equal(as_picture(wide.astype(wide.dtype.newbyteorder())).to_numpy("uint16"), wide)
    half = (pixels / 255).astype(np.float16)
    assert np.array_equal(impasto.load(half), half.astype(np.float32))
    assert np.array_equal(as_picture(pixels[..., 0] > 99).to_numpy()[..., 1], (pixels[..., 0] > 99) * np.uint8(255))


def test_a_file_and_its_array_and_its_bytes_are_one_picture(photo: Path, pixels: np.ndarray[Any, Any]) -> None:
    data = photo.read_bytes()
    with photo.open("rb") as file:
        sources = [photo, str(photo), data, bytearray(data), file, io.BytesIO(data), Image.open(photo), pixels]
        for source in sources:
            assert np.array_equal(impasto.load(source), impasto.load(photo)), type(source)
    assert np.array_equal(as_picture(photo).to_numpy(), pixels)


def test_arrays_out_are_new_and_own_their_memory(photo: Path) -> None:
    for array in (impasto.load(photo), impasto.load(photo, size=40), as_picture(photo).to_numpy(alpha=True)):
        assert array.flags.owndata and array.flags.writeable and array.flags.c_contiguous
    assert impasto.load(photo, size=40).shape == (30, 40, 3)
    assert impasto.load(photo, size=4000).shape == (60, 80, 3), "never enlarged"


def test_alpha_is_kept(folder: Path) -> None:
    as_pil = np.asarray(Image.open(folder / "alpha.png"))
    for source in (folder / "alpha.png", Image.open(folder / "alpha.png"), as_pil):
        picture = as_picture(source)
        assert picture.has_alpha
        assert np.array_equal(picture.to_numpy(alpha=True)[..., 3], as_pil[..., 3])


def test_sixteen_bits_are_kept(folder: Path) -> None:
    for source in (folder / "sixteen.png", Image.open(folder / "sixteen.png")):
        picture = as_picture(source)
        assert picture.depth == 16
        assert np.array_equal(picture.to_numpy("uint16")[..., 0], np.asarray(Image.open(folder / "sixteen.png")))


def test_pil_keeps_orientation_and_profile(tmp_path: Path, pixels: np.ndarray[Any, Any]) -> None:
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image.save(tmp_path / "turned.png", exif=exif, icc_profile=profile)
    turned = Image.open(tmp_path / "turned.png")
    ours = as_picture(turned)
    assert ours.size == (60, 80)
    assert np.array_equal(ours.to_numpy("float32"), as_picture(tmp_path / "turned.png").to_numpy("float32"))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F", "YCbCr", "HSV"])
def test_every_mode_of_pil_is_read(mode: str, photo: Path) -> None:
    image = Image.open(photo)
    if mode in ("I;16", "I"):
        grey = np.asarray(image.convert("L")).astype(np.uint16) * 257
        image = Image.fromarray(grey) if mode == "I;16" else Image.fromarray(grey.astype(np.int32))
    elif mode == "F":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.float32) / 255)
    else:
        image = image.convert(mode)
    assert image.mode == mode
    expected = np.asarray(Image.open(photo).convert("L")).astype(int)
    ours = np.asarray(Image.fromarray(as_picture(image).to_numpy()).convert("L")).astype(int)
    # Dither, palettes and inks change values; a mistaken mode would change the mean by much more.
    assert abs(ours.mean() - expected.mean()) < 12, mode


def test_channels_first_only_where_they_cannot_be_last() -> None:
    assert as_picture(np.zeros((3, 50, 60))).size == (60, 50)
    assert as_picture(np.zeros((3, 50, 3))).size == (50, 3)
    assert as_picture(np.zeros((3, 50, 3)), layout="chw").size == (3, 50)
    assert as_picture(np.zeros((50, 60))).size == (60, 50)
    assert as_picture(np.zeros((1, 3, 50, 60))).size == (60, 50)
    with pytest.raises(impasto.PictureError, match=r"along axis 2 .*\n.*layout"):
        as_picture(np.zeros((50, 60, 7)))
    with pytest.raises(impasto.PictureError, match="batch"):
        as_picture(np.zeros((2, 3, 50, 60)))
    with pytest.raises(impasto.PictureError, match="empty"):
        as_picture(np.zeros((0, 60, 3)))


def test_bgr_is_told_not_guessed(pixels: np.ndarray[Any, Any]) -> None:
    assert np.array_equal(impasto.load(pixels[:, :, ::-1], order="bgr"), impasto.load(pixels))


def test_floats_of_another_range_are_refused_with_advice(pixels: np.ndarray[Any, Any]) -> None:
    with pytest.raises(impasto.PictureError, match="divide by 255"):
        impasto.load(pixels.astype(float))
    with pytest.raises(ValueError, match=r"\(x \+ 1\) / 2"):
        impasto.load(pixels / 127.5 - 1)
    with pytest.raises(impasto.PictureError, match="normalisation"):
        impasto.load(pixels - 123.68)
    within = np.full((5, 5, 3), 1 + SLACK / 2)
    assert impasto.load(within).max() == 1
    with pytest.raises(impasto.PictureError):
        impasto.load(np.full((5, 5, 3), 1 + 2 * SLACK))


def test_not_a_number_is_refused_with_its_position() -> None:
    array = np.zeros((6, 7, 3))
    array[2, 5, 1] = np.nan
    with pytest.raises(impasto.PictureError, match="nan at row 2, column 5, channel 1"):
        impasto.load(array)


def test_what_is_no_picture_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="expected a path"):
        impasto.load(3.5)
    with pytest.raises(impasto.PictureError, match="int64"):
        impasto.load(np.zeros((5, 5, 3), np.int64))
    with pytest.raises(FileNotFoundError):
        impasto.load(folder / "none.png")
    with pytest.raises(impasto.PictureError, match="found"):
        impasto.load(b"no picture")
    (tmp_path / "text.png").write_text("text")
    with pytest.raises(TypeError, match="rb"), (tmp_path / "text.png").open() as file:
        impasto.load(file)


def test_anything_that_speaks_for_an_array_is_read(pixels: np.ndarray[Any, Any]) -> None:
    class Speaks:
        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
            return pixels

    class Lends:
        def __init__(self) -> None:
            self.array = pixels.copy()

        def __dlpack__(self, **how: Any) -> Any:
            return self.array.__dlpack__(**how)

        def __dlpack_device__(self) -> Any:
            return self.array.__dlpack_device__()

    class OnAnotherDevice(Lends):
        def __dlpack_device__(self) -> Any:
            return (2, 0)  # CUDA

    for source in (Speaks(), Lends()):
        assert np.array_equal(as_picture(source).to_numpy(), pixels)
    with pytest.raises(TypeError, match="processor"):
        as_picture(OnAnotherDevice())


@pytest.mark.torch
def test_tensors_are_read_with_and_without_gradient(pixels: np.ndarray[Any, Any]) -> None:
    torch = needs("torch")
    tensor = torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255
    for each in (tensor, tensor[None], tensor.clone().requires_grad_(), tensor.double(), tensor.contiguous()):
        assert np.array_equal(as_picture(each).to_numpy(), pixels)
    assert np.array_equal(as_picture(torch.from_numpy(pixels.copy())).to_numpy(), pixels)


@settings(max_examples=20, deadline=None)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(5, 9), st.just(3))))
def test_saved_pictures_are_what_pil_reads(array: np.ndarray[Any, Any]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.png", "a.tif", "a.bmp"):
            impasto.save(array, f"{folder}/{name}")
            assert np.array_equal(np.asarray(Image.open(f"{folder}/{name}").convert("RGB")), array)


def test_the_same_numbers_have_the_same_digest(pixels: np.ndarray[Any, Any]) -> None:
    one, same, other = as_picture(pixels), as_picture(pixels[:, ::-1][:, ::-1]), as_picture(pixels[::-1])
    assert one.sha256 == same.sha256 != other.sha256 and len(one.sha256) == 64


def test_importing_takes_neither_pil_nor_matplotlib() -> None:
    import subprocess

    code = "import sys, impasto; print([m for m in ('PIL', 'matplotlib', 'IPython', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
