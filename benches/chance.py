"""Measures `seams` and `border` by chance: a picture's scores, beside those of parts of it that have neither.

A painting has rough places and straight strokes, and some fall on a line where a fault would be. Parts cut from its
inside have no border of their own. Parts cut off by odd numbers of pixels have no seam at multiples of 2 to 64. So the
scores that `impasto compare` gives to these parts are scores by chance. A picture's own scores mean something if they
are higher.

    python benches/chance.py --content FILE PICTURE ...

needs a built `impasto` (cargo build --release), Python and Pillow.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

# (left, top, right, bottom) in pixels.
INSIDE = [(cut,) * 4 for cut in range(20, 64, 4)]
SHIFTED = [(left, top, 0, 0) for left, top in ((1, 3), (3, 1), (3, 5), (5, 3), (5, 7), (7, 5), (7, 1), (1, 7))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path, nargs="+")
    parser.add_argument("--content", type=Path, required=True)
    parser.add_argument("--impasto", type=Path, default=Path("target/release/impasto"))
    arguments = parser.parse_args()
    print("| picture | border | by chance: mean, most | seams | by chance: mean, most |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for path in arguments.pictures:
            picture = Image.open(path).convert("RGB")
            content = Image.open(arguments.content).convert("RGB").resize(picture.size, Image.BICUBIC)

            def scored(cut):
                box = (cut[0], cut[1], picture.width - cut[2], picture.height - cut[3])
                files = [Path(folder) / name for name in ("content.png", "picture.png")]
                for file, whole in zip(files, (content, picture)):
                    whole.crop(box).save(file)
                # Neither measure uses the style, but the command needs one.
                command = [arguments.impasto, "compare", "--content", files[0], "--style", files[0], files[1], "--json"]
                found = subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True)
                return json.loads(found.stdout)["pictures"][0]["scores"]

            own = scored((0, 0, 0, 0))
            cells = []
            for name, cuts in (("border", INSIDE), ("seams", SHIFTED)):
                chance = [scored(cut)[name] for cut in cuts]
                cells.append(f"{own[name]:.1f} | {statistics.mean(chance):.1f}, {max(chance):.1f}")
            print(f"| {path.stem} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
