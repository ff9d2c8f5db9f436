"""What the student sees: crops of photographs and paintings, and what lies beside them.

Optimisation leaves the natural images: it begins from noise or a photograph and passes through blends, overshot colours and
half-painted strokes. A student that has only seen photographs may answer there as it likes, and its pictures show it as noise.
"""

import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

ENDINGS = {".jpg", ".jpeg", ".png"}
# Of fingerprints: the same picture at another size has 0.99, with another style mostly above this.
ALIKE = 0.8
# Every so many-th picture is not learned from: curves and `measure.py` are of these.
HELD = 40


def fingerprint(picture, side=12):
    """A tiny grey copy with mean 0 and length 1: the product of two is near 1 for the same picture at another size or quality."""
    grey = np.asarray(picture.convert("L").resize((side, side), Image.BOX), dtype=np.float64)
    grey -= grey.mean()
    return grey.ravel() / max(np.linalg.norm(grey), 1e-9)


def fingerprints(folder: Path):
    """Of all pictures of a folder, to leave them out: what a student is judged by must not be what it learned from."""
    found = []
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.lower() in ENDINGS:
            with Image.open(path) as picture:
                found.append(fingerprint(picture))
    return found


def read_folder(folder: Path, longest=320, without=()):
    """All pictures of a folder as u8 [3, h, w], sorted by name; larger ones are made smaller, to stay in memory. Those that are like
    one of `without` (fingerprints) are left out."""
    found = []
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.lower() in ENDINGS:
            with Image.open(path) as picture:
                picture = picture.convert("RGB")
                mark = fingerprint(picture)
                if any(mark @ other > ALIKE for other in without):
                    continue
                picture.thumbnail((longest, longest), Image.LANCZOS)
                found.append(torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous())
    if not found:
        raise SystemExit(f"error: no pictures in {folder}\nhint: JPEG or PNG files, in folders of any depth")
    return found


class Crops:
    """Batches of square crops in 0..1, the same for the same seed and step."""

    def __init__(self, natural, unfinished, seed, pixels=8 * 128 * 128, sizes=(128, 192, 256)):
        self.natural, self.unfinished = natural, unfinished
        self.seed, self.pixels, self.sizes = seed, pixels, sizes

    def crop(self, of, size, dice):
        picture = dice.choice(of).float()[None] / 255
        # Of a picture's own size or another: strokes and lines of any width.
        scale = 2 ** dice.uniform(-0.7, 0.5)
        height, width = picture.shape[2:]
        scale = max(scale, size / min(height, width))
        shape = (max(size, round(height * scale)), max(size, round(width * scale)))
        # Smoothed only where made smaller.
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
