"""PyOD's view of an estimator."""

import numpy as np
import pytest
from sklearn.base import clone

from memgan_tf.estimator import PyodView, make_estimator


def test_pyods_view_is_the_other_way_round(digits):
    images, labels = digits
    zeros = images[labels == 1]
    view = PyodView(make_estimator("kde", target_fpr=0.1)).fit(zeros)
    estimator = view.estimator
    np.testing.assert_array_equal(view.decision_scores_, -estimator.score_samples(zeros))
    np.testing.assert_array_equal(view.decision_function(images), -estimator.score_samples(images))
    np.testing.assert_array_equal(view.predict(images), (1 - estimator.predict(images)) // 2)
    np.testing.assert_array_equal(view.labels_, view.decision_scores_ > view.threshold_)
    shares = view.predict_proba(zeros)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert shares[view.decision_scores_.argmin(), 1] == 0.0
    assert shares[view.decision_scores_.argmax(), 1] == 1.0
    assert shares[:, 1].argsort().tolist() == view.decision_scores_.argsort().tolist()


def test_pyods_view_of_a_fitted_estimator(fitted, digits):
    images, _ = digits
    view = PyodView(fitted["kde"])
    assert set(view.predict(images)) == {0, 1}
    with pytest.raises(RuntimeError, match="`fit` must come before `predict_proba`"):
        view.predict_proba(images)


def test_pyods_contamination_sets_the_threshold_on_the_scores_of_fit(digits):
    images, labels = digits
    view = PyodView(make_estimator("kde"), contamination=0.1)
    found = view.fit_predict(images[labels == 1])
    np.testing.assert_array_equal(found, view.labels_)
    assert found.sum() == round(0.1 * len(found))
    assert (view.threshold_ < view.decision_scores_).sum() == found.sum()
    np.testing.assert_array_equal(view.predict(images[labels == 1]), found)
    with pytest.raises(RuntimeError, match="`fit` must come before `predict`"):
        PyodView(view.estimator, 0.1).predict(images)
    with pytest.raises(ValueError, match="`contamination` must be at most 0.5"):
        PyodView(make_estimator("kde"), contamination=0.7).fit(images)


def test_pyods_parameters():
    view = PyodView(make_estimator("kde", target_fpr=0.2), contamination=0.1)
    assert view.get_params(deep=False).keys() == {"estimator", "contamination"}
    assert view.get_params()["estimator__target_fpr"] == 0.2
    assert view.set_params(contamination=None, estimator__seed=3) is view
    assert (view.contamination, view.estimator.seed) == (None, 3)
    assert clone(view).estimator.seed == 3
