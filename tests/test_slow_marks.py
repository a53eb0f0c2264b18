"""The mark `slow` is compared with what tests take."""

import types

import pytest

from tests.slow_marks import unmarked


def report(duration, when="call", **keywords):
    return types.SimpleNamespace(
        duration=duration, when=when, keywords=keywords, nodeid=f"{duration}"
    )


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([report(9.9), report(10.1)], [(10.1, "10.1")]),
        ([report(30.0, slow=1), report(12.0), report(20.0)], [(20.0, "20.0"), (12.0, "12.0")]),
        ([report(15.0, when="setup")], []),  # what others share
    ],
)
def test_long_tests_without_the_mark_are_named(reports, expected):
    assert unmarked(reports) == expected
