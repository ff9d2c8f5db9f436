"""Writes the corpus of small files beside this script, and expected.json, which says what is in each file.

    python -m pip install pillow pillow-heif numpy tifffile imagecodecs OpenEXR
    apt-get install libavif-bin ffmpeg
    python crates/impasto-image/tests/corpus/make.py

The files are sound, broken or hostile. No code of Impasto is used. This script writes PNG, BMP, PNM, QOI and the broken
files byte by byte, so it knows the pixels. Pillow (libjpeg-turbo, libwebp, libtiff), tifffile, imagecodecs and OpenEXR
write JPEG, WebP, GIF, TGA, TIFF, OpenEXR and JPEG XL; make_heif.py, beside this script, writes HEIC and AVIF. If the compression is lossy, the decoders of these libraries give
the expected pixels.

expected.json has, for each file, one of
    {"size": [w, h], "crc": n}               n is the CRC-32 of all pixels, as 16-bit big-endian RGBA. Invisible colours
                                             are 0.
    {"size": [w, h], "within": e, "pixels"}  The pixels are a sample: [x, y, r, g, b, a], with colours of 0 to 1. They
                                             may differ by e.
    {"error": true}                          The file must be refused: it is broken, or sound but of a kind that is not
                                             read.
    {"any": true}                            The file is hostile. It gives a picture or an error, but no panic. If a
                                             decoder is known to panic, "panic" names the decoder.
Sound files may have "note", the note on how they were read, and broken ones "says", a part of the error.
"""

import io
import json
import struct
import zlib
from pathlib import Path

import imagecodecs
import make_heif
import numpy as np
import OpenEXR
import tifffile
from PIL import Image, ImageCms, ImageOps

HERE = Path(__file__).parent
expected = {}
W, H = 23, 17


# === Pictures ===

def noisy(width=W, height=H, channels=3, bits=8, seed=1):
    """Returns gradients with noise, `bits` per sample: [h, w, c] of uint16."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = [np.sin(0.2 * x + 0.3 * y + k) * 0.3 + 0.5 for k in range(channels)]
    data = np.stack(planes, -1) + random.uniform(-0.2, 0.2, (height, width, channels))
    return np.round(data.clip(0, 1) * (2**bits - 1)).astype(np.uint16)


def smooth(width=64, height=48, channels=3):
    """Returns a picture that lossy compression hardly changes: [h, w, c] of uint8."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [np.sin(0.05 * x * (1 + k) + 0.06 * y + k) * 0.4 + 0.5 for k in range(channels)]
    return np.round(np.stack(planes, -1) * 255).astype(np.uint8)


def wide(samples, bits):
    """Returns the samples scaled to 16 bits."""
    return (samples.astype(np.uint32) * 65535 // (2**bits - 1)).astype(np.uint16)


def rgba(colour, alpha=None):
    """Returns [h, w, 4] of 16 bits from grey or RGB of 16 bits."""
    if colour.ndim == 2:
        colour = colour[..., None]
    if colour.shape[2] == 1:
        colour = colour.repeat(3, 2)
    alpha = np.full(colour.shape[:2], 65535, np.uint16) if alpha is None else alpha
    return np.dstack([colour, alpha]).astype(np.uint16)


# === What is expected ===

def put(name, data):
    path = HERE / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def exactly(name, data, pixels, **notes):
    """Writes a file that must give exactly these pixels: [h, w, 4] of 16 bits."""
    put(name, data)
    shown = pixels.copy()
    shown[shown[..., 3] == 0] = 0
    height, width = shown.shape[:2]
    expected[name] = {"size": [width, height], "crc": zlib.crc32(shown.astype(">u2").tobytes()), **notes}


def nearly(name, data, pixels, within, **notes):
    """Writes a file that must give nearly these pixels: [h, w, 3 or 4] of 0 to 1."""
    put(name, data)
    if pixels.shape[2] == 3:
        pixels = np.dstack([pixels, np.ones(pixels.shape[:2])])
    height, width = pixels.shape[:2]
    grid = [(int(x), int(y)) for y in np.linspace(0, height - 1, 4) for x in np.linspace(0, width - 1, 4)]
    some = [[x, y, *(round(float(value), 5) for value in pixels[y, x])] for x, y in grid]
    expected[name] = {"size": [width, height], "within": within, "pixels": some, **notes}


def broken(name, data, **error):
    put(name, data)
    expected[name] = {"error": True, **error}


def unread(name, data, **error):
    """Writes a sound file of a kind that Impasto does not read."""
    broken(name, data, **error)


def hostile(name, data, **known):
    put(name, data)
    expected[name] = {"any": True, **known}


def saved(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def opened(data):
    """Returns the pixels that Pillow reads: [h, w, 3 or 4] of 0 to 1."""
    image = Image.open(io.BytesIO(data))
    image = image.convert("RGBA" if "A" in image.mode or "transparency" in image.info else "RGB")
    return np.asarray(image) / 255.0


# === PNG (ISO/IEC 15948) ===

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width, height, bits, colour, interlaced=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced))


def packed_row(row, bits):
    """Returns the samples of a row as bytes."""
    if bits == 16:
        return row.astype(">u2").tobytes()
    if bits == 8:
        return row.astype(np.uint8).tobytes()
    ones = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - bits:]
    return np.packbits(ones.reshape(-1)).tobytes()


