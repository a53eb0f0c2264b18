import numpy as np
import pytest

from memgan_tf.evaluation.subset import stratified_subset

LABELS = np.repeat([1, 0], [900, 100])


@pytest.mark.parametrize("limit", [None, 1000, 5000])
def test_all_images_if_there_are_no_more(limit):
    np.testing.assert_array_equal(stratified_subset(LABELS, limit), np.arange(1000))


@pytest.mark.parametrize(("limit", "normals"), [(100, 10), (10, 1), (2, 1), (500, 50)])
def test_both_labels_keep_their_share(limit, normals):
    chosen = stratified_subset(LABELS, limit)
    assert len(np.unique(chosen)) == limit
    assert (LABELS[chosen] == 0).sum() == normals
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, stratified_subset(LABELS, limit))
