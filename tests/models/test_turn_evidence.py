import pytest

from memgan_tf.models.turn_evidence import describe_turns, turn_weight, wilson_low


@pytest.mark.parametrize(
    ("accuracy", "num_views", "expected"),
    [
        (0.25, 10_000, 0.0),  # guessing
        (0.3, 72, 0.0),  # may be guessing: 72 views do not tell
        (0.3125, 10_000, 0.5),  # half way from guessing to three eighths
        (0.375, 10_000, 1.0),
        (0.9, 72, 1.0),
        (1.0, 4, 1.0),
        (0.0, 72, 0.0),
    ],
)
def test_the_weight_follows_what_is_told(accuracy, num_views, expected):
    assert turn_weight(accuracy, num_views) == pytest.approx(expected)


def test_wilsons_lower_end():
    from scipy import stats

    for count, total in ((7, 20), (0, 9), (50, 50)):
        expected = stats.binomtest(count, total).proportion_ci(0.95, method="wilson").low
        assert wilson_low(count / total, total) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("weight", "words"), [(0.0, "left out"), (0.4, "counts 40 %"), (1.0, "counts in full")]
)
def test_the_sentence_says_what_became_of_the_part(weight, words):
    assert words in describe_turns(0.3, weight)
