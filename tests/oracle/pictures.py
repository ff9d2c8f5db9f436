"""Makes pictures that none of our encoders can write, for crates/impasto-image/tests/all/formats.rs.

    pip install pillow pillow-jxl-plugin brotli
    python tests/oracle/pictures.py

`gradient.jxl` is lossless, by libjxl. `inks.jpg` has four inks, by libjpeg, which stores them as Adobe does.
`progressive.jpg` is progressive, with subsampled chroma, by libjpeg. `palette.png` has 16 colours, one of them
transparent. `packed.tif` is compressed by LZW in strips of few rows, by libtiff. `boxes.jxl` is the gradient in a
container, with EXIF, XMP and, in a compressed box, two gigabytes of zeros.
"""

import struct
from pathlib import Path

import brotli
import pillow_jxl  # noqa: F401: registers the format
from PIL import Image

DATA = Path(__file__).parents[2] / "crates/impasto-image/tests/data"


def main():
    gradient = Image.new("RGBA", (9, 7))
    gradient.putdata([(28 * x, 40 * y, 255 - 28 * x, 255 - 20 * x) for y in range(7) for x in range(9)])
    gradient.save(DATA / "gradient.jxl", lossless=True)
    inks = Image.new("CMYK", (32, 16), (0, 255, 128, 51))
    inks.paste((255, 0, 0, 0), (16, 0, 32, 16))
    inks.save(DATA / "inks.jpg", quality=98, subsampling=0)
    rainbow = Image.new("RGB", (31, 23))
    rainbow.putdata([(8 * x, 11 * y, 255 - 8 * x) for y in range(23) for x in range(31)])
    rainbow.save(DATA / "progressive.jpg", quality=90, subsampling=2, progressive=True, dpi=(300, 300))
    palette = rainbow.quantize(16)
    palette.save(DATA / "palette.png", transparency=3)
    rainbow.save(DATA / "packed.tif", compression="tiff_lzw", strip_size=500)


    exif = b"\0\0\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHI4sI", 0x013B, 2, 4, b"Ann\0", 0)
    boxes = [
        (b"JXL ", b"\r\n\x87\n"),
        (b"ftyp", b"jxl \0\0\0\0jxl "),
        (b"Exif", exif),
        (b"xml ", b"<x/>"),
        (b"brob", b"xml " + zeros(2 << 30)),
        (b"jxlc", (DATA / "gradient.jxl").read_bytes()),
    ]
    (DATA / "boxes.jxl").write_bytes(b"".join(struct.pack(">I4s", 8 + len(data), kind) + data for kind, data in boxes))


def zeros(count):
    """`count` zeros, compressed by Brotli."""
    packer, part = brotli.Compressor(quality=5, lgwin=24), bytes(1 << 24)
    return b"".join(packer.process(part) for _ in range(count // len(part))) + packer.finish()


main()
