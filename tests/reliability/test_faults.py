"""Faults of the machine, once or twice each; `python -m tests.reliability.faults` tries more."""

import pytest

from tests.reliability import faults

TRIES = {"damaged TFRecord shard": 20, "damaged checkpoint": 2}


@pytest.fixture(scope="module")
def world(reference, tmp_path_factory):
    return faults.World(tmp_path_factory.mktemp("world"), 1, 3, reference[0])


@pytest.mark.parametrize("name", faults.FAULTS)
def test_a_fault_is_told_in_a_line_and_survived(name, world):
    world.tries = TRIES.get(name, 1)
    try:
        tally = faults.FAULTS[name](world)
    except faults.Impossible as error:
        pytest.skip(str(error))
    assert tally.problems == []
    assert tally.tried == tally.survived == world.tries


def test_a_problem_is_counted(tmp_path):
    tally = faults.Tally()
    with tally.one_try("a"):
        raise AssertionError("lost")
    with tally.one_try("b"):
        pass
    assert (tally.tried, tally.survived, tally.problems) == (2, 1, ["a: lost"])
