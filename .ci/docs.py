#!/usr/bin/env python3
"""Checks of the documentation, for `.ci/docs`. The standard library is enough, and no network is used.

    python3 .ci/docs.py links       every link of the built book and of the Markdown files outside it leads somewhere
    python3 .ci/docs.py commands    the commands of some pages run as they are printed, on small pictures
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
BOOK = ROOT / "target/book"
IMPASTO = ROOT / "target/release/impasto"

# Markdown outside the book whose links are checked as they stand in the repository.
OUTSIDE = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "RELEASING.md",
           "training/README.md", "studio/README.md", "tests/oracle/README.md"]

# Folders of pictures that are made by docs/pictures/make.py, and the most bytes of each of their pictures.
MADE, MADE_BYTES, OTHER_BYTES = ["painted", "samples"], 60_000, 200_000

# Pages whose blocks of `sh` are run by `commands`. Those with pictures are run by docs/pictures/make.py.
RUN = ["start", "cookbook", "coming-from"]


# === Links ===


class Page(HTMLParser):
    """The names and the links of an HTML page."""

    def __init__(self, path: Path):
        super().__init__()
        self.ids, self.links = set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if values.get("id"):
            self.ids.add(values["id"])
        self.links += [values[name] for name in ("href", "src") if values.get(name)]


def faults_of_book() -> tuple[list[str], int]:
    """Links of the built book that lead nowhere, and the number of links."""
    pages = {path: Page(path) for path in BOOK.rglob("*.html") if path.name not in ("404.html", "toc.html")}
    faults, count = [], 0
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or link.startswith("//"):
                continue
            count += 1
            target = Path(os.path.normpath(path.parent / unquote(parts.path))) if parts.path else path
            where = path.relative_to(BOOK)
            if not target.is_relative_to(BOOK):
                faults.append(f"{where}: {link} leads out of the book")
            elif not target.is_file():
                faults.append(f"{where}: {link}: no such file")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
                faults.append(f"{where}: {link}: no such heading")
    return faults, count


def anchors(markdown: Path) -> set[str]:
    """The anchors of a Markdown file's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.*)$", re.sub(r"^```.*?^```", "", markdown.read_text(), flags=re.S | re.M), re.M)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in plain}


def faults_outside() -> tuple[list[str], int]:
    """Links of Markdown files outside the book that lead nowhere, and the number of links."""
    faults, count = [], 0
    for name in OUTSIDE:
        path = ROOT / name
        for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
            parts = urlsplit(link)
            if parts.scheme:
                continue
            count += 1
            target = (path.parent / parts.path).resolve() if parts.path else path
            if not target.exists():
                faults.append(f"{name}: {link}: no such file")
            elif parts.fragment and target.suffix == ".md" and parts.fragment not in anchors(target):
                faults.append(f"{name}: {link}: no such heading")
    return faults, count


def faults_of_files() -> list[str]:
    """Pages that no chapter lists, pictures that nothing shows, and pictures that are too large."""
    faults = []
    summary = (DOCS / "SUMMARY.md").read_text()
    texts = "".join(path.read_text() for path in [*DOCS.rglob("*.md"), *(ROOT / name for name in OUTSIDE)])
    for page in DOCS.rglob("*.md"):
        name = page.relative_to(DOCS).as_posix()
        if name != "SUMMARY.md" and f"({name})" not in summary:
            faults.append(f"docs/{name} is not in docs/SUMMARY.md")
    for picture in (DOCS / "images").rglob("*.*"):
        name = picture.relative_to(DOCS).as_posix()
        most = MADE_BYTES if name.split("/")[1] in MADE else OTHER_BYTES
        if name not in texts:
            faults.append(f"docs/{name} is shown nowhere")
        if picture.stat().st_size > most:
            faults.append(f"docs/{name} has {picture.stat().st_size} bytes, more than {most}")
    return faults


def links() -> list[str]:
    (inside, first), (outside, second) = faults_of_book(), faults_outside()
    print(f"{first} links in the book and {second} outside it")
    if first < 500 or second < 40:
        return [*inside, *outside, "fewer links than there should be"]
    return inside + outside + faults_of_files()


# === Commands ===


def lines_of(page: str) -> list[str]:
    """The commands in a page's blocks of `sh`."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (DOCS / f"{page}.md").read_text(), re.S | re.M)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def run(line: str, folder: Path) -> str | None:
    """Runs a command; what it said if it failed."""
    words = [str(IMPASTO) if word == "impasto" else word for word in shlex.split(line)]
    ran = subprocess.run(words, cwd=folder, capture_output=True, text=True, env={**os.environ, "IMPASTO_OFFLINE": "1"})
    return None if ran.returncode == 0 else ran.stdout + ran.stderr


def prepare(folder: Path) -> None:
    """The pictures that the pages name, small, so that a command takes a second."""
    def small(source: Path, name: str) -> None:
        line = f"impasto stylize {source} {source} -o {name} --size 96 --strength 0 --effort draft"
        if said := run(line, folder):
            sys.exit(f"{line}\n{said}")

    for name in ["samples", "photos"]:
        (folder / name).mkdir()
    pictures, samples = DOCS / "pictures", ROOT / "samples"
    for name in ["photo", "other", "photos/one"]:
        small(pictures / "astronaut.jpg", f"{name}.jpg")
    for name in ["painting", "land", "sky"]:
        small(pictures / "wave.jpg", f"{name}.jpg")
    for name in ["harbour", "swirls"]:
        small(samples / f"{name}.jpg", f"samples/{name}.jpg")
    for name in ["face", "sky", "part"]:
        (folder / f"{name}.png").write_bytes((pictures / "face-mask.png").read_bytes())


def commands() -> list[str]:
    faults, count = [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for page in RUN:
            for line in lines_of(page):
                print(f"+ {line}", flush=True)
                count += 1
                if said := run(line, folder):
                    faults.append(f"docs/{page}.md: {line}\n{said}")
    print(f"{count} commands")
    return faults if count >= 30 else [*faults, "fewer commands than there should be"]


def main() -> None:
    checks = {"links": links, "commands": commands}
    if len(sys.argv) != 2 or sys.argv[1] not in checks:
        sys.exit(__doc__)
    faults = checks[sys.argv[1]]()
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
