"""Fixtures of the tests of the low level: networks."""

from __future__ import annotations

from pathlib import Path

import impasto
import pytest
from impasto.encoder import Encoder
from low_shared import TorchVgg
from shared import needs


@pytest.fixture(scope="session")
def lite() -> Encoder:
    """Returns the small network of the package."""
    return impasto.Encoder("lite")


@pytest.fixture(scope="session")
def torch_vgg(tmp_path_factory: pytest.TempPathFactory) -> tuple[TorchVgg, Encoder]:
    """Returns a random VGG-19 of full width in PyTorch, and the encoder of the file that PyTorch wrote of it."""
    torch = needs("torch")
    network = TorchVgg(torch)
    path: Path = tmp_path_factory.mktemp("weights") / "vgg19.pth"
    torch.save(network.state_dict(), path)
    return network, impasto.Encoder(path)
