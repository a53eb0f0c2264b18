"""A tiny network with random weights in a file."""

import pathlib

import pytest

from tests.tiny_backbone import write_tiny_backbone

REAL = pathlib.Path(__file__).parents[3] / "shared" / "backbones" / "efficientnet_lite0.keras"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Path of the tiny network."""
    return write_tiny_backbone(tmp_path_factory.mktemp("backbone") / "tiny.keras")


@pytest.fixture(scope="session")
def real():
    """Path of a network that learned on ImageNet, where it is at hand."""
    if not REAL.is_file():
        pytest.skip(f"{REAL} is not there")
    return REAL
