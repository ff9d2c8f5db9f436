"""Fixtures of the tests of `impasto.ray`: small pictures, and a cluster of three machines on this one."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import impasto
import numpy as np
import pytest
from ray_shared import picture
from shared import needs


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker of tests that start a cluster."""
    config.addinivalue_line("markers", "ray: starts a Ray cluster on this machine; needs impasto[ray]")


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
    # The cluster is on this machine alone, and leaves no token behind. Ray reads these when it is imported.
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray = needs("ray")
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
