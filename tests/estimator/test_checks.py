"""scikit-learn's own checks of an outlier detector, on a shallow detector and on MEMGAN."""

import pathlib

import pytest
from sklearn.utils import estimator_checks

from memgan_tf.estimator import expected_failed_checks, make_estimator
from memgan_tf.estimator.checks import EXPECTED_FAILED_CHECKS
from tests.conftest import untraced

# The checks hand out rows of two to ten numbers, which are no images.
ESTIMATORS = [
    make_estimator("kde", values="numbers", target_fpr=0.1),
    make_estimator(
        "memgan",
        values="numbers",
        target_fpr=0.1,
        epochs=1,
        batch_size=256,
        base_width=4,
        latent_dim=4,
        num_units=4,
        discriminator_width=8,
    ),
]
# They make warnings on purpose, and skip themselves where pandas is not installed.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _eager():
    """A fit of one step costs less run than traced, and there are fifty of them."""
    with untraced():
        yield


@estimator_checks.parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failed_checks)
def test_sklearns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("name", EXPECTED_FAILED_CHECKS)
def test_every_exception_is_a_check_and_has_a_reason(name):
    assert hasattr(estimator_checks, name)
    assert len(EXPECTED_FAILED_CHECKS[name]) > 40


def test_the_page_has_the_same_table():
    page = (pathlib.Path(__file__).parents[2] / "docs" / "scikit_learn.md").read_text()
    rows = [f"| `{name}` | {reason} |" for name, reason in EXPECTED_FAILED_CHECKS.items()]
    table = "\n".join(["| check | reason |", "|---|---|", *rows])
    assert f"<!-- checks -->\n{table}\n<!-- end of checks -->" in page
