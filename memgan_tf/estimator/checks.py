"""scikit-learn's estimator checks: those that an estimator need not pass, each with its reason."""

from memgan_tf.estimator.image_detector import ImageDetector

# Check: why it may fail. Held by tests/estimator/test_checks.py: no other check fails.
EXPECTED_FAILED_CHECKS = {
    "check_methods_subset_invariance": (
        "Sums are taken in another order for another batch size. Networks compute in float32, so "
        "their scores agree to about 1e-6 of their size where the check asks for 1e-7; and the "
        "threshold is the score of one held-out image, whose own decision then hangs on a last "
        "bit, for pca as well."
    ),
    "check_methods_sample_order_invariance": (
        "As check_methods_subset_invariance: an image's place in its batch may change the order "
        "of sums. The check asks for 1e-9."
    ),
}


def expected_failed_checks(estimator: ImageDetector) -> dict[str, str]:
    """For `check_estimator` and `parametrize_with_checks`: exceptions with reasons.

    They are the same for every method; most fail none of them.
    """
    del estimator
    return dict(EXPECTED_FAILED_CHECKS)
