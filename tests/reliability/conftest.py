"""A run without a fault, with which runs with faults are compared."""

import pytest

from tests.reliability import kill


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """The run, trained and evaluated, and the seconds of its training."""
    return kill.make_reference(tmp_path_factory.mktemp("reference"))
