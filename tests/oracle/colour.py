"""Converts colours through profiles with littlecms (Pillow's ImageCms), for crates/impasto-image/tests/all/colour.rs.

    pip install pillow
    python tests/oracle/colour.py

Writes the profiles, which it builds byte by byte, and `colours.txt`: profile, target, colour and littlecms's result,
with 8 bits a channel, relative colorimetric.
"""

import io
import struct
from pathlib import Path

from PIL import Image, ImageCms

DATA = Path(__file__).parents[2] / "crates/impasto-image/tests/data"


def number(value):
    return struct.pack(">i", round(value * 65536))


def xyz(values):
    return b"XYZ \0\0\0\0" + b"".join(number(value) for value in values)


def gamma(value):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256)) + b"\0\0"


def srgb_curve():
    values = [1.0 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]
    return b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + b"".join(number(value) for value in [2.4, *values])


def text(value):
    return b"text\0\0\0\0" + value + b"\0"


def description(value):
    data = b"desc\0\0\0\0" + struct.pack(">I", len(value) + 1) + value + b"\0"
    return data + bytes(4 + 4 + 2 + 1 + 67)


def profile(kind, space, pcs, tags):
    tags = {b"desc": description(b"test"), b"cprt": text(b"public domain"), b"wtpt": xyz(D50), **tags}
    table, data = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        value += bytes(-len(value) % 4)
        table += name + struct.pack(">II", start + len(data), len(value))
        data += value
    size = start + len(data)
    header = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02400000, kind, space, pcs)
    header += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    header += b"".join(number(value) for value in D50)
    return header + bytes(128 - len(header)) + struct.pack(">I", len(tags)) + table + data


D50 = [0.9642, 1.0, 0.8249]

# Colorants of Adobe RGB (1998), ROMM (ISO 22028-2) and Display P3, adapted to D50.
ADOBE = [[0.60974, 0.31111, 0.01947], [0.20528, 0.62567, 0.06087], [0.14919, 0.06322, 0.74457]]
ROMM = [[0.79767, 0.28803, 0.0], [0.13519, 0.71188, 0.0], [0.03134, 0.00009, 0.8249]]
P3 = [[0.51512, 0.24120, -0.00105], [0.29198, 0.69225, 0.04189], [0.15710, 0.06657, 0.78407]]
SRGB = [[0.43607, 0.22249, 0.01392], [0.38515, 0.71687, 0.09708], [0.14307, 0.06061, 0.71410]]


def rgb(colorants, curve):
    names = zip([b"r", b"g", b"b"], colorants)
    tags = {}
    for name, colorant in names:
        tags[name + b"XYZ"] = xyz(colorant)
        tags[name + b"TRC"] = curve
    return profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey(curve):
    return profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": curve})


def inks():
    """Corners of four inks as L*a*b*, linear between."""
    colours = {"": (100, 0, 0), "c": (55, -37, -50), "m": (48, 74, -3), "y": (89, -5, 93)}
    colours |= {"cm": (24, 22, -46), "cy": (50, -65, 27), "my": (47, 68, 48), "cmy": (23, 0, 0)}
    corners = {(name.count("c"), name.count("m"), name.count("y")): value for name, value in colours.items()}
    points = 7
    table = b""
    for index in range(points**4):
        c, m, y, k = (index // points**power % points / (points - 1) for power in (3, 2, 1, 0))
        l = a = b = 0.0
        for (on_c, on_m, on_y), values in corners.items():
            share = (c if on_c else 1 - c) * (m if on_m else 1 - m) * (y if on_y else 1 - y)
            l, a, b = l + share * values[0], a + share * values[1], b + share * values[2]
        l, a, b = l * (1 - 0.85 * k), a * (1 - 0.9 * k), b * (1 - 0.9 * k)
        # 16 bits as in ICC version 2: 0xff00 is 100, 0x8000 is 0.
        table += struct.pack(">3H", round(l * 652.8), round((a + 128) * 256), round((b + 128) * 256))
    line = struct.pack(">2H", 0, 65535)
    identity = b"".join(number(float(row == column)) for row in range(3) for column in range(3))
    lut = b"mft2\0\0\0\0" + struct.pack(">4B", 4, 3, points, 0) + identity + struct.pack(">2H", 2, 2)
    lut += 4 * line + table + 3 * line
    return profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": lut})


PROFILES = {
    "adobe": ("RGB", rgb(ADOBE, gamma(2.19921875)), "p3"),
    "romm": ("RGB", rgb(ROMM, gamma(1.8)), "p3"),
    "p3": ("RGB", rgb(P3, srgb_curve()), "p3"),
    "linear": ("RGB", rgb(SRGB, gamma(1.0)), "srgb"),
    "grey": ("L", grey(gamma(1.8)), "srgb"),
    "inks": ("CMYK", inks(), "srgb"),
}

TARGETS = {"srgb": rgb(SRGB, srgb_curve()), "p3": rgb(P3, srgb_curve())}


def main():
    DATA.mkdir(exist_ok=True)
    lines = []
    steps = [0, 40, 128, 200, 255]
    for name, (mode, data, target) in PROFILES.items():
        (DATA / f"{name}.icc").write_bytes(data)
        channels = len(mode) if mode != "L" else 1
        if mode == "L":
            colours = [(value,) for value in range(0, 256, 15)]
        else:
            colours = [tuple(steps[(i * (channel + 1) + channel * i // 5) % 5] for channel in range(channels))
                       for i in range(25)]
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(data)),
            ImageCms.ImageCmsProfile(io.BytesIO(TARGETS[target])),
            mode, "RGB", renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
        image = Image.new(mode, (len(colours), 1))
        image.putdata([colour if channels > 1 else colour[0] for colour in colours])
        for colour, seen in zip(colours, ImageCms.applyTransform(image, transform).get_flattened_data()):
            lines.append(" ".join([name, target, *map(str, colour), ":", *map(str, seen)]))
    (DATA / "colours.txt").write_text("\n".join(lines) + "\n")


main()
