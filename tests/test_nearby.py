"""What is there in place of a missing path."""

import pytest

from memgan_tf.nearby import MAX_LISTED, list_nearby


@pytest.fixture
def sets(tmp_path):
    for name in ("cable", "bottle", "zipper", ".hidden"):
        (tmp_path / "mvtec" / name / "train").mkdir(parents=True)
    (tmp_path / "mvtec" / "bottles.txt").touch()
    return tmp_path / "mvtec"


def test_the_nearest_comes_first_and_is_asked_for(sets):
    text = list_nearby(sets / "botle", "folder:", folders=True)
    assert text == (f". In {sets}: bottle, cable, zipper. Did you mean folder:{sets / 'bottle'}?")


def test_only_a_path_that_exists_is_asked_for(sets):
    assert list_nearby(sets / "botle" / "trian").endswith("cable, zipper")
    assert list_nearby(sets / "botle" / "train").endswith(f"{sets / 'bottle' / 'train'}?")


def test_what_is_unlike_is_listed_alone(sets):
    assert list_nearby(sets / "9") == f". In {sets}: bottle, bottles.txt, cable, zipper"


def test_long_lists_are_cut(sets):
    for index in range(20):
        (sets / f"part_{index}").mkdir()
    text = list_nearby(sets / "part_x")
    assert text.partition("Did you mean")[0].count("part_") == MAX_LISTED
    assert "…" in text


@pytest.mark.parametrize("path", ["", ".", "/"])
def test_nothing_is_said_where_nothing_is_missing(path):
    assert list_nearby(path) == ""


def test_names_cannot_act_on_a_terminal(tmp_path):
    (tmp_path / "a\x1b[2Jb").mkdir()
    assert "\x1b" not in list_nearby(tmp_path / "ab")
