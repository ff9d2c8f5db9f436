#!/usr/bin/env python3
"""Makes the pictures of the pages: runs the commands that stand in them, and keeps small copies of the results.

    python docs/pictures/make.py [--impasto FILE] [--work FOLDER] [--into FOLDER] [--list] [PAGE ...]

A page's commands are the lines of its blocks of `sh` that begin with `impasto`. They run in a copy of this folder,
`target/pictures/docs/pictures`, beside a copy of `samples`. Every picture `images/painted/NAME.jpg` that the page shows
is then a copy of `NAME.png` or `NAME.jpg` there: at most 512 pixels, or 1024 for a row or a sheet, and at most 60 kB.

A journal in the work folder names the commands that are done, so that an interrupted run goes on. Needs Pillow.
"""

import argparse
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGES = ["tutorial", "gallery", "how-it-works"]
LARGEST = 60_000
"""Bytes of a picture in the book."""


def commands(page: Path) -> list[str]:
    """The commands of a page's `sh` blocks; a line that ends with a backslash goes on."""
    found = []
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text(), re.DOTALL | re.MULTILINE):
        lines = block.replace("\\\n", " ").splitlines()
        found += [" ".join(line.split()) for line in lines if line.lstrip().startswith("impasto ")]
    return found


def shown(page: Path) -> list[str]:
    """The names of the pictures that a page shows and that this script makes."""
    return re.findall(r"images/painted/([\w/-]+)\.jpg", page.read_text())


def prepare(work: Path) -> Path:
    """Copies of the sources; the folder to run in."""
    folder = work / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for source in HERE.glob("*.[jp][pn]g"):
        shutil.copy(source, folder)
    shutil.copytree(ROOT / "samples", work / "samples", dirs_exist_ok=True)
    return folder


def run(command: str, impasto: str, folder: Path) -> None:
    arguments = [impasto if word == "impasto" else word for word in shlex.split(command)]
    ran = subprocess.run(arguments, cwd=folder, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{command}\n{ran.stdout}{ran.stderr}")


def shrink(source: Path, target: Path) -> int:
    """A JPEG of at most `LARGEST` bytes; its size."""
    with Image.open(source) as opened:
        picture = opened.convert("RGB")
    side = 1024 if max(picture.size) > 1.9 * min(picture.size) or "sheet" in source.stem else 512
    target.parent.mkdir(parents=True, exist_ok=True)
    while True:
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in range(88, 59, -4):
            picture.save(target, quality=quality, optimize=True)
            if target.stat().st_size <= LARGEST:
                return target.stat().st_size
        side = side * 7 // 8


def make(name: str, impasto: str, work: Path, into: Path) -> None:
    page = ROOT / "docs" / f"{name}.md"
    folder = prepare(work)
    journal = work / "done.txt"
    done = journal.read_text().splitlines() if journal.exists() else []
    for command in commands(page):
        if command not in done:
            print(command, flush=True)
            run(command, impasto, folder)
            with journal.open("a") as file:
                file.write(command + "\n")
    for picture in dict.fromkeys(shown(page)):
        base = folder / picture
        sources = [base.with_suffix(kind) for kind in (".png", ".jpg")]
        source = next((path for path in sources if path.is_file()), None)
        if source is None:
            sys.exit(f"{page}: no command makes {picture}")
        size = shrink(source, into / "painted" / f"{picture}.jpg")
        print(f"{picture}.jpg: {size} bytes", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--impasto", default=str(ROOT / "target/release/impasto"))
    parser.add_argument("--work", type=Path, default=ROOT / "target/pictures")
    parser.add_argument("--into", type=Path, default=ROOT / "docs/images")
    parser.add_argument("--list", action="store_true", help="print the commands, and run nothing")
    parser.add_argument("pages", nargs="*", default=PAGES)
    given = parser.parse_args()
    if not given.list:
        for sample in (ROOT / "samples").glob("*.jpg"):
            shrink(sample, given.into / "samples" / sample.name)
    for page in given.pages:
        if given.list:
            print("\n".join(commands(ROOT / "docs" / f"{page}.md")))
        else:
            make(page, given.impasto, given.work, given.into)


if __name__ == "__main__":
    main()
