"""A folder of the layout mvtec."""

import pytest

from tests import folder_sets


@pytest.fixture
def mvtec(tmp_path):
    return folder_sets.make_mvtec(tmp_path / "set", 6, 3, 2, side=32)
