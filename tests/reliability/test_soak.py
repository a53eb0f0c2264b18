"""A short soak; `python -m tests.reliability.soak` is the long one."""

import itertools

import numpy as np

from tests.reliability import soak


def test_scores_do_not_drift(exported):
    for through in (soak.soak_c_api, soak.soak_python):
        found = through(exported.path, 20_000)
        assert found["images"] == 20_000
        assert found["changed_scores"] == 0


def test_a_drift_is_counted():
    counter = itertools.count()
    found = soak.soak(lambda images: np.full(len(images), next(counter)), 3 * soak.BATCH)
    assert found["changed_scores"] == 3 * soak.BATCH


def test_every_image_is_scored_once_in_spite_of_failures(exported):
    found = soak.soak_client(exported.path, 200)
    assert found["images"] == 200
    assert found["wrong_or_lost"] == 0
    assert found["injected_failures"] > 0
    assert found["requests"] == 200 + found["injected_failures"]
