"""What the tests of `impasto.ray` share: small pictures, and a cluster of three machines on this one."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import impasto

# A preset for quick runs: shallow layers have a small halo, so blocks can be small.
QUICK: dict[str, Any] = {
    "size": 224,
    "min_size": 96,
    "iterations": [3, 2, 12],
    "style_layers": ["relu1_1", "relu2_1", "relu3_1"],
    "content_layers": ["relu3_1"],
}

# Two blocks across and down, at scales above 160 pixels: of those of QUICK, the last.
CUT: dict[str, Any] = {"blocks": (2, 2), "spread_above": 160}


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker of tests that start a cluster."""
    config.addinivalue_line("markers", "ray: starts a Ray cluster on this machine; needs impasto[ray]")


def picture(width: int, height: int, seed: int) -> np.ndarray:
    """Waves and noise, as an array of 8 bits."""
    y, x = np.mgrid[0:height, 0:width] / 16.0
    waves = [np.sin(x * (1 + 0.3 * c) + seed) * np.cos(y * (0.7 + 0.2 * c)) for c in range(3)]
    noise = np.random.default_rng(seed).random((height, width, 3)) * 0.3
    return ((np.stack(waves, -1) * 0.3 + 0.5 + noise - 0.15).clip(0, 1) * 255).astype(np.uint8)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a content, a style, and a mask that is white on the left."""
    folder = tmp_path_factory.mktemp("pictures")
    impasto.save(picture(224, 160, 1), folder / "content.png")
    impasto.save(picture(200, 180, 7), folder / "style.png")
    mask = np.zeros((160, 224, 3), np.uint8)
    mask[:, :100] = 255
    impasto.save(mask, folder / "mask.png")
    return folder


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Notes on the pictures are no failures."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", impasto.ImpastoNote)
        yield


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Three machines with one processor each, all on this one. The first cannot be lost: it has the driver."""
    if importlib.util.find_spec("ray") is None:
        if os.environ.get("IMPASTO_NO_SKIPS") == "1":
            pytest.fail("ray is not installed, and IMPASTO_NO_SKIPS is set")
        print("skipped: ray is not installed (pip install impasto[ray])")
        pytest.skip("ray is not installed: pip install impasto[ray]")
    # The cluster is on this machine alone, and leaves no token behind. Ray reads these when it is imported.
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    from ray.cluster_utils import Cluster

    resources = {"num_cpus": 1, "object_store_memory": 100 << 20, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=resources)
    others = {"num_cpus": 1, "object_store_memory": 100 << 20}
    for _ in range(2):
        made.add_node(**others)
    ray.init(address=made.address, log_to_driver=False)
    try:
        yield made
    finally:
        ray.shutdown()
        made.shutdown()
