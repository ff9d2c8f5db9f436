"""Writes the HEIC and AVIF files of the corpus. make.py calls it; run alone, it renews these files only.

    python -m pip install pillow pillow-heif numpy
    apt-get install libavif-bin ffmpeg
    python crates/impasto-image/tests/corpus/make_heif.py

libheif (x265; by pillow-heif), libavif (aom; by Pillow and by avifenc) and ffmpeg (aom) code the pictures. Where these
programs cannot write what phones write (grids, crops, turns, gain maps), this script lays their coded pictures into a
container byte by byte (ISO/IEC 23008-12). libheif and libavif give the expected pixels.
"""

import io
import json
import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageOps

HERE = Path(__file__).parent

# Readers convert 8 bits in whole numbers.
ROUNDING = 1.6 / 255
# Nothing is rounded.
EXACT = 0.1 / 255


# === Containers, by hand ===

def box(kind, *parts):
    data = b"".join(parts)
    return struct.pack(">I", len(data) + 8) + kind + data


def full(kind, *parts, version=0, flags=0):
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def ispe(width, height):
    return full(b"ispe", struct.pack(">II", width, height))


def nclx(primaries, transfer, matrix, full_range):
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, matrix, full_range << 7))


def irot(quarters):
    return box(b"irot", bytes([quarters]))


def imir(axis):
    return box(b"imir", bytes([axis]))


def clap(width, height, across, down):
    """Fractions of two: the offsets of the middle may be halves."""
    pairs = [(2 * width, 2), (2 * height, 2), (across, 2), (down, 2)]
    return box(b"clap", b"".join(struct.pack(">iI", *pair) for pair in pairs))


def auxiliary(kind):
    return full(b"auxC", kind.encode() + b"\0")


ALPHA = "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"
GAIN = "urn:com:apple:photo:2020:aux:hdrgainmap"


def heif(items, references=(), primary=1, brands=(b"heic", b"mif1", b"heic"), more=b""):
    """Returns a file. An item is its kind, its data, and its properties: bytes, or bytes and whether they must be
    known. A reference is its kind, an item, and the items that it names."""
    properties, associations = [], b""
    for number, (_, _, own) in enumerate(items, 1):
        entries = b""
        for entry in own:
            data, essential = entry if isinstance(entry, tuple) else (entry, entry[4:8] in (b"hvcC", b"av1C", b"irot", b"imir", b"clap"))
            if data not in properties:
                properties.append(data)
            entries += bytes([essential << 7 | properties.index(data) + 1])
        associations += struct.pack(">HB", number, len(own)) + entries
    infos = b"".join(full(b"infe", struct.pack(">HH", number, 0), kind, b"\0", version=2)
                     for number, (kind, _, _) in enumerate(items, 1))
    named = b"".join(box(kind, struct.pack(f">HH{len(to)}H", from_, len(to), *to)) for kind, from_, to in references)

    def meta(start):
        places = b""
        for number, (_, data, _) in enumerate(items, 1):
            places += struct.pack(">HHHII", number, 0, 1, start, len(data))
            start += len(data)
        return full(
            b"meta", full(b"hdlr", bytes(4), b"pict", bytes(13)), full(b"pitm", struct.pack(">H", primary)),
            full(b"iloc", struct.pack(">BBH", 0x44, 0, len(items)), places),
            full(b"iinf", struct.pack(">H", len(items)), infos), full(b"iref", named) if named else b"",
            box(b"iprp", box(b"ipco", *properties), full(b"ipma", struct.pack(">I", len(items)), associations)))

    head = box(b"ftyp", brands[0], bytes(4), *brands[1:])
    start = len(head) + len(meta(0)) + len(more) + 8
    return head + meta(start) + more + box(b"mdat", *(data for _, data, _ in items))


def found(data, kind):
    """Returns the first box of a kind, wherever it is."""
    at = data.index(kind) - 4
    return data[at:at + struct.unpack(">I", data[at:at + 4])[0]]