def filtered(rows, bytes_per_pixel, choose):
    """Returns the filtered rows, each after the byte of its filter. `choose` gives the filter of a row."""
    out, above = b"", bytes(len(rows[0]) if rows else 0)
    for index, row in enumerate(rows):
        kind = choose(index)
        line = bytearray()
        for at, value in enumerate(row):
            a = row[at - bytes_per_pixel] if at >= bytes_per_pixel else 0
            b = above[at]
            c = above[at - bytes_per_pixel] if at >= bytes_per_pixel else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line.append((value - [0, a, b, (a + b) // 2, paeth][kind]) & 255)
        out, above = out + bytes([kind]) + bytes(line), row
    return out


def png(samples, colour, bits, interlaced=False, choose=lambda row: row % 5, before=b"", between=b"", pieces=1, level=9):
    """Returns a PNG file of `samples`, [h, w, c]. `before` goes before the palette, `between` before the pixels."""
    height, width = samples.shape[:2]
    bytes_per_pixel = max(1, CHANNELS[colour] * bits // 8)
    stream = b""
    for x, y, dx, dy in PASSES if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::dy, x::dx]
        if part.size:
            rows = [packed_row(row.reshape(-1), bits) for row in part]
            stream += filtered(rows, bytes_per_pixel, choose)
    data = zlib.compress(stream, level)
    step = -(-len(data) // pieces)
    parts = [chunk(b"IDAT", data[at:at + step]) for at in range(0, len(data), step)]
    return (SIGNATURE + header(width, height, bits, colour, int(interlaced)) + before + between + b"".join(parts)
            + chunk(b"IEND"))


def make_png():
    palette = noisy(16, 16, 3, 8, seed=7).reshape(256, 3)
    opacity = (np.arange(256) * 37 % 256).astype(np.uint16)
    for interlaced in (False, True):
        end = "-interlaced" if interlaced else ""
        for bits in (1, 2, 4, 8, 16):
            grey = noisy(channels=1, bits=bits)
            exactly(f"png/grey{bits}{end}.png", png(grey, 0, bits, interlaced), rgba(wide(grey, bits)))
            clear = int(grey[3, 3, 0])
            alpha = np.where(grey[..., 0] == clear, 0, 65535)
            exactly(f"png/grey{bits}-clear{end}.png",
                    png(grey, 0, bits, interlaced, between=chunk(b"tRNS", struct.pack(">H", clear))),
                    rgba(wide(grey, bits), alpha))
        for bits in (1, 2, 4, 8):
            index = noisy(channels=1, bits=bits)
            colours = palette[: 2**bits]
            table = chunk(b"PLTE", colours.astype(np.uint8).tobytes())
            shown = wide(colours, 8)[index[..., 0]]
            exactly(f"png/palette{bits}{end}.png", png(index, 3, bits, interlaced, before=table), rgba(shown))
            # There are fewer opacities than colours. The other colours are opaque.
            some = opacity[: max(1, 2**bits - 1)].copy()
            table += chunk(b"tRNS", some.astype(np.uint8).tobytes())
            every = np.full(2**bits, 255, np.uint16)
            every[: len(some)] = some
            exactly(f"png/palette{bits}-alpha{end}.png", png(index, 3, bits, interlaced, before=table),
                    rgba(shown, wide(every, 8)[index[..., 0]]))
        for bits in (8, 16):
            rgb = noisy(bits=bits)
            exactly(f"png/rgb{bits}{end}.png", png(rgb, 2, bits, interlaced), rgba(wide(rgb, bits)))
            clear = [int(value) for value in rgb[2, 5]]
            alpha = np.where((rgb == rgb[2, 5]).all(-1), 0, 65535)
            exactly(f"png/rgb{bits}-clear{end}.png",
                    png(rgb, 2, bits, interlaced, between=chunk(b"tRNS", struct.pack(">HHH", *clear))),
                    rgba(wide(rgb, bits), alpha))
            two = noisy(channels=2, bits=bits)
            exactly(f"png/grey{bits}-alpha{end}.png", png(two, 4, bits, interlaced),
                    rgba(wide(two[..., :1], bits), wide(two[..., 1], bits)))
            four = noisy(channels=4, bits=bits)
            exactly(f"png/rgb{bits}-alpha{end}.png", png(four, 6, bits, interlaced),
                    rgba(wide(four[..., :3], bits), wide(four[..., 3], bits)))
        # Small pictures have passes without pixels, and rows of few pixels.
        for width, height in [(1, 1), (2, 3), (5, 1), (1, 5), (3, 2), (7, 9), (8, 8), (9, 7)]:
            rgb = noisy(width, height)
            exactly(f"png/sides-{width}x{height}{end}.png", png(rgb, 2, 8, interlaced), rgba(wide(rgb, 8)))
    rgb = noisy()
    pixels = rgba(wide(rgb, 8))
    for kind in range(5):
        exactly(f"png/filter{kind}.png", png(rgb, 2, 8, choose=lambda row: kind), pixels)
    for level in (0, 1, 6):
        exactly(f"png/level{level}.png", png(rgb, 2, 8, level=level), pixels)
    exactly("png/pieces.png", png(rgb, 2, 8, pieces=300), pixels)
    exactly("png/empty-pieces.png", png(rgb, 2, 8, between=chunk(b"IDAT") * 3), pixels)
    beside = [
        ("srgb", chunk(b"sRGB", b"\0")),
        ("print-size", chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1))),
        ("background", chunk(b"bKGD", struct.pack(">HHH", 1, 2, 3))),
        ("significant", chunk(b"sBIT", b"\5\6\5")),
        ("time", chunk(b"tIME", struct.pack(">HBBBBB", 2000, 1, 1, 12, 34, 56))),
        ("text", chunk(b"tEXt", b"Title\0a title") + chunk(b"zTXt", b"Author\0\0" + zlib.compress(b"an author"))
         + chunk(b"iTXt", b"Comment\0\1\0en\0\0" + zlib.compress("Ä".encode()))),
        ("unknown", chunk(b"abCd", b"something")),
        ("suggested", chunk(b"PLTE", palette[:10].astype(np.uint8).tobytes())),
        ("histogram", chunk(b"PLTE", palette[:4].astype(np.uint8).tobytes()) + chunk(b"hIST", struct.pack(">4H", 1, 2, 3, 4))),
    ]
    for name, chunks in beside:
        exactly(f"png/beside-{name}.png", png(rgb, 2, 8, before=chunks), pixels)

    # Pillow decides which way is up (EXIF in PNG, in both byte orders).
    whole = png(rgb, 2, 8)
    for turn in range(0, 10):
        for order in (">", "<"):
            block = struct.pack(f"{order}2sHIHHHIHHI", b"MM" if order == ">" else b"II", 42, 8, 1, 0x112, 3, 1, turn, 0, 0)
            data = whole[:33] + chunk(b"eXIf", block) + whole[33:]
            upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))).astype(np.uint16)
            exactly(f"png/turn{turn}-{'big' if order == '>' else 'little'}.png", data, rgba(wide(upright, 8)))

    # The following files are broken or hostile.
    head, rest = whole[:33], whole[33:]
    bad = lambda *fields: SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", *fields)) + rest
    broken("broken/png-signature-first.png", b"\x09" + whole[1:])
    broken("broken/png-signature-letter.png", whole[:1] + b"p" + whole[2:])
    broken("broken/png-line-ends-dos.png", whole.replace(b"\r\n", b"\n", 1))
    broken("broken/png-line-ends-old.png", whole.replace(b"\r\n", b"\r", 1))
    broken("broken/png-no-header.png", SIGNATURE + rest)
    broken("broken/png-header-sum.png", head[:-1] + bytes([head[-1] ^ 1]) + rest)
    broken("broken/png-no-width.png", bad(0, H, 8, 2, 0, 0, 0))
    broken("broken/png-no-height.png", bad(W, 0, 8, 2, 0, 0, 0))
    broken("broken/png-side-beyond.png", bad(2**31, H, 8, 2, 0, 0, 0))
    for bits, colour in [(0, 2), (3, 0), (4, 2), (16, 3), (99, 2), (8, 1), (8, 5), (8, 9)]:
        broken(f"broken/png-{bits}-bits-of-kind-{colour}.png", bad(W, H, bits, colour, 0, 0, 0))
    broken("broken/png-packing.png", bad(W, H, 8, 2, 1, 0, 0))
    broken("broken/png-filtering.png", bad(W, H, 8, 2, 0, 1, 0))
    broken("broken/png-interlacing.png", bad(W, H, 8, 2, 0, 0, 2))
    broken("broken/png-no-pixels.png", head + chunk(b"IEND"))
    broken("broken/png-half.png", whole[: len(whole) // 2])
    at = rest.index(b"IDAT") - 4 + 33
    length = struct.unpack(">I", whole[at:at + 4])[0]
    broken("broken/png-pixels-sum.png", whole[: at + 8 + length] + bytes([whole[at + 8 + length] ^ 1]) + whole[at + 9 + length:])
    broken("broken/png-pixels-garbage.png", head + chunk(b"IDAT", bytes(range(200))) + chunk(b"IEND"))
    broken("broken/png-fewer-rows.png", bad(W, H + 9, 8, 2, 0, 0, 0))
    broken("broken/png-filter-5.png", head + chunk(b"IDAT", zlib.compress(b"\5" * (H * (3 * W + 1)))) + chunk(b"IEND"))
    broken("broken/png-no-palette.png", png(noisy(channels=1), 3, 8))
    broken("broken/png-twice-the-header.png", head + head[8:] + rest)
    broken("broken/png-length-beyond.png", head + struct.pack(">I", 2**31) + b"IDAT" + bytes(50))
    hostile("hostile/png-index-beyond.png", png(noisy(channels=1), 3, 8, before=chunk(b"PLTE", bytes(9))))
    hostile("hostile/png-palette-of-one-and-a-half.png", png(noisy(channels=1), 3, 8, before=chunk(b"PLTE", bytes(5))), panic="png 0.18.1")
    hostile("hostile/png-no-end.png", whole[:-12])
    hostile("hostile/png-more-rows.png", bad(W, 3, 8, 2, 0, 0, 0))
    hostile("hostile/png-clear-of-wrong-kind.png", png(rgb, 2, 8, between=chunk(b"tRNS", b"\0")))
    hostile("hostile/png-bomb.png", SIGNATURE + header(9999, 9999, 16, 6) + chunk(b"IDAT", zlib.compress(bytes(1 << 24), 9)) + chunk(b"IEND"))


# === JPEG, by libjpeg-turbo ===

# Tolerance: decoders differ in the rounding of the cosine transform and in the interpolation of subsampled colours.
JPEG = 6 / 255


def make_jpeg():
    picture = Image.fromarray(smooth())
    grey = Image.fromarray(smooth(channels=1)[..., 0])
    kinds = {
        "baseline-444": (picture, {"quality": 90, "subsampling": 0}),
        "baseline-422": (picture, {"quality": 90, "subsampling": 1}),
        "baseline-420": (picture, {"quality": 90, "subsampling": 2}),
        "progressive-444": (picture, {"quality": 90, "subsampling": 0, "progressive": True}),
        "progressive-420": (picture, {"quality": 90, "subsampling": 2, "progressive": True}),
        "optimised": (picture, {"quality": 90, "optimize": True}),
        "rough": (picture, {"quality": 30}),
        "finest": (picture, {"quality": 100, "subsampling": 0}),
        "restarts": (picture, {"quality": 90, "restart_marker_blocks": 3}),
        "restarts-progressive": (picture, {"quality": 90, "restart_marker_rows": 1, "progressive": True}),
        "not-ycc": (picture, {"quality": 90, "keep_rgb": True}),
        "grey": (grey, {"quality": 90}),
        "grey-progressive": (grey, {"quality": 90, "progressive": True}),
        "print-size": (picture, {"quality": 90, "dpi": (300, 300)}),
        "comment": (picture, {"quality": 90, "comment": b"a comment"}),
    }
    for name, (image, options) in kinds.items():
        data = saved(image, "JPEG", **options)
        nearly(f"jpeg/{name}.jpg", data, opened(data), JPEG)
    for side in (1, 7, 8, 9, 17):
        data = saved(Image.fromarray(smooth(side, side)), "JPEG", quality=95)
        nearly(f"jpeg/side-{side}.jpg", data, opened(data), JPEG)
    # Inks are inverted, as in Adobe's files. There is no profile, so the simplest conversion is expected.
    inks = smooth(channels=4)
    inks[..., 3] //= 2
    light = 1 - inks / 255.0
    data = saved(Image.fromarray(inks, "CMYK"), "JPEG", quality=95)
    nearly("jpeg/inks.jpg", data, light[..., :3] * light[..., 3:], 2 * JPEG)
    data = saved(Image.fromarray(inks, "CMYK"), "JPEG", quality=95, progressive=True)
    nearly("jpeg/inks-progressive.jpg", data, light[..., :3] * light[..., 3:], 2 * JPEG)
    data = saved(picture, "JPEG", quality=90)
    nearly("jpeg/more-behind-the-end.jpg", data + b"and more", opened(data), JPEG)
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[0x112] = turn
        data = saved(picture, "JPEG", quality=90, exif=exif)
        upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))) / 255.0
        nearly(f"jpeg/turn{turn}.jpg", data, upright, JPEG)

    whole = saved(picture, "JPEG", quality=90)
    frame = whole.index(b"\xff\xc0")
    scan = whole.index(b"\xff\xda")
    tables = whole.index(b"\xff\xc4")
    quantisers = whole.index(b"\xff\xdb")
    with_ = lambda at, new: whole[:at] + new + whole[at + len(new):]
    broken("broken/jpeg-start-only.jpg", whole[:2])
    broken("broken/jpeg-start-and-end.jpg", whole[:2] + whole[-2:])
    broken("broken/jpeg-headers-only.jpg", whole[:scan])
    broken("broken/jpeg-half.jpg", whole[: len(whole) // 2])
    broken("broken/jpeg-no-width.jpg", with_(frame + 7, b"\0\0"))
    broken("broken/jpeg-no-frame.jpg", whole[:frame] + whole[frame + 2 + struct.unpack(">H", whole[frame + 2:frame + 4])[0]:])
    broken("broken/jpeg-arithmetic.jpg", with_(frame, b"\xff\xc9"))
    broken("broken/jpeg-12-bits.jpg", with_(frame + 4, b"\x0c"))
    broken("broken/jpeg-five-parts.jpg", with_(frame + 9, b"\5"))
    hostile("hostile/jpeg-no-height.jpg", with_(frame + 5, b"\0\0"))
    hostile("hostile/jpeg-huge.jpg", with_(frame + 5, b"\xff\xff\xff\xff"))
    hostile("hostile/jpeg-taller.jpg", with_(frame + 5, b"\x0f\xff"))
    hostile("hostile/jpeg-sampling-0.jpg", with_(frame + 11, b"\0"))
    hostile("hostile/jpeg-sampling-15.jpg", with_(frame + 11, b"\xff"))
    hostile("hostile/jpeg-quantiser-3.jpg", with_(frame + 12, b"\3"))
    hostile("hostile/jpeg-table-9.jpg", with_(scan + 6, b"\x99"))
    hostile("hostile/jpeg-codes-beyond.jpg", with_(tables + 5, b"\xff" * 16))
    hostile("hostile/jpeg-quantisers-0.jpg", with_(quantisers + 5, bytes(64)))
    hostile("hostile/jpeg-length-0.jpg", with_(tables + 2, b"\0\0"))
    hostile("hostile/jpeg-length-beyond.jpg", with_(tables + 2, b"\xff\xff"))
    hostile("hostile/jpeg-two-frames.jpg", whole[:frame] + whole[frame:scan] + whole[frame:])
    hostile("hostile/jpeg-scans-without-end.jpg", whole[:-2] + whole[scan:-2] * 12 + whole[-2:])
    hostile("hostile/jpeg-spectrum.jpg", with_(scan + 11, b"\x3f\0\xff"))


# === TIFF, by tifffile (numbers, layouts) and libtiff (compressions) ===

def tiff(data, **options):
    out = io.BytesIO()
    tifffile.imwrite(out, data, metadata=None, **options)
    return out.getvalue()


def make_tiff():
    rgb8, rgb16 = noisy().astype(np.uint8), noisy(bits=16)
    shown8, shown16 = rgba(wide(rgb8, 8)), rgba(rgb16)
    for order, end in (("<", "little"), (">", "big")):
        exactly(f"tiff/rgb8-{end}.tif", tiff(rgb8, byteorder=order, photometric="rgb"), shown8)
        exactly(f"tiff/rgb16-{end}.tif", tiff(rgb16, byteorder=order, photometric="rgb"), shown16)
        exactly(f"tiff/grey16-{end}.tif", tiff(rgb16[..., 0], byteorder=order, photometric="minisblack"), rgba(rgb16[..., 0]))
        light = (rgb16 / 65535).astype(np.float32)
        nearly(f"tiff/float-{end}.tif", tiff(light, byteorder=order, photometric="rgb"), light.astype(float), 1e-4)
    grey = rgb8[..., 0]
    exactly("tiff/grey8.tif", tiff(grey, photometric="minisblack"), rgba(wide(grey, 8)))
    exactly("tiff/grey8-white-is-0.tif", tiff(255 - grey, photometric="miniswhite"), rgba(wide(grey, 8)))
    for name, options in {
        "deflate": {"compression": "zlib"}, "deflate-old": {"compression": 32946}, "lzw": {"compression": "lzw"},
        "packbits": {"compression": "packbits"}, "deflate-differences": {"compression": "zlib", "predictor": True},
        "lzw-differences": {"compression": "lzw", "predictor": True}, "strips": {"rowsperstrip": 4},
        "strips-lzw": {"rowsperstrip": 5, "compression": "lzw"}, "tiles": {"tile": (16, 16)},
        "tiles-deflate": {"tile": (32, 16), "compression": "zlib", "predictor": True}, 
        "print-size": {"resolution": (300, 300), "resolutionunit": "INCH"}, "software": {"software": "a test", "description": "some text"},
    }.items():
        exactly(f"tiff/rgb8-{name}.tif", tiff(rgb8, photometric="rgb", **options), shown8)
        if "compression" in options and name != "deflate-old":
            exactly(f"tiff/rgb16-{name}.tif", tiff(rgb16, photometric="rgb", **options), shown16)
    planes = np.ascontiguousarray(rgb8.transpose(2, 0, 1))
    exactly("tiff/planes.tif", tiff(planes, photometric="rgb", planarconfig="separate"), shown8)
    exactly("tiff/planes-lzw.tif", tiff(planes, photometric="rgb", planarconfig="separate", compression="lzw"), shown8)
    four = noisy(channels=4).astype(np.uint8)
    exactly("tiff/alpha.tif", tiff(four, photometric="rgb", extrasamples=["unassalpha"]),
            rgba(wide(four[..., :3], 8), wide(four[..., 3], 8)))
    wide4 = noisy(channels=4, bits=16)
    exactly("tiff/alpha16.tif", tiff(wide4, photometric="rgb", extrasamples=["unassalpha"]), rgba(wide4[..., :3], wide4[..., 3]))
    exactly("tiff/pages.tif", tiff(np.stack([rgb8, 255 - rgb8]), photometric="rgb"), shown8)
    two = Image.fromarray((grey > 127).astype(np.uint8) * 255).convert("1")
    lines = rgba(wide((grey > 127).astype(np.uint16), 1))
    exactly("tiff/two-levels.tif", saved(two, "TIFF"), lines)
    exactly("tiff/two-levels-packbits.tif", saved(two, "TIFF", compression="packbits"), lines)
    exactly("tiff/two-levels-fax4.tif", saved(two, "TIFF", compression="group4"), lines)
    picture = Image.fromarray(smooth())
    data = saved(picture, "TIFF", compression="jpeg", quality=90)
    nearly("tiff/jpeg.tif", data, opened(data), JPEG)
    for turn in range(1, 9):
        data = tiff(rgb8, photometric="rgb", extratags=[(274, 3, 1, turn, True)])
        upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))).astype(np.uint16)
        exactly(f"tiff/turn{turn}.tif", data, rgba(wide(upright, 8)))
    palette = Image.fromarray(rgb8).quantize(16)
    colours = np.asarray(palette.convert("RGB")).astype(np.uint16)
    exactly("gif/from-palette.gif", saved(palette, "GIF"), rgba(wide(colours, 8)))

    # The following files are broken or hostile, and made byte by byte.
    def entry(tag, kind, count, value):
        return struct.pack("<HHII", tag, kind, count, value)

    def by_hand(entries, next_=0, more=b""):
        return b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + struct.pack("<I", next_) + more

    def usual(width=5, height=5, bits=8, packing=1, kind=1, offset=8, parts=1, rows=5, size=25):
        return [entry(256, 4, 1, width), entry(257, 4, 1, height), entry(258, 3, 1, bits), entry(259, 3, 1, packing),
                entry(262, 3, 1, kind), entry(273, 4, 1, offset), entry(277, 3, 1, parts), entry(278, 4, 1, rows), entry(279, 4, 1, size)]

    broken("broken/tiff-head-only.tif", b"II*\0\x08\0\0\0")
    broken("broken/tiff-no-entries.tif", by_hand([]))
    broken("broken/tiff-directory-beyond.tif", b"II*\0\xff\xff\xff\x7f")
    broken("broken/tiff-no-width.tif", by_hand(usual(width=0)))
    broken("broken/tiff-pixels-beyond.tif", by_hand(usual(offset=2**31)))
    broken("broken/tiff-packing-unknown.tif", by_hand(usual(packing=54321)))
    broken("broken/tiff-kind-unknown.tif", by_hand(usual(kind=777)))
    broken("broken/tiff-half.tif", tiff(rgb8, photometric="rgb")[:600])
    hostile("hostile/tiff-huge.tif", by_hand(usual(width=2**31, height=2**31)))
    hostile("hostile/tiff-wide.tif", by_hand(usual(width=29999, height=3000, size=2**31)))
    hostile("hostile/tiff-rows-0.tif", by_hand(usual(rows=0)))
    hostile("hostile/tiff-rows-beyond.tif", by_hand(usual(rows=2**32 - 1)))
    hostile("hostile/tiff-parts-60000.tif", by_hand(usual(parts=60000)))
    hostile("hostile/tiff-parts-0.tif", by_hand(usual(parts=0)))
    hostile("hostile/tiff-bits-255.tif", by_hand(usual(bits=255)))
    hostile("hostile/tiff-bits-0.tif", by_hand(usual(bits=0)))
    hostile("hostile/tiff-own-successor.tif", by_hand(usual(), next_=8))
    hostile("hostile/tiff-strips-without-end.tif", by_hand([e if e[:2] != struct.pack("<H", 273) else entry(273, 4, 2**30, 8) for e in usual()]))
    hostile("hostile/tiff-tiles-0.tif", by_hand(usual() + [entry(322, 4, 1, 0), entry(323, 4, 1, 0), entry(324, 4, 1, 8), entry(325, 4, 1, 25)]))
    hostile("hostile/tiff-tiles-huge.tif", by_hand(usual() + [entry(322, 4, 1, 2**30), entry(323, 4, 1, 2**30), entry(324, 4, 1, 8), entry(325, 4, 1, 25)]))
    hostile("hostile/tiff-lzw-garbage.tif", by_hand(usual(packing=5)))
    hostile("hostile/tiff-deflate-garbage.tif", by_hand(usual(packing=8)))
    hostile("hostile/tiff-packbits-garbage.tif", by_hand(usual(packing=32773)))
    hostile("hostile/tiff-fax-garbage.tif", by_hand(usual(packing=4, bits=1)))
    hostile("hostile/tiff-jpeg-garbage.tif", by_hand(usual(packing=7, kind=6, parts=3)))
    hostile("hostile/tiff-text-as-width.tif", by_hand([entry(256, 2, 2**31, 4)] + usual()[1:]))


