"""Fixtures of the tests of data."""

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of the test's own."""
    path = tmp_path / "cache"
    monkeypatch.setenv("MEMGAN_CACHE_DIR", str(path))
    return path