def grid(rows, columns, width, height):
    return struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)


# === Coded pictures ===

def hevc(pixels, **options):
    """Returns a file by libheif."""
    image = Image.fromarray(pixels) if pixels.dtype == np.uint8 else None
    out = io.BytesIO()
    if image is None:
        height, width = pixels.shape[:2]
        image = pillow_heif.from_bytes(mode="RGB;16", size=(width, height), data=pixels.tobytes())
        image.save(out, **options)
    else:
        pillow_heif.from_pillow(image).save(out, **options)
    return out.getvalue()


def coded(pixels, **options):
    """Returns what codes a picture in HEVC: the data, the settings, and the size. libheif pads sides to 64 pixels."""
    data = hevc(pixels, **{"quality": 80, "chroma": 444, **options})
    return found(data, b"mdat")[8:], found(data, b"hvcC"), found(data, b"ispe")


def by_libavif(pixels, **options):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "AVIF", **{"quality": 80, "speed": 6, **options})
    return out.getvalue()


def run(pixels, name, *command):
    """Returns what a program makes of a PNG file."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "a.png", Path(folder) / name
        if pixels.dtype == np.uint16:
            subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb48le", "-s", f"{pixels.shape[1]}x{pixels.shape[0]}",
                            "-i", "-", "-frames:v", "1", str(source)], input=pixels.astype("<u2").tobytes(), check=True)
        else:
            Image.fromarray(pixels).save(source)
        words = [{"IN": str(source), "OUT": str(target)}.get(word, word) for word in command]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return target.read_bytes()


def by_avifenc(pixels, *options):
    return run(pixels, "a.avif", "avifenc", "-s", "6", "--min", "0", "--max", "25", *options, "IN", "OUT")


def by_ffmpeg(pixels, layout, *options):
    return run(pixels, "a.avif", "ffmpeg", "-i", "IN", *options, "-frames:v", "1", "-still-picture", "1", "-pix_fmt", layout,
               "-c:v", "libaom-av1", "-cpu-used", "6", "-crf", "15", "OUT")


# === Independent readers ===

def libheif(data, bits=16):
    """Returns the pixels of the primary picture: [h, w, 3 or 4] of 0 to 1. More than 8 bits are shifted to 16."""
    file = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    pixels = np.asarray(file[file.primary_index])
    if pixels.ndim == 2:
        pixels = pixels[..., None].repeat(3, 2)
    return pixels / ((2**bits - 1) << (16 - bits) if pixels.dtype == np.uint16 else 255)


def libavif(data):
    """The same by Pillow, which gives turns as EXIF."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    return np.asarray(image.convert("RGBA" if "A" in image.mode else "RGB")) / 255.0


def libavif_deep(data, bits):
    import imagecodecs
    pixels = imagecodecs.avif_decode(data) / (2**bits - 1)
    return pixels[..., None].repeat(3, 2) if pixels.ndim == 2 else pixels


def smooth(width=64, height=48, channels=3):
    y, x = np.mgrid[0:height, 0:width]
    planes = [np.sin(0.05 * x * (1 + k) + 0.06 * y + k) * 0.4 + 0.5 for k in range(channels)]
    return np.round(np.stack(planes, -1) * 255).astype(np.uint8)


# === The files ===

