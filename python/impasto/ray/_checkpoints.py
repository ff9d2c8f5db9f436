"""Checkpoints of a picture in blocks, in a folder that every machine sees.

A checkpoint is a folder with a file for each block, and a manifest, which names the files by their digests. The files
come first; the manifest comes into being by a rename, when all are on the disk. A folder without a manifest is no
checkpoint. Two are kept: if a file of the later one is damaged, the earlier one is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from impasto._errors import CheckpointError

_FORMAT = 1
_MANIFEST = "manifest.json"
_KEPT = 2
_DIGEST = 32
"""Bytes at the end of a file that are the SHA-256 of those before."""


@dataclass(frozen=True)
class Place:
    """An intact checkpoint."""

    state: str
    """The state of the chief."""
    shards: list[str]
    """The file of each block."""


def digest_of(path: str) -> str | None:
    """Returns the digest of a block's file, or None if it does not have the bytes that were written."""
    try:
        size = os.path.getsize(path) - _DIGEST
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            while size > 0 and (chunk := file.read(min(size, 1 << 20))):
                digest.update(chunk)
                size -= len(chunk)
            found = file.read()
    except OSError:
        return None
    return digest.hexdigest() if found == digest.digest() else None


def write_whole(path: str, text: str) -> None:
    """Writes a file completely or not at all."""
    beside = f"{path}.{os.getpid()}.tmp"
    with open(beside, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    sync_folder(os.path.dirname(path))


def sync_folder(folder: str) -> None:
    """Makes renames in a folder last, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Writing:
    """A checkpoint that is being written."""

    def __init__(self, folder: str, run: str) -> None:
        self.folder, self._run = folder, run

    def path(self, block: int) -> str:
        """Returns the path for a block's file."""
        return os.path.join(self.folder, f"block-{block:04}.safetensors")

    def finish(self, state: str, digests: list[str]) -> None:
        """Writes the manifest, which makes the files a checkpoint."""
        sync_folder(self.folder)
        manifest = {"format": _FORMAT, "run": self._run, "state": state, "shards": digests}
        write_whole(os.path.join(self.folder, _MANIFEST), json.dumps(manifest))


class Store:
    """The checkpoints of one run."""

    def __init__(self, folder: str, run: str) -> None:
        """`run` is a text with everything that decides the result."""
        self.folder = folder
        self._run = hashlib.sha256(run.encode()).hexdigest()
        kept = self._folders() or os.path.exists(self.whole_path)
        if kept and _text(self._owner) != self._run:
            hint = "give the run another `checkpoint`, or delete this one"
            raise CheckpointError(f"{folder} has the checkpoints of another run", hint=hint)

    def claim(self) -> None:
        """Makes the folder that of this run."""
        os.makedirs(self.folder, exist_ok=True)
        write_whole(self._owner, self._run)

    @property
    def _owner(self) -> str:
        return os.path.join(self.folder, "run")

    @property
    def whole_path(self) -> str:
        """The checkpoint of a small scale, which one machine runs."""
        return os.path.join(self.folder, "whole.checkpoint")

    def whole(self) -> str | None:
        """Returns that checkpoint, if it is there and intact."""
        return self.whole_path if digest_of(self.whole_path) is not None else None

    def latest(self) -> Place | None:
        """Returns the last checkpoint whose files are all intact. Later ones, which are not, are deleted."""
        for folder in reversed(self._folders()):
            if place := self._place(folder):
                return place
            shutil.rmtree(folder, ignore_errors=True)
        return None

    @contextlib.contextmanager
    def begin(self) -> Iterator[Writing]:
        """Begins a checkpoint. When it is finished, those before the last two are deleted."""
        folders = self._folders()
        number = 1 + max((_number(folder) for folder in folders), default=0)
        folder = os.path.join(self.folder, f"step-{number:08}")
        os.makedirs(folder)
        yield Writing(folder, self._run)
        complete = [folder for folder in self._folders() if os.path.exists(os.path.join(folder, _MANIFEST))]
        for old in self._folders():
            if old not in complete[-_KEPT:]:
                shutil.rmtree(old, ignore_errors=True)

    def remove(self) -> None:
        """Deletes all checkpoints, when the result is written."""
        for folder in self._folders():
            shutil.rmtree(folder, ignore_errors=True)
        for name in ("whole.checkpoint", "run"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(self.folder, name))
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)

    def _folders(self) -> list[str]:
        if not os.path.isdir(self.folder):
            return []
        names = sorted(name for name in os.listdir(self.folder) if name.startswith("step-"))
        return [os.path.join(self.folder, name) for name in names]

    def _place(self, folder: str) -> Place | None:
        try:
            manifest: Any = json.loads(_text(os.path.join(folder, _MANIFEST)) or "")
            if (manifest["format"], manifest["run"]) != (_FORMAT, self._run):
                return None
            state, digests = str(manifest["state"]), list(manifest["shards"])
        except (ValueError, KeyError, TypeError):
            return None
        writing = Writing(folder, self._run)
        shards = [writing.path(block) for block in range(len(digests))]
        intact = all(digest_of(path) == digest for path, digest in zip(shards, digests, strict=True))
        return Place(state, shards) if digests and intact else None


def _number(folder: str) -> int:
    text = os.path.basename(folder).removeprefix("step-")
    return int(text) if text.isdigit() else 0


def _text(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return None