def make_tiff_kinds():
    """TIFF files of kinds that are rarer: palettes, YCbCr, L*a*b*, inks, opacity, other numbers of bits, BigTIFF."""
    rgb8, rgb16 = noisy().astype(np.uint8), noisy(bits=16)
    shown8, grey8, grey16 = rgba(wide(rgb8, 8)), rgb8[..., 0], rgb16[..., 0]
    exactly("tiff/big.tif", tiff(rgb8, photometric="rgb", bigtiff=True), shown8)
    exactly("tiff/big-big.tif", tiff(rgb16, photometric="rgb", bigtiff=True, byteorder=">"), rgba(rgb16))
    palette = Image.fromarray(rgb8).quantize(16)
    exactly("tiff/palette.tif", saved(palette, "TIFF"), rgba(wide(np.asarray(palette.convert("RGB")).astype(np.uint16), 8)))
    table = noisy(256, 1, bits=16)[0]
    exactly("tiff/palette-wide.tif", tiff(grey8, photometric="palette", colormap=table.T.copy()), rgba(table[grey8]))
    for bits in (1, 2, 4):
        codes = (grey8 >> (8 - bits)).astype(np.uint8)
        rows = np.array([np.packbits(np.unpackbits(row[:, None], axis=1)[:, -bits:].ravel()) for row in codes])
        few = table[:: 256 >> bits][:2**bits]
        data = tiff_by_hand(W, H, rows.tobytes(), t258=[bits], t262=[3], t320=few.T.ravel().tolist())
        exactly(f"tiff/palette{bits}.tif", data, rgba(few[codes]))
    for bits in (2, 4):
        few = (grey8 >> (8 - bits)).astype(np.uint8)
        exactly(f"tiff/grey{bits}.tif", tiff(few, photometric="minisblack", bitspersample=bits), rgba(wide(few, bits)))
    for bits in (10, 12, 14):
        some = (grey16 >> (16 - bits)).astype(np.uint16)
        data = tiff(some, photometric="minisblack", bitspersample=bits)
        nearly(f"tiff/grey{bits}.tif", data, rgba(some)[..., :3] / (2**bits - 1), 1e-5)
    two = noisy(channels=2).astype(np.uint8)
    exactly("tiff/grey-alpha.tif", tiff(two, photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"]),
            rgba(wide(two[..., 0], 8), wide(two[..., 1], 8)))
    two16 = noisy(channels=2, bits=16)
    planes = np.ascontiguousarray(two16.transpose(2, 0, 1))
    exactly("tiff/grey-alpha16-planes.tif",
            tiff(planes, photometric="minisblack", planarconfig="separate", extrasamples=["unassalpha"]),
            rgba(two16[..., 0], two16[..., 1]))
    inks = noisy(channels=4).astype(np.uint8)
    light = (1 - inks[..., :3] / 255) * (1 - inks[..., 3:] / 255)
    nearly("tiff/inks-planes.tif", tiff(np.ascontiguousarray(inks.transpose(2, 0, 1)), photometric="separated",
                                        planarconfig="separate"), light, 1e-4)
    five = noisy(channels=5).astype(np.uint8)
    light = (1 - five[..., :3] / 255) * (1 - five[..., 3:4] / 255)
    nearly("tiff/inks-alpha.tif", tiff(five, photometric="separated", planarconfig="contig", extrasamples=["unassalpha"]),
           np.dstack([light, five[..., 4] / 255]), 1e-4)
    large = noisy(96, 64).astype(np.uint8)
    exactly("tiff/tiles-beyond.tif", tiff(large, photometric="rgb", tile=(48, 48)), rgba(wide(large, 8)))
    exactly("tiff/tiles-beyond-planes.tif", tiff(np.ascontiguousarray(large.transpose(2, 0, 1)), photometric="rgb",
                                                 planarconfig="separate", tile=(48, 48), compression="zlib"), rgba(wide(large, 8)))
    whole = rgb16.astype(np.uint32) * 65537
    exactly("tiff/rgb32.tif", tiff(whole, photometric="rgb"), rgba(rgb16))
    exactly("tiff/rgb32-differences.tif", tiff(whole, photometric="rgb", compression="zlib", predictor=True), rgba(rgb16))
    for name, kind, within in (("half", np.float16, 1e-3), ("double", np.float64, 1e-4)):
        numbers = (rgb16 / 65535).astype(kind)
        for end, order in (("little", "<"), ("big", ">")):
            nearly(f"tiff/{name}-{end}.tif", tiff(numbers, photometric="rgb", byteorder=order), numbers.astype(float), within)
            data = tiff(numbers, photometric="rgb", byteorder=order, compression="zlib", predictor=True)
            nearly(f"tiff/{name}-{end}-differences.tif", data, numbers.astype(float), within)
    numbers = (rgb16 / 65535).astype(np.float32)
    data = tiff(numbers, photometric="rgb", compression="lzw", predictor=True)
    nearly("tiff/float-differences.tif", data, numbers.astype(float), 1e-4)
    for name in ("zstd", "webp"):
        args = {"lossless": True} if name == "webp" else {}
        data = tiff(rgb8, photometric="rgb", compression=name, compressionargs=args)
        exactly(f"tiff/rgb8-{name}.tif", data, shown8)
    exactly("tiff/rgb16-zstd-differences.tif", tiff(rgb16, photometric="rgb", compression="zstd", predictor=True), rgba(rgb16))
    # A thumbnail comes first, and then a smaller page of full resolution.
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(large[::4, ::4].copy(), photometric="rgb", subfiletype=1, metadata=None)
        writer.write(large[:20, :20].copy(), photometric="rgb", metadata=None)
        writer.write(large, photometric="rgb", metadata=None)
    exactly("tiff/pages-after-thumbnail.tif", out.getvalue(), rgba(wide(large, 8)),
            note="holds several pages; the largest is taken (3 of 3)")
    bilevel = Image.fromarray((grey8 > 127).astype(np.uint8) * 255).convert("1")
    lines = rgba(wide((grey8 > 127).astype(np.uint16), 1))
    exactly("tiff/two-levels-fax3.tif", saved(bilevel, "TIFF", compression="group3"), lines)
    # Bits in reverse order: those of each byte in the file, packed or not.
    bits = np.packbits(grey8 > 127, axis=1).tobytes()
    for name, packing, packed in (("", 1, bits), ("-lzw", 5, imagecodecs.lzw_encode(bits))):
        reverse = bytes(int(f"{byte:08b}"[::-1], 2) for byte in packed)
        data = tiff_by_hand(W, H, reverse, t258=[1], t259=[packing], t262=[1], t266=[2])
        exactly(f"tiff/two-levels-reversed{name}.tif", data, lines)
    # L*a*b* of CIE with D50: known values of sRGB's primaries, black, white and a grey (Lindbloom's calculator).
    known = np.array([[54.29, 80.81, 69.89], [87.82, -79.29, 80.99], [29.57, 68.30, -112.03],
                      [0, 0, 0], [100, 0, 0], [53.585, 0, 0]])
    colours = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5]], float)[None].repeat(2, 0)
    for bits in (8, 16):
        lab = np.array(known)[None].repeat(2, 0)
        kind = np.uint8 if bits == 8 else np.uint16
        lightness = np.round(lab[..., 0] / 100 * (2**bits - 1))
        signed = np.round(lab[..., 1:] * 2**(bits - 8)).clip(-2**(bits - 1), 2**(bits - 1) - 1)
        cie = np.dstack([lightness, signed % 2**bits]).astype(kind)
        # A step of a* in 8 bits is most where a colour is dark: the red of pure green.
        within = 0.04 if bits == 8 else 0.01
        nearly(f"tiff/cielab{bits}.tif", tiff(cie, photometric="cielab"), colours, within)
        lightness = np.round(lab[..., 0] / 100 * (255 if bits == 8 else 65280))
        icc = np.dstack([lightness, signed + 2**(bits - 1)]).astype(kind)
        nearly(f"tiff/icclab{bits}.tif", tiff(icc, photometric="icclab"), colours, within)
    # YCbCr without JPEG, in blocks of 2x2, 4x1 and single pixels (TIFF 6.0, section 21), by hand.
    picture = np.asarray(Image.fromarray(smooth(24, 16)).convert("YCbCr"))
    for across, down in ((1, 1), (2, 2), (4, 1)):
        blocks, stored = b"", picture.copy()
        for y in range(0, 16, down):
            for x in range(0, 24, across):
                block = picture[y:y + down, x:x + across]
                colour = np.round(block[..., 1:].mean((0, 1))).astype(np.uint8)
                blocks += block[..., 0].tobytes() + bytes(colour)
                stored[y:y + down, x:x + across, 1:] = colour
        data = tiff_by_hand(24, 16, blocks, t258=[8, 8, 8], t262=[6], t277=[3], t530=[across, down])
        shown = np.asarray(Image.fromarray(stored, "YCbCr").convert("RGB"))
        nearly(f"tiff/ycbcr{across}{down}.tif", data, shown / 255, 0.008)
    # Pillow leaves out how many pixels share their colours, and means one.
    whole = Image.fromarray(smooth(24, 16)).convert("YCbCr")
    data = saved(whole, "TIFF")
    nearly("tiff/ycbcr-without-blocks.tif", data, np.asarray(whole.convert("RGB")) / 255, 0.008)
    # Camera raw files by their directories; kinds that no reader here knows.
    unread("unread/raw-by-version.tif", tiff(rgb8, photometric="rgb", extratags=[(50706, 1, 4, (1, 4, 0, 0), True)]))
    unread("unread/raw-mosaic.tif", tiff(grey16, photometric=32803))
    unread("unread/signed.tif", tiff(rgb16.astype(np.int16), photometric="rgb"))
    unread("unread/lzma.tif", tiff(rgb8, photometric="rgb", compression="lzma"))


