"""Checkpoints in two phases, without any run: folders of files with digests."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from impasto import CheckpointError
from impasto.ray._checkpoints import Place, Store

BLOCKS = 3


def shard(path: str, content: bytes) -> str:
    """Writes a file that ends with its digest, as blocks do."""
    digest = hashlib.sha256(content)
    Path(path).write_bytes(content + digest.digest())
    return digest.hexdigest()


def save(store: Store, state: str) -> None:
    store.claim()
    with store.begin() as checkpoint:
        digests = [shard(checkpoint.path(block), f"{state} {block}".encode() * 100) for block in range(BLOCKS)]
        checkpoint.finish(state, digests)


def state_of(store: Store) -> str | None:
    place = store.latest()
    return place and place.state


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "run"), "a run")
    assert store.latest() is None
    for state in ("one", "two", "three"):
        save(store, state)
        assert state_of(store) == state
    assert len(list((tmp_path / "run").glob("step-*"))) == 2
    place = store.latest()
    assert isinstance(place, Place) and len(place.shards) == BLOCKS


@pytest.mark.parametrize("victim", [0, 1, 2, "manifest.json"])
@pytest.mark.parametrize("how", ["cut", "changed", "missing", "empty"])
def test_a_torn_file_means_the_checkpoint_before(tmp_path: Path, victim: int | str, how: str) -> None:
    store = Store(str(tmp_path), "a run")
    save(store, "one")
    save(store, "two")
    newest = max(tmp_path.glob("step-*"))
    name = victim if isinstance(victim, str) else f"block-{victim:04}.safetensors"
    path, data = newest / name, (newest / name).read_bytes()
    if how == "missing":
        path.unlink()
    else:
        middle = len(data) // 2
        changed = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        path.write_bytes({"cut": data[:-7], "changed": changed, "empty": b""}[how])
    assert state_of(store) == "one"
    save(store, "three")
    assert state_of(store) == "three"


def test_files_without_a_manifest_are_no_checkpoint(tmp_path: Path) -> None:
    store = Store(str(tmp_path), "a run")
    save(store, "one")
    with pytest.raises(RuntimeError), store.begin() as checkpoint:
        shard(checkpoint.path(0), b"half")
        raise RuntimeError("the driver dies")
    assert state_of(store) == "one"


def test_the_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    Store(str(tmp_path), "a run").claim()
    # Nothing is kept yet.
    Store(str(tmp_path), "another run").claim()
    save(Store(str(tmp_path), "another run"), "one")
    Store(str(tmp_path), "another run")
    with pytest.raises(CheckpointError, match="another run"):
        Store(str(tmp_path), "a run")


def test_nothing_stays_when_the_result_is_written(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "run"), "a run")
    save(store, "one")
    Path(store.whole_path).write_bytes(b"whatever")
    assert store.whole() is None
    store.remove()
    assert not (tmp_path / "run").exists()