def make_heic(exactly, nearly, broken, unread, hostile):
    rgb = smooth(80, 64)
    deep = np.round(smooth(80, 64).astype(np.uint32) * 257 * 0.97).astype(np.uint16)
    for chroma in (420, 422):
        data = hevc(rgb, quality=80, chroma=chroma)
        nearly(f"heic/{chroma}.heic", data, libheif(data), ROUNDING)
    data = hevc(rgb, quality=80, chroma=444)
    nearly("heic/444.heic", data, libheif(data), ROUNDING)
    grey = hevc(rgb[..., 0], quality=80)
    nearly("heic/grey.heic", grey, libheif(grey), ROUNDING)
    for bits in (10, 12):
        pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
        for name, matrix in (("colours", 6), ("planes", 0)):
            data = hevc(deep, quality=90, chroma=444, matrix_coefficients=matrix, full_range_flag=1)
            # libheif converts colours in whole numbers, and copies planes.
            nearly(f"heic/{bits}-bits-{name}.heic", data, libheif(data, bits), 1.1 / 2**bits if matrix else 1e-4)
    pillow_heif.options.SAVE_HDR_TO_12_BIT = False
    for matrix in (1, 6, 9):
        for full_range in (0, 1):
            data = hevc(rgb, quality=80, chroma=444, matrix_coefficients=matrix, full_range_flag=full_range, color_primaries=1,
                        transfer_characteristics=13)
            nearly(f"heic/matrix-{matrix}-{'full' if full_range else 'video'}.heic", data, libheif(data), ROUNDING)
    four = np.dstack([rgb, np.clip(20 + np.arange(80) * 5, 0, 255).astype(np.uint8)[None].repeat(64, 0)])
    data = hevc(four, quality=80, chroma=444)
    nearly("heic/alpha.heic", data, libheif(data), 3 / 255)
    two = io.BytesIO()
    several = pillow_heif.from_pillow(Image.fromarray(rgb[::-1].copy()))
    several.add_from_pillow(Image.fromarray(rgb))
    several.save(two, quality=80, chroma=444, primary_index=1)
    main = "holds several pictures; the main one is taken (2 of 2)"
    nearly("heic/pages.heic", two.getvalue(), libheif(two.getvalue()), ROUNDING, note=main)
    exif = Image.Exif()
    exif[0x112], exif[0x10F] = 6, "A maker"
    data = hevc(rgb, quality=80, chroma=420, exif=exif.tobytes())
    nearly("heic/exif-turn.heic", data, libheif(data), ROUNDING)

    # These files are put together by hand, as phones write them.
    stream, setup, size = coded(rgb)
    usual = [setup, size]
    plain = libheif(heif([(b"hvc1", stream, usual)]))
    ways = {"turn1": [irot(1)], "turn2": [irot(2)], "turn3": [irot(3)], "mirror0": [imir(0)], "mirror1": [imir(1)],
            "turn1-mirror0": [irot(1), imir(0)], "mirror1-turn3": [imir(1), irot(3)], "crop": [clap(40, 30, 0, 0)],
            "crop-aside": [clap(20, 16, -20, 12)], "crop-turn1": [clap(41, 31, 3, -5), irot(1)]}
    for name, way in ways.items():
        data = heif([(b"hvc1", stream, usual + way)])
        nearly(f"heic/{name}.heic", data, libheif(data), ROUNDING)
    # Tiles of 64 pixels, in a size that they exceed.
    large = np.pad(smooth(160, 120), ((0, 64), (0, 64), (0, 0)), mode="edge")

    def tiles_of(chroma):
        for top, left in ((top, left) for top in (0, 64) for left in (0, 64, 128)):
            data, *properties = coded(np.ascontiguousarray(large[top:top + 64, left:left + 64]), chroma=chroma)
            yield (b"hvc1", data, properties)

    tiles = list(tiles_of(444))
    whole = (b"grid", grid(2, 3, 160, 120), [ispe(160, 120)])
    joined = [(b"dimg", 1, range(2, 8))]
    for name, way in {"grid": [], "grid-turn3": [irot(3)], "grid-crop": [clap(150, 110, 0, 0)]}.items():
        data = heif([(whole[0], whole[1], whole[2] + way), *tiles], joined)
        nearly(f"heic/{name}.heic", data, libheif(data), ROUNDING)
    data = heif([(*whole[:2], whole[2] + [irot(3)]), *tiles_of(420)], joined)
    nearly("heic/grid-420.heic", data, libheif(data), ROUNDING)
    data = heif([(b"iden", b"", [ispe(64, 80), irot(1)]), (b"hvc1", stream, usual + [imir(1)])], [(b"dimg", 1, [2])])
    nearly("heic/same-as-another.heic", data, np.rot90(plain[:, ::-1]), ROUNDING)
    # Opacity, multiplied or not, and in half the size.
    opacity = np.full((64, 80), 255, np.uint8)
    opacity[:, :40] = 128
    alpha, alpha_setup, _ = coded(opacity, chroma=420)
    shown = (rgb * (opacity[..., None] / 255)).round().astype(np.uint8)
    times, times_setup, _ = coded(shown, quality=95)
    auxiliaries = [alpha_setup, size, auxiliary(ALPHA)]
    expected = np.dstack([(rgb / 255.0), opacity / 255.0])
    data = heif([(b"hvc1", times, [times_setup, size]), (b"hvc1", alpha, auxiliaries)], [(b"auxl", 2, [1]), (b"prem", 1, [2])])
    nearly("heic/alpha-multiplied.heic", data, expected, 8 / 255)
    double, double_setup, double_size = coded(smooth(160, 128))
    data = heif([(b"hvc1", double, [double_setup, double_size]), (b"hvc1", alpha, auxiliaries)], [(b"auxl", 2, [1])])
    shown = libheif(heif([(b"hvc1", double, [double_setup, double_size])]))
    nearly("heic/alpha-small.heic", data, np.dstack([shown, opacity.repeat(2, 0).repeat(2, 1) / 255.0]), 4 / 255)
    # Colours of Display P3 are processed as they are.
    data = heif([(b"hvc1", stream, usual + [nclx(12, 13, 6, 1)])])
    nearly("heic/p3.heic", data, libheif(data), ROUNDING)
    data = heif([(b"hvc1", stream, usual + [nclx(1, 1, 6, 1)])])
    nearly("heic/curve-bt709.heic", data, libheif(data), ROUNDING)
    # A gain map as iPhones have it, and as ISO 21496-1 has it.
    gain = "has a gain map for bright screens (Ultra HDR), which is dropped"
    map_, map_setup, map_size = coded(np.ascontiguousarray(rgb[::2, ::2, 0]), chroma=420)
    data = heif([(b"hvc1", stream, usual), (b"hvc1", map_, [map_setup, map_size, auxiliary(GAIN)])], [(b"auxl", 2, [1])])
    nearly("heic/gain-map-apple.heic", data, plain, ROUNDING, note=gain)
    data = heif([(b"hvc1", stream, usual), (b"hvc1", map_, [map_setup, map_size]), (b"tmap", bytes(30), [size])], [(b"dimg", 3, [1, 2])])
    nearly("heic/gain-map-iso.heic", data, plain, ROUNDING, note=gain)
    thumbnail = coded(np.ascontiguousarray(rgb[::4, ::4]))
    data = heif([(b"hvc1", stream, usual), (b"hvc1", thumbnail[0], list(thumbnail[1:]))], [(b"thmb", 2, [1])], brands=(b"mif1", b"mif1"))
    nearly("heic/thumbnail.heic", data, plain, ROUNDING)

    one = lambda kind, properties, data=stream, **more: heif([(kind, data, properties)], **more)
    unread("unread/heic-pq.heic", one(b"hvc1", usual + [nclx(9, 16, 9, 1)]), says="a HEIC picture in high dynamic range (PQ)")
    unread("unread/heic-hlg.heic", one(b"hvc1", usual + [nclx(9, 18, 9, 1)]), says="a HEIC picture in high dynamic range (HLG)")
    unread("unread/heic-h264.heic", one(b"avc1", usual), says="coded by H.264")
    unread("unread/heic-jpeg.heic", one(b"jpeg", [size]), says="coded as JPEG")
    unread("unread/heic-of-some-kind.heic", one(b"abcd", [size]), says="of the kind abcd")
    unread("unread/heic-essential.heic", one(b"hvc1", usual + [(box(b"abcd", b"?"), True)]), says="with an unknown property (abcd)")
    unread("unread/heic-matrix.heic", one(b"hvc1", usual + [nclx(1, 13, 14, 1)]), says="with unusual colours")
    overlay = (b"iovl", struct.pack(">BB4HHHhh", 0, 0, 0, 0, 0, 65535, 80, 64, 0, 0), [size])
    unread("unread/heic-overlay.heic", heif([overlay, (b"hvc1", stream, usual)], [(b"dimg", 1, [2])]), says="an overlay")
    frames = box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", full(b"stsz", struct.pack(">II", 5, 3)))))))
    unread("unread/heic-sequence.heic", box(b"ftyp", b"msf1", bytes(4), b"hevc") + frames, says="a sequence without a still picture")

    sound = one(b"hvc1", usual)
    broken("broken/heic-half.heic", sound[:len(sound) // 2], says="the file ends too early")
    broken("broken/heic-one-byte-less.heic", sound[:-1], says="the file ends too early")
    broken("broken/heic-head-only.heic", sound[:24])
    broken("broken/heic-no-setup.heic", one(b"hvc1", [size]))
    broken("broken/heic-no-size.heic", one(b"hvc1", [setup]))
    broken("broken/heic-no-width.heic", one(b"hvc1", [setup, ispe(0, 64)]))
    broken("broken/heic-larger-than-coded.heic", one(b"hvc1", [setup, ispe(81, 64)]))
    broken("broken/heic-no-picture.heic", one(b"hvc1", usual, primary=7))
    broken("broken/heic-no-data.heic", one(b"hvc1", usual, data=b""))
    broken("broken/heic-garbage.heic", one(b"hvc1", usual, data=struct.pack(">I", 60) + b"\x28\x01" + bytes(range(58))))
    broken("broken/heic-crop-beyond.heic", one(b"hvc1", usual + [clap(80, 64, 2, 0)]))
    broken("broken/heic-tiles-missing.heic", heif([whole, *tiles[:5]], [(b"dimg", 1, range(2, 7))]))
    broken("broken/heic-tiles-differ.heic", heif([whole, *tiles[:5], (b"hvc1", stream, usual)], joined))
    broken("broken/heic-tiles-too-many.heic", heif([(b"grid", grid(2, 3, 60, 60), [ispe(60, 60)]), *tiles], joined))
    huge = (b"grid", grid(64, 64, 4000, 4000), [ispe(4000, 4000)])
    hostile("hostile/heic-one-tile-often.heic", heif([huge, tiles[0]], [(b"dimg", 1, [2] * 4096)]))
    hostile("hostile/heic-own-tile.heic", heif([(b"grid", grid(1, 1, 80, 64), [size])], [(b"dimg", 1, [1])]))
    hostile("hostile/heic-same-as-itself.heic", heif([(b"iden", b"", [size])], [(b"dimg", 1, [1])]))
    hostile("hostile/heic-own-opacity.heic", heif([(b"hvc1", stream, usual + [auxiliary(ALPHA)])], [(b"auxl", 1, [1])]))
    hostile("hostile/heic-huge.heic", one(b"hvc1", [setup, ispe(2**31, 2**31)]))
    hostile("hostile/heic-crop-by-zero.heic", one(b"hvc1", usual + [box(b"clap", bytes(32))]))
    hostile("hostile/heic-smaller-than-coded.heic", one(b"hvc1", [setup, ispe(1, 1)]))


def make_avif(exactly, nearly, broken, unread, hostile):
    rgb = smooth()
    deep = np.round(smooth().astype(np.uint32) * 257 * 0.97).astype(np.uint16)
    for chroma in ("4:2:0", "4:2:2", "4:4:4", "4:0:0"):
        data = by_libavif(rgb, subsampling=chroma)
        nearly(f"avif/{chroma.replace(':', '')}.avif", data, libavif(data), ROUNDING)
    data = by_avifenc(rgb, "-l")
    nearly("avif/lossless.avif", data, rgb / 255.0, 1e-4)
    for bits in (10, 12):
        for chroma in ("420", "444", "400"):
            data = by_avifenc(deep, "-d", str(bits), "-y", chroma)
            nearly(f"avif/{bits}-bits-{chroma}.avif", data, libavif_deep(data, bits), 1.1 / 2**bits)
    data = by_avifenc(deep, "-d", "10", "-y", "444", "-r", "limited")
    nearly("avif/10-bits-video.avif", data, libavif_deep(data, 10), 1.1 / 2**10)
    for codes in ("1/13/1", "1/13/8", "9/13/9", "1/13/0"):
        data = by_avifenc(rgb, "--cicp", codes, "-y", "444")
        if codes != "9/13/9":
            nearly(f"avif/codes-{codes.replace('/', '-')}.avif", data, libavif(data), ROUNDING)
    for layout in ("yuv420p", "yuv444p10le", "gray", "gbrp"):
        data = by_ffmpeg(rgb, layout)
        nearly(f"avif/ffmpeg-{layout}.avif", data, libavif_deep(data, 10) if "10" in layout else libavif(data), ROUNDING)
    data = by_avifenc(rgb, "--irot", "1", "--imir", "0", "-y", "444")
    nearly("avif/turn.avif", data, libavif(data), ROUNDING)
    data = by_avifenc(rgb, "--crop", "10,4,40,30", "-y", "444")
    nearly("avif/crop.avif", data, libavif(data) if libavif(data).shape[1] == 40 else libavif(data)[4:34, 10:50], ROUNDING)
    data = by_avifenc(smooth(128, 128), "--grid", "2x2", "-y", "420")
    nearly("avif/grid.avif", data, libavif(data), ROUNDING)
    four = np.dstack([rgb, np.clip(20 + np.arange(64) * 6, 0, 255).astype(np.uint8)[None].repeat(48, 0)])
    data = by_libavif(four)
    nearly("avif/alpha.avif", data, libavif(data), ROUNDING)
    half = four.copy()
    half[..., 3] = np.where(np.arange(64) < 32, 128, 255)
    data = by_avifenc(half, "-p", "-y", "444")
    nearly("avif/alpha-multiplied.avif", data, libavif(data), 3 / 255)
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "AVIF", save_all=True, append_images=[Image.fromarray(rgb[::-1].copy())], quality=70, speed=6)
    nearly("avif/animated.avif", out.getvalue(), libavif(out.getvalue()), ROUNDING)

    unread("unread/avif-pq.avif", by_avifenc(rgb, "--cicp", "9/16/9"), says="an AVIF picture in high dynamic range (PQ)")
    data = by_libavif(rgb)
    stream, setup, size = found(data, b"mdat")[8:], found(data, b"av1C"), ispe(64, 48)
    one = lambda properties, data=stream: heif([(b"av01", data, properties)], brands=(b"avif", b"avif", b"mif1"))
    broken("broken/avif-half.avif", data[:len(data) // 2], says="the file ends too early")
    broken("broken/avif-no-data.avif", one([setup, size], b""), says="the file ends too early")
    broken("broken/avif-half-a-picture.avif", one([setup, size], stream[:len(stream) // 2]))
    broken("broken/avif-garbage.avif", one([setup, size], b"\x12\0" + bytes(range(200))))
    broken("broken/avif-larger-than-coded.avif", one([setup, ispe(65, 48)]))
    hostile("hostile/avif-huge.avif", one([setup, ispe(2**31, 2**31)]))
    hostile("hostile/avif-smaller-than-coded.avif", one([setup, ispe(1, 1)]))


def make(*helpers):
    make_heic(*helpers)
    make_avif(*helpers)


if __name__ == "__main__":
    import make as corpus
    earlier = json.loads((HERE / "expected.json").read_text())
    for name in list(earlier):
        if name.endswith((".heic", ".avif")):
            (HERE / name).unlink()
            del earlier[name]
    corpus.expected.update(earlier)
    make(corpus.exactly, corpus.nearly, corpus.broken, corpus.unread, corpus.hostile)
    corpus.write_expected()
