"""Makes the student's pictures: crops of photographs and paintings, and variations that are not natural images.

Optimisation leaves the natural images: it begins with noise or a photograph and passes through blends, overshooting
colours and half-painted strokes. A student trained only on photographs has arbitrary features there, which appear as
noise in its pictures.
"""

import random
import zlib
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps

ENDINGS = {".jpg", ".jpeg", ".png"}
# Similarity of fingerprints: the same picture has 0.99 at another size, and mostly more than this in another style.
ALIKE = 0.8
# One picture of so many is held out of training, for curves and `measure.py`.
HELD = 40
# Short side of pictures in memory: larger ones are reduced.
SHORT = 256


def files(folder: Path):
    """The picture files in a folder of any depth, sorted by name."""
    found = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in ENDINGS)
    if not found:
        raise SystemExit(f"error: no pictures in {folder}\nhint: JPEG or PNG files, in folders of any depth")
    return found


def opened(path):
    with Image.open(path) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")


def fingerprint(picture, side=12):
    """A tiny grey copy with mean 0 and length 1. The product of two is near 1 for equal pictures of any size or
    quality."""
    grey = np.asarray(picture.convert("L").resize((side, side), Image.BOX), dtype=np.float64)
    grey -= grey.mean()
    return grey / max(np.linalg.norm(grey), 1e-9)


def fingerprints(folders):
    """The fingerprints of all pictures in some folders and of their mirror images. Such pictures are left out, because
    a student must not be tested on pictures that it learned from.
    """
    marks = [fingerprint(opened(path)) for folder in folders for path in files(folder)]
    return marks + [mark[:, ::-1] for mark in marks]


def alike(picture, marks):
    own = fingerprint(picture)
    return any((own * mark).sum() > ALIKE for mark in marks)


def is_held(path):
    """Whether a picture is held out of training; decided by its bytes alone, wherever it lies."""
    return zlib.crc32(Path(path).read_bytes()) % HELD == 0


def read(path, without=()):
    """A picture as u8 [3, h, w]; None if it is like one of `without` (fingerprints)."""
    picture = opened(path)
    if alike(picture, without):
        return None
    scale = SHORT / min(picture.size)
    if scale < 1:
        picture = picture.resize(tuple(max(1, round(side * scale)) for side in picture.size), Image.LANCZOS)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()


def read_folder(folder: Path, without=()):
    """All pictures of a folder, except those that are like one of `without`."""
    return [picture for path in files(folder) if (picture := read(path, without)) is not None]


def learned_and_held(folders, without=()):
    """All pictures of some folders, as two lists: those for training, and the held-out ones."""
    lists = ([], [])
    for path in (path for folder in folders for path in files(folder)):
        if (picture := read(path, without)) is not None:
            lists[is_held(path)].append(picture)
    if not lists[0] or not lists[1]:
        raise SystemExit(
            f"error: too few pictures: one of {HELD} is held back\nhint: a thousand photographs and paintings"
        )
    return lists


def squares(pictures, side):
    """The upper left corners of all pictures that are large enough, [n, 3, side, side] in 0..1."""
    found = [picture[:, :side, :side].float() / 255 for picture in pictures if min(picture.shape[1:]) >= side]
    if not found:
        raise SystemExit(
            f"error: none of the pictures that are held back is {side} pixels a side\nhint: larger pictures, or more"
        )
    return torch.stack(found)


class Crops:
    """Batches of square crops in 0..1, which depend only on the seed and the step."""

    def __init__(self, natural, unfinished, seed, pixels=8 * 128 * 128, sizes=(128, 192, 256)):
        self.natural, self.unfinished = natural, unfinished
        self.seed, self.pixels, self.sizes = seed, pixels, sizes

    def crop(self, of, size, dice):
        picture = dice.choice(of).float()[None] / 255
        # At various scales, for strokes and lines of any width.
        scale = 2 ** dice.uniform(-0.7, 0.5)
        height, width = picture.shape[2:]
        scale = max(scale, size / min(height, width))
        shape = (max(size, round(height * scale)), max(size, round(width * scale)))
        # Antialiased only when reduced.
        picture = F.interpolate(picture, shape, mode="bilinear", antialias=scale < 1)
        top, left = dice.randrange(shape[0] - size + 1), dice.randrange(shape[1] - size + 1)
        picture = picture[0, :, top : top + size, left : left + size]
        return picture.flip(2) if dice.random() < 0.5 else picture

    def sample(self, size, dice, noise):
        which = dice.random()
        if self.unfinished and which < 0.2:
            return self.crop(self.unfinished, size, dice)
        picture = self.crop(self.natural, size, dice)
        if which < 0.55:
            return picture
        if which < 0.70:  # two pictures in one
            part = dice.uniform(0.2, 0.8)
            return part * picture + (1 - part) * self.crop(self.natural, size, dice)
        if which < 0.85:  # other colours: gains, offsets, planes in another order
            order = dice.sample(range(3), 3) if dice.random() < 0.3 else range(3)
            gains = torch.tensor([[[2 ** dice.uniform(-0.6, 0.6)]] for _ in range(3)])
            offsets = torch.tensor([[[dice.uniform(-0.2, 0.2)]] for _ in range(3)])
            return ((picture[list(order)] - 0.5) * gains + 0.5 + offsets).clamp(0, 1)
        if which < 0.97:  # noise, fine or coarse, over a picture
            coarse = 2 ** dice.randrange(3)
            grain = torch.randn((1, 3, size // coarse, size // coarse), generator=noise)
            grain = F.interpolate(grain, (size, size), mode="nearest")[0]
            return (picture + 0.3 * dice.random() ** 2 * grain).clamp(0, 1)
        coarse = 2 ** dice.randrange(4)  # noise alone
        grain = torch.rand((1, 3, size // coarse, size // coarse), generator=noise)
        return F.interpolate(grain, (size, size), mode="bilinear")[0]

    def batch(self, step):
        dice = random.Random(f"{self.seed} {step}")
        noise = torch.Generator().manual_seed(dice.getrandbits(60))
        size = dice.choice(self.sizes)
        return torch.stack([self.sample(size, dice, noise) for _ in range(max(1, self.pixels // size**2))])