def tiff_by_hand(width, height, data, **tags):
    """Returns a TIFF file of one strip without compression. Tags are short numbers: `t530=[2, 2]`."""
    known = {256: [width], 257: [height], 259: [1], 273: [0], 277: [1], 278: [height], 279: [len(data)]}
    known.update({int(name[1:]): values for name, values in tags.items()})
    after = 8 + 2 + 12 * len(known) + 4
    entries, more = b"", b""
    for tag, values in sorted(known.items()):
        packed = struct.pack(f"<{len(values)}H", *values)
        if len(packed) > 4:
            packed, more = struct.pack("<I", after + len(more)), more + packed
        entries += struct.pack("<HHI", tag, 3, len(values)) + packed.ljust(4, b"\0")
    at = after + len(more)
    entries = entries.replace(struct.pack("<HHIH", 273, 3, 1, 0), struct.pack("<HHIH", 273, 3, 1, at))
    return b"II*\0" + struct.pack("<IH", 8, len(known)) + entries + bytes(4) + more + data


# === WebP, by libwebp; GIF and TGA, by Pillow ===

def make_others():
    rgb8 = noisy().astype(np.uint8)
    four = noisy(channels=4).astype(np.uint8)
    shown, clear = rgba(wide(rgb8, 8)), rgba(wide(four[..., :3], 8), wide(four[..., 3], 8))
    picture, with_alpha, flat = Image.fromarray(rgb8), Image.fromarray(four, "RGBA"), Image.fromarray(smooth())
    exactly("webp/lossless.webp", saved(picture, "WEBP", lossless=True), shown)
    exactly("webp/lossless-alpha.webp", saved(with_alpha, "WEBP", lossless=True, exact=True), clear)
    for name, method in (("fast", 0), ("slow", 6)):
        data = saved(flat, "WEBP", quality=90, method=method)
        nearly(f"webp/lossy-{name}.webp", data, opened(data), JPEG)
    soft = np.dstack([smooth(), smooth(channels=5)[..., 4]])
    data = saved(Image.fromarray(soft, "RGBA"), "WEBP", quality=90)
    nearly("webp/lossy-alpha.webp", data, opened(data), JPEG)
    data = saved(picture, "WEBP", lossless=True, save_all=True, append_images=[Image.fromarray(255 - rgb8)], duration=100)
    exactly("webp/animated.webp", data, shown)
    whole = saved(flat, "WEBP", quality=90)
    broken("broken/webp-half.webp", whole[: len(whole) // 2])
    broken("broken/webp-head-only.webp", whole[:20])
    broken("broken/webp-no-pixels.webp", b"RIFF" + struct.pack("<I", 4) + b"WEBP")
    hostile("hostile/webp-length-beyond.webp", whole[:4] + b"\xff\xff\xff\xff" + whole[8:])
    hostile("hostile/webp-part-beyond.webp", whole[:16] + b"\xff\xff\xff\x7f" + whole[20:])
    extended = lambda w, h: b"VP8X" + struct.pack("<I", 10) + b"\x10\0\0\0" + struct.pack("<I", w - 1)[:3] + struct.pack("<I", h - 1)[:3]
    hostile("hostile/webp-huge.webp", b"RIFF" + struct.pack("<I", len(whole) + 10) + b"WEBP" + extended(1 << 24, 1 << 24) + whole[12:])
    hostile("hostile/webp-lossless-garbage.webp", b"RIFF\x1c\0\0\0WEBPVP8L\x10\0\0\0\x2f" + b"\xff" * 15)

    few = picture.quantize(32)
    colours = np.asarray(few.convert("RGB")).astype(np.uint16)
    exactly("gif/interlaced.gif", saved(few, "GIF", interlace=1), rgba(wide(colours, 8)))
    exactly("gif/plain.gif", saved(few, "GIF", interlace=0), rgba(wide(colours, 8)))
    index = np.asarray(few)
    exactly("gif/clear.gif", saved(few, "GIF", transparency=int(index[4, 4])),
            rgba(wide(colours, 8), np.where(index == index[4, 4], 0, 65535)))
    exactly("gif/animated.gif", saved(few, "GIF", save_all=True, append_images=[Image.fromarray(255 - rgb8).quantize(32)]),
            rgba(wide(colours, 8)))
    exactly("gif/grey.gif", saved(picture.convert("L"), "GIF"), rgba(wide(np.asarray(picture.convert("L")), 8)))
    whole = saved(few, "GIF", interlace=0)
    broken("broken/gif-head-only.gif", whole[:13])
    broken("broken/gif-half.gif", whole[: len(whole) // 2])
    broken("broken/gif-no-picture.gif", whole[:13] + whole[13:13 + 96] + b";")
    broken("broken/gif-of-the-future.gif", b"GIF99a" + whole[6:])
    place = whole.index(b",")
    hostile("hostile/gif-huge.gif", whole[:6] + b"\xff\xff\xff\xff" + whole[10:place + 5] + b"\xff\xff\xff\xff" + whole[place + 9:])
    hostile("hostile/gif-outside.gif", whole[:place + 1] + b"\xf0\xff\xf0\xff" + whole[place + 5:])
    hostile("hostile/gif-code-size-200.gif", whole[:place + 10] + b"\xc8" + whole[place + 11:])
    hostile("hostile/gif-no-end.gif", whole[:-1])

    exactly("tga/rgb.tga", saved(picture, "TGA"), shown)
    exactly("tga/rgb-runs.tga", saved(Image.fromarray(rgb8 // 64 * 64), "TGA", compression="tga_rle"), rgba(wide(rgb8 // 64 * 64, 8)))
    exactly("tga/alpha.tga", saved(with_alpha, "TGA"), clear)
    exactly("tga/grey.tga", saved(picture.convert("L"), "TGA"), rgba(wide(np.asarray(picture.convert("L")), 8)))
    exactly("tga/palette.tga", saved(few, "TGA"), rgba(wide(colours, 8)))
    exactly("tga/top-down.tga", saved(picture, "TGA", orientation=1), shown)
    whole = saved(picture, "TGA")
    broken("broken/tga-half.tga", whole[:600] + b"\0\0\0\0\0\0\0\0TRUEVISION-XFILE.\0")
    hostile("hostile/tga-huge.tga", whole[:12] + b"\xff\xff\xff\xff" + whole[16:])
    hostile("hostile/tga-bits-7.tga", whole[:16] + b"\7" + whole[17:])
    hostile("hostile/tga-kind-77.tga", whole[:2] + b"M" + whole[3:])


# === BMP, PNM and QOI, by hand ===

def bmp(width, height, bits, rows, packing=0, table=b"", masks=b"", used=0):
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, packing, len(rows), 2835, 2835, used, 0) + masks + table
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(rows), 0, 0, 14 + len(head)) + head + rows


def make_by_hand():
    rgb = noisy()
    rgb8 = rgb.astype(np.uint8)
    shown = rgba(wide(rgb, 8))
    pad = lambda row, to=4: row + bytes(-len(row) % to)
    rows24 = [pad(row[:, ::-1].tobytes()) for row in rgb8]
    exactly("bmp/rgb.bmp", bmp(W, H, 24, b"".join(rows24[::-1])), shown)
    exactly("bmp/top-down.bmp", bmp(W, -H, 24, b"".join(rows24)), shown)
    rows32 = [np.dstack([rgb8[..., ::-1], np.zeros((H, W), np.uint8)])[y].tobytes() for y in range(H)]
    exactly("bmp/rgb32.bmp", bmp(W, H, 32, b"".join(rows32[::-1])), shown)
    palette = noisy(16, 16, 3, 8, seed=7).reshape(256, 3)
    for bits in (1, 4, 8):
        index = noisy(channels=1, bits=bits)
        colours = palette[: 2**bits]
        table = b"".join(bytes([int(b), int(g), int(r), 0]) for r, g, b in colours)
        rows = [pad(packed_row(row.reshape(-1), bits)) for row in index]
        exactly(f"bmp/palette{bits}.bmp", bmp(W, H, bits, b"".join(rows[::-1]), table=table, used=2**bits), rgba(wide(colours, 8)[index[..., 0]]))
    index = noisy(channels=1, bits=2)[..., 0]
    runs = b""
    for row in index[::-1]:
        at = 0
        while at < W:
            end = at + 1
            while end < W and row[end] == row[at]:
                end += 1
            runs, at = runs + bytes([end - at, int(row[at])]), end
        runs += b"\0\0"
    table = b"".join(bytes([int(b), int(g), int(r), 0]) for r, g, b in palette[:4])
    exactly("bmp/runs.bmp", bmp(W, H, 8, runs + b"\0\1", packing=1, table=table, used=4), rgba(wide(palette[:4], 8)[index]))
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    five = noisy(bits=5)
    six = noisy(bits=6, seed=2)
    rows = [pad((five[y, :, 0] << 11 | six[y, :, 1] << 5 | five[y, :, 2]).astype("<u2").tobytes()) for y in range(H)]
    parts = np.stack([five[..., 0] / 31, six[..., 1] / 63, five[..., 2] / 31], -1)
    nearly("bmp/masks565.bmp", bmp(W, H, 16, b"".join(rows[::-1]), packing=3, masks=masks), parts, 0.51 / 255)
    whole = bmp(W, H, 24, b"".join(rows24[::-1]))
    broken("broken/bmp-half.bmp", whole[: len(whole) // 2])
    broken("broken/bmp-head-only.bmp", whole[:54])
    broken("broken/bmp-no-width.bmp", bmp(0, H, 24, b""))
    broken("broken/bmp-bits-7.bmp", bmp(W, H, 7, b"".join(rows24)))
    hostile("hostile/bmp-huge.bmp", bmp(2**31 - 1, -2**31, 24, b""))
    hostile("hostile/bmp-packing-9.bmp", bmp(W, H, 24, b"".join(rows24), packing=9))
    hostile("hostile/bmp-runs-beyond.bmp", bmp(W, H, 8, b"\xff\1" * 99 + b"\0\2\xff\xff" * 9, packing=1, table=table, used=4))
    hostile("hostile/bmp-index-beyond.bmp", bmp(W, H, 8, b"\xfe" * 32 * H, table=table, used=4))
    hostile("hostile/bmp-pixels-beyond.bmp", whole[:10] + b"\xff\xff\xff\x7f" + whole[14:])

    grey, line = noisy(channels=1)[..., 0], noisy(channels=1, bits=1)[..., 0]
    text = lambda samples: "\n".join(" ".join(map(str, row.reshape(-1))) for row in samples).encode() + b"\n"
    size = f"{W} {H}\n".encode()
    exactly("pnm/p1.pbm", b"P1\n" + size + text(line), rgba(wide(1 - line, 1)))
    exactly("pnm/p4.pbm", b"P4\n" + size + b"".join(packed_row(row, 1) for row in line), rgba(wide(1 - line, 1)))
    exactly("pnm/p2.pgm", b"P2\n# a comment\n" + size + b"255\n" + text(grey), rgba(wide(grey, 8)))
    exactly("pnm/p5.pgm", b"P5\n" + size + b"255\n" + grey.astype(np.uint8).tobytes(), rgba(wide(grey, 8)))
    exactly("pnm/p3.ppm", b"P3 " + size + b"255\n" + text(rgb), shown)
    exactly("pnm/p6.ppm", b"P6\n# a comment\n" + size + b"# another\n255\n" + rgb8.tobytes(), shown)
    rgb16 = noisy(bits=16)
    exactly("pnm/p6-16.ppm", b"P6\n" + size + b"65535\n" + rgb16.astype(">u2").tobytes(), rgba(rgb16))
    exactly("pnm/p5-16.pgm", b"P5\n" + size + b"65535\n" + rgb16[..., 0].astype(">u2").tobytes(), rgba(rgb16[..., 0]))
    four = noisy(channels=4)
    head = f"P7\nWIDTH {W}\nHEIGHT {H}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n".encode()
    exactly("pnm/p7.pam", head + four.astype(np.uint8).tobytes(), rgba(wide(four[..., :3], 8), wide(four[..., 3], 8)))
    broken("broken/pnm-half.ppm", b"P6\n" + size + b"255\n" + rgb8.tobytes()[:500])
    broken("broken/pnm-text-half.ppm", b"P3\n" + size + b"255\n" + text(rgb)[:300])
    broken("broken/pnm-no-number.ppm", b"P3\n2 2\n255\n1 2 three 4 5 6 7 8 9 10 11 12\n")
    broken("broken/pnm-beyond-the-maximum.ppm", b"P3\n1 1\n255\n1 2 999\n")
    broken("broken/pnm-no-maximum.ppm", b"P6\n2 2\n0\n" + bytes(12))
    broken("broken/pnm-minus.ppm", b"P6\n-2 2\n255\n" + bytes(12))

    four8 = noisy(channels=4, bits=3).astype(np.uint8) * 36
    data = imagecodecs.qoi_encode(rgb8)
    exactly("qoi/rgb.qoi", data, shown)
    exactly("qoi/alpha.qoi", imagecodecs.qoi_encode(four8), rgba(wide(four8[..., :3], 8), wide(four8[..., 3], 8)))
    flat = np.zeros((H, W, 3), np.uint8)
    flat[5:9, 3:20] = [200, 100, 50]
    exactly("qoi/runs.qoi", imagecodecs.qoi_encode(flat), rgba(wide(flat, 8)))
    broken("broken/qoi-half.qoi", data[: len(data) // 2])
    broken("broken/qoi-head-only.qoi", data[:14])
    broken("broken/qoi-no-width.qoi", data[:4] + bytes(4) + data[8:])
    broken("broken/qoi-five-parts.qoi", data[:12] + b"\5" + data[13:])
    hostile("hostile/qoi-huge.qoi", data[:4] + b"\xff" * 8 + data[12:])
    hostile("hostile/qoi-endless-run.qoi", data[:14] + b"\xfd" * 3000)


# === OpenEXR, by its library; JPEG XL, by libjxl ===

def encoded(light):
    """Returns light encoded as sRGB (IEC 61966-2-1)."""
    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def make_light():
    light = (noisy() / 255.0).astype(np.float32)
    for name, packing in {"none": OpenEXR.NO_COMPRESSION, "rle": OpenEXR.RLE_COMPRESSION, "zip": OpenEXR.ZIP_COMPRESSION,
                          "zips": OpenEXR.ZIPS_COMPRESSION, "piz": OpenEXR.PIZ_COMPRESSION}.items():
        for kind in (np.float16, np.float32):
            values = light.astype(kind)
            path = HERE / "exr" / f"{name}-{values.dtype.name}.exr"
            path.parent.mkdir(exist_ok=True)
            OpenEXR.File({"compression": packing, "type": OpenEXR.scanlineimage}, {"RGB": values}).write(str(path))
            nearly(f"exr/{path.name}", path.read_bytes(), encoded(values.astype(float)), 1e-3 if kind == np.float16 else 2e-4)
    alpha = np.dstack([light * 0.5, np.full((H, W), 0.5, np.float32)])
    path = HERE / "exr/alpha.exr"
    OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}, {"RGBA": alpha}).write(str(path))
    nearly("exr/alpha.exr", path.read_bytes(), np.dstack([encoded(light.astype(float)), np.full((H, W), 0.5)]), 2e-4)
    whole = (HERE / "exr/zip-float16.exr").read_bytes()
    broken("broken/exr-half.exr", whole[: len(whole) // 2])
    broken("broken/exr-head-only.exr", whole[:60])
    window = whole.index(b"dataWindow\0box2i\0") + 21
    hostile("hostile/exr-huge.exr", whole[:window] + struct.pack("<4i", -(2**31), -(2**31), 2**31 - 1, 2**31 - 1) + whole[window + 16:])
    hostile("hostile/exr-inside-out.exr", whole[:window] + struct.pack("<4i", 9, 9, 0, 0) + whole[window + 16:])
    packing = whole.index(b"compression\0compression\0") + 28
    hostile("hostile/exr-packing-99.exr", whole[:packing] + b"\x63" + whole[packing + 1:])

    rgb8 = noisy().astype(np.uint8)
    nearly("jxl/lossless.jxl", imagecodecs.jpegxl_encode(rgb8, lossless=True), rgb8 / 255.0, 1e-4)
    rgb16 = noisy(bits=16)
    # The encoder takes numbers of 16 bits for light. The decoder brings light to sRGB by an approximation of the curve:
    # its error at these pixels is up to 2.03e-4 with AVX2, whatever the level of optimisation.
    nearly("jxl/lossless16.jxl", imagecodecs.jpegxl_encode(rgb16, lossless=True), encoded(rgb16 / 65535.0), 2.5e-4)
    four = noisy(channels=4).astype(np.uint8)
    nearly("jxl/alpha.jxl", imagecodecs.jpegxl_encode(four, lossless=True), four / 255.0, 1e-4)
    grey = rgb8[..., 0]
    nearly("jxl/grey.jxl", imagecodecs.jpegxl_encode(grey, lossless=True), grey[..., None].repeat(3, 2) / 255.0, 1e-4)
    data = imagecodecs.jpegxl_encode(smooth(), level=90, distance=1.0)
    nearly("jxl/lossy.jxl", data, imagecodecs.jpegxl_decode(data) / 255.0, JPEG)
    frames = np.stack([rgb8, 255 - rgb8, rgb8])
    nearly("jxl/animated.jxl", imagecodecs.jpegxl_encode(frames, lossless=True), rgb8 / 255.0, 1e-4)
    broken("broken/jxl-half.jxl", data[: len(data) // 2])
    broken("broken/jxl-head-only.jxl", data[:6])


# === Files that say how their numbers are to be read, by hand ===

# ITU-T H.273, table 2: red, green, blue and white, in x and y.
WHITE = (0.3127, 0.3290)
PRIMARIES = {
    "srgb": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), WHITE),
    "adobe": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), WHITE),
    "p3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), WHITE),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), WHITE),
}


def to_xyz(primaries):
    """Returns the matrix from light to XYZ (SMPTE RP 177)."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    return columns[:, :3] * np.linalg.solve(columns[:, :3], columns[:, 3])


def in_p3(light, primaries):
    """Returns light with these primaries, encoded as Display P3."""
    matrix = np.linalg.inv(to_xyz(PRIMARIES["p3"])) @ to_xyz(PRIMARIES[primaries])
    return encoded(light @ matrix.T)


def make_codings():
    gamma = lambda value: chunk(b"gAMA", struct.pack(">I", value))
    primaries = lambda name: chunk(b"cHRM", struct.pack(">8I", *(round(1e5 * place) for pair in
                                   [PRIMARIES[name][3], *PRIMARIES[name][:3]] for place in pair)))
    codes = lambda *values: chunk(b"cICP", bytes(values))
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The date in it would make each run differ.
    icc = icc[:24] + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + icc[36:]
    profile = chunk(b"iCCP", b"a profile\0\0" + zlib.compress(icc))
    rgb8, rgb16, alpha16 = noisy(), noisy(bits=16), noisy(channels=4, bits=16)
    shown = rgba(wide(rgb8, 8))
    of = lambda samples, chunks: png(samples, {1: 0, 2: 4, 3: 2, 4: 6}[samples.shape[2]], 16 if samples.max() > 255 else 8, before=chunks)

    for name, chunks in {
        "gamma-srgb": gamma(45455), "gamma-srgb-primaries": gamma(45455) + primaries("srgb"), "primaries-srgb": primaries("srgb"),
        "srgb-before-gamma": gamma(100000) + primaries("adobe") + chunk(b"sRGB", b"\0"),
        "profile-before-gamma": profile + gamma(100000), "codes-srgb": codes(1, 13, 0, 1),
        "codes-before-all": codes(1, 13, 0, 1) + profile + gamma(100000) + primaries("bt2020"),
        # The result is in Display P3: its numbers stay as they are.
        "codes-p3": codes(12, 13, 0, 1), "primaries-p3": primaries("p3"), "gamma-0": gamma(0), "codes-unknown": codes(2, 2, 0, 1),
    }.items():
        exactly(f"coding/{name}.png", of(rgb8, chunks), shown)
    exactly("coding/codes-p3-16.png", of(rgb16, codes(12, 13, 0, 1)), rgba(rgb16))

    exact = 3e-5
    value = rgb16 / 65535
    nearly("coding/gamma-1.png", of(rgb16, gamma(100000)), encoded(value), exact)
    nonsense = chunk(b"iCCP", b"a profile\0\0" + zlib.compress(icc[:200]))
    nearly("coding/nonsense-before-gamma-1.png", of(rgb16, nonsense + gamma(100000)), encoded(value), exact)
    nearly("coding/gamma-1-of-8-bits.png", of(rgb8, gamma(100000)), encoded(rgb8 / 255), exact)
    nearly("coding/gamma-1.8.png", of(rgb16, gamma(55556)), encoded(value ** (1 / 0.55556)), exact)
    nearly("coding/codes-unknown-gamma-1.png", of(rgb16, codes(2, 2, 0, 1) + gamma(100000)), encoded(value), exact)
    grey = noisy(channels=1, bits=16)
    nearly("coding/gamma-1-grey.png", of(grey, gamma(100000)), encoded(grey / 65535).repeat(3, 2), exact)
    two = noisy(channels=2, bits=16)
    nearly("coding/gamma-1-grey-alpha.png", of(two, gamma(100000) + primaries("bt2020")),
           np.dstack([encoded(two[..., :1] / 65535).repeat(3, 2), two[..., 1] / 65535]), exact)
    nearly("coding/gamma-1-alpha.png", of(alpha16, gamma(100000)),
           np.dstack([encoded(alpha16[..., :3] / 65535), alpha16[..., 3] / 65535]), exact)
    # The matrices of decoders have five digits.
    rounded = 5e-4
    nearly("coding/gamma-2.2-adobe.png", of(rgb16, gamma(45455) + primaries("adobe")), in_p3(value ** 2.2, "adobe"), rounded)
    nearly("coding/gamma-1-bt2020.png", of(rgb16, gamma(100000) + primaries("bt2020")), in_p3(value, "bt2020"), rounded)
    nearly("coding/codes-bt2020-light.png", of(rgb16, codes(9, 8, 0, 1)), in_p3(value, "bt2020"), rounded)
    nearly("coding/codes-bt2020-srgb.png", of(rgb16, codes(9, 13, 0, 1)),
           in_p3(np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4), "bt2020"), rounded)
    camera = np.where(value < 0.081, value / 4.5, ((value + 0.099) / 1.099) ** (1 / 0.45))
    # ITU-R BT.709 rounds its constants.
    nearly("coding/codes-bt709.png", of(rgb16, codes(1, 1, 0, 1)), encoded(camera), 1e-3)
    nearly("coding/codes-gamma-2.2.png", of(rgb16, codes(1, 4, 0, 1)), encoded(value ** 2.2), exact)
    unread("unread/png-pq.png", of(rgb16, codes(9, 16, 0, 1)), says="a PNG in high dynamic range (PQ) cannot be read")
    unread("unread/png-hlg.png", of(rgb16, codes(9, 18, 0, 1)), says="a PNG in high dynamic range (HLG) cannot be read")
    unread("unread/png-video-range.png", of(rgb16, codes(1, 1, 0, 0)), says="a PNG with the range of video cannot be read")

    # Xcode's PNG: no head and no checksum of zlib, BGRA, multiplied with alpha.
    four = noisy(channels=4)
    times = np.dstack([np.round(four[..., :3] * (four[..., 3:] / 255)), four[..., 3]]).astype(np.uint16)
    stream = filtered([row[:, [2, 1, 0, 3]].astype(np.uint8).tobytes() for row in times], 4, lambda row: row % 5)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = deflate.compress(stream) + deflate.flush()
    crushed = lambda colour, data: (SIGNATURE + chunk(b"CgBI", b"\x50\0\x20\2") + header(W, H, 8, colour)
                                    + chunk(b"IDAT", data[:300]) + chunk(b"IDAT", data[300:]) + chunk(b"IEND"))
    divided = times[..., :3] / times[..., 3:].clip(1)
    nearly("coding/apple.png", crushed(6, data), np.dstack([divided.clip(0, 1), four[..., 3] / 255]), exact)
    stream = filtered([row[:, ::-1].astype(np.uint8).tobytes() for row in rgb8], 3, lambda row: row % 5)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    exactly("coding/apple-opaque.png", crushed(2, deflate.compress(stream) + deflate.flush()), shown)


# === Files without an end, and of unusual kinds ===

def make_ends():
    note = "lacks its end; all pixels are there"
    rgb = noisy()
    pixels = rgba(wide(rgb, 8))
    for name, whole in {"plain": png(rgb, 2, 8), "interlaced": png(rgb, 2, 8, True), "pieces": png(rgb, 2, 8, pieces=9)}.items():
        exactly(f"ends/{name}.png", whole[:-12], pixels, note=note)
        exactly(f"ends/{name}-half-a-sum.png", whole[:-14], pixels, note=note)
        exactly(f"ends/{name}-half-an-end.png", whole[:-3], pixels, note=note)
        broken(f"broken/ends-{name}.png", whole[:-40], says="the file ends too early")
    picture, grey = Image.fromarray(smooth()), Image.fromarray(smooth(channels=1)[..., 0])
    inks = Image.fromarray(smooth(channels=4), "CMYK")
    for name, (image, options) in {
        "baseline": (picture, {}), "finest": (picture, {"quality": 100, "subsampling": 0}), "progressive": (picture, {"progressive": True}),
        "restarts": (picture, {"restart_marker_blocks": 3}), "grey": (grey, {}),
        "restarts-progressive": (picture, {"restart_marker_rows": 1, "progressive": True}),
    }.items():
        whole = saved(image, "JPEG", **{"quality": 90, **options})
        nearly(f"ends/{name}.jpg", whole[:-2], opened(whole), JPEG, note=note)
        nearly(f"ends/{name}-half-an-end.jpg", whole[:-1], opened(whole), JPEG, note=note)
        for lost in (4, 6, 30):
            broken(f"broken/ends-{name}-{lost}.jpg", whole[:-lost], says="the file ends too early")
        if "restarts" in name:
            last = max(whole.rfind(bytes([0xff, 0xd0 + k])) for k in range(8))
            broken(f"broken/ends-{name}-marker.jpg", whole[:last], says="the file ends too early")
            broken(f"broken/ends-{name}-half-a-marker.jpg", whole[:last + 1], says="the file ends too early")
        if "progressive" in name:
            last = whole.rfind(b"\xff\xda")
            tables = whole.rfind(b"\xff\xc4")
            broken(f"broken/ends-{name}-scan.jpg", whole[:tables if tables > last - 200 else last], says="the file ends too early")
    whole = saved(inks, "JPEG", quality=95)
    light = 1 - smooth(channels=4) / 255.0
    nearly("ends/inks.jpg", whole[:-2], light[..., :3] * light[..., 3:], 2 * JPEG, note=note)

    unread("unread/lossless.jpg", imagecodecs.jpeg8_encode(smooth(), lossless=True), says="a lossless JPEG (SOF3) cannot be read")
    unread("unread/12-bits.jpg", imagecodecs.jpeg8_encode(smooth().astype(np.uint16) * 16, bitspersample=12), says="a JPEG of 12 bits cannot be read")
    unread("unread/ls.jpg", imagecodecs.jpegls_encode(smooth()), says="a JPEG-LS picture cannot be read")
    whole = saved(picture, "JPEG", quality=90)
    frame = whole.index(b"\xff\xc0")
    for marker, kind in {0xc9: "a JPEG with arithmetic coding", 0xca: "a JPEG with arithmetic coding", 0xc5: "a hierarchical JPEG",
                         0xcb: "a lossless JPEG with arithmetic coding"}.items():
        broken(f"broken/jpeg-frame-{marker:x}.jpg", whole[:frame + 1] + bytes([marker]) + whole[frame + 2:], says=kind + " cannot be read")

    # Inks as they are, and a thumbnail by Adobe's programs inside of EXIF; and the mark of Adobe's behind a megabyte.
    plain = imagecodecs.jpeg8_encode(smooth(channels=4), level=95, colorspace="CMYK", outcolorspace="CMYK")
    adobe = plain.index(b"\xff\xee") if b"\xff\xee" in plain[:200] else None
    mark = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"
    bare = plain if adobe is None else plain[:adobe] + plain[adobe + 16:]
    colours = light[..., :3] * light[..., 3:]
    inverted = (smooth(channels=4) / 255.0)[..., :3] * (smooth(channels=4) / 255.0)[..., 3:]
    segment = lambda marker, data: bytes([0xff, marker]) + struct.pack(">H", len(data) + 2) + data
    nearly("jpeg/inks-as-they-are.jpg", bare, colours, 2 * JPEG)
    nearly("jpeg/inks-thumbnail-by-adobe.jpg", bare[:2] + segment(0xe1, b"Exif\0\0" + mark) + bare[2:], colours, 2 * JPEG)
    nearly("jpeg/inks-by-adobe.jpg", bare[:2] + mark + bare[2:], inverted, 2 * JPEG)

    # A gain map: a second picture, which a name in the header announces; and a second picture that is none.
    gain = "has a gain map for bright screens (Ultra HDR), which is dropped"
    xmp = lambda name: segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/' xmlns:hdrgm='" + name + b"'/>")
    small = saved(grey.resize((16, 12)), "JPEG")
    several = segment(0xe2, b"MPF\0MM\0*\0\0\0\x08\0\0\0\0\0\0")
    hdr = b"http://ns.adobe.com/hdr-gain-map/1.0/"
    apple = b"http://ns.apple.com/HDRGainMap/1.0/"
    nearly("jpeg/gain-map.jpg", whole[:2] + xmp(hdr) + several + whole[2:] + small, opened(whole), JPEG, note=gain)
    nearly("jpeg/gain-map-apple.jpg", whole[:2] + several + whole[2:] + small[:2] + xmp(apple) + small[2:], opened(whole), JPEG, note=gain)
    nearly("jpeg/gain-map-iso.jpg", whole[:2] + segment(0xe2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0") + whole[2:] + small, opened(whole), JPEG, note=gain)
    nearly("jpeg/preview-behind.jpg", whole[:2] + several + whole[2:] + small, opened(whole), JPEG)

    # TGA without the footer of version 2.
    for path in sorted((HERE / "tga").glob("*.tga")):
        data = path.read_bytes()
        assert data.endswith(b"TRUEVISION-XFILE.\0")
        put(f"tga/old-{path.name}", data[:-26])
        expected[f"tga/old-{path.name}"] = expected[f"tga/{path.name}"]
    broken("broken/tga-old-half.tga", (HERE / "tga/old-rgb.tga").read_bytes()[:600])
    four = noisy(channels=4).astype(np.uint8)
    exactly("tga/alpha-of-0.tga", saved(Image.fromarray(four * np.uint8([1, 1, 1, 0]), "RGBA"), "TGA"), rgba(wide(four[..., :3], 8)))

    # BMP with a header of version 4, which has masks for all channels.
    def version4(alpha):
        rows = np.dstack([four[..., 2::-1], alpha]).astype(np.uint8)[::-1].tobytes()
        masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
        head = struct.pack("<IiiHHIIiiII", 108, W, H, 1, 32, 3, len(rows), 2835, 2835, 0, 0) + masks + b"BGRs" + bytes(48)
        return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(rows), 0, 0, 14 + len(head)) + head + rows
    exactly("bmp/alpha.bmp", version4(four[..., 3]), rgba(wide(four[..., :3], 8), wide(four[..., 3], 8)))
    exactly("bmp/alpha-of-0.bmp", version4(np.zeros((H, W))), rgba(wide(four[..., :3], 8)))


def make_odd_light():
    def exr(name, channels, **options):
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, **options}, channels).write(str(path))
        return path.read_bytes()

    light = (noisy(64, 48) / 255.0).astype(np.float32)
    # The library for Python ignores strides.
    grey = light[..., 0].copy()
    three = encoded(grey.astype(float))[..., None].repeat(3, 2)
    nearly("exr/luminance.exr", exr("exr/luminance.exr", {"Y": grey}), three, 2e-4)
    half = np.full(grey.shape, 0.5, np.float32)
    nearly("exr/luminance-alpha.exr", exr("exr/luminance-alpha.exr", {"Y": grey * half, "A": half}), np.dstack([three, half]), 2e-4)
    data = exr("exr/luminance-half.exr", {"Y": grey.astype(np.float16)})
    nearly("exr/luminance-half.exr", data, three, 2e-3)
    odd = light.copy()
    odd[0, 0], odd[47, 63, 1], odd[15, 20] = np.inf, np.inf, [0.5, -np.inf, 0.25]
    nearly("exr/infinite.exr", exr("exr/infinite.exr", {"RGB": odd}), encoded(odd.astype(float)), 2e-4,
           note="has values from -65504 to 65504; they are cut to 0..1")
    odd = light.copy()
    odd[0, 0, 1] = odd[31, 42] = np.nan
    black = odd.astype(float)
    black[np.isnan(black).any(-1)] = 0
    nearly("exr/not-numbers.exr", exr("exr/not-numbers.exr", {"RGB": odd}), encoded(black), 2e-4,
           note="has 2 pixels that are not numbers; they are black")
    bright = light * 4 - 0.5
    nearly("exr/bright.exr", exr("exr/bright.exr", {"RGB": bright}), encoded(bright.astype(float)), 2e-4,
           note=f"has values from {round(float(bright.min()), 3):g} to {round(float(bright.max()), 3):g}; they are cut to 0..1")
    odd[:, :5] = np.nan
    broken("broken/exr-not-numbers.exr", exr("broken/exr-not-numbers.exr", {"RGB": odd}), says="241 of its 3072 pixels are not numbers")
    data = exr("unread/layers.exr", {"diffuse.R": grey, "diffuse.G": grey, "diffuse.B": grey})
    unread("unread/layers.exr", data, says="(it has diffuse.B, diffuse.G, diffuse.R) cannot be read")
    data = exr("unread/depth.exr", {"Z": grey})
    unread("unread/depth.exr", data, says="an OpenEXR file without the channels R, G and B (it has Z) cannot be read")
    chroma = "in luminance and chroma (channels Y, RY and BY) cannot be read"
    data = exr("unread/luminance-chroma.exr", {"Y": grey, "RY": grey, "BY": grey})
    unread("unread/luminance-chroma.exr", data, says=chroma)
    # The library for Python writes all channels with as many samples; most of these files have a quarter of the chroma.
    quarter = struct.pack("<2i", 2, 2)
    for name in (b"BY", b"RY"):
        place = data.index(name + b"\0") + 3 + 8
        data = data[:place] + quarter + data[place + 8:]
    broken("broken/exr-luminance-chroma-2x2.exr", data, says=chroma)


def main():
    for old in HERE.glob("*/*"):
        old.unlink()
    make_png()
    make_jpeg()
    make_tiff()
    make_tiff_kinds()
    make_others()
    make_by_hand()
    make_light()
    make_codings()
    make_ends()
    make_odd_light()
    # These files are of no known kind.
    broken("broken/nothing-but-zeros.png", bytes(1000))
    broken("broken/text.jpg", b"This is not the picture that you are looking for.\n")
    make_heif.make(exactly, nearly, broken, unread, hostile)
    write_expected()


def write_expected():
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(expected.items())]
    (HERE / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    size = sum(path.stat().st_size for path in HERE.glob("*/*"))
    print(f"{len(expected)} files, {size} bytes")


if __name__ == "__main__":
    main()
