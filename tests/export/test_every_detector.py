"""Every deep detector either exports with the same scores or says why it cannot."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config import DETECTORS, resolve
from memgan_tf.config.registry import DEEP, SHALLOW
from memgan_tf.detectors.registry import make_detector
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.export.scorer import Scorer
from memgan_tf.export.verification import check_variables
from tests.c_api.session import CSession

SMALL = {
    **{"base_width": 4, "latent_dim": 4, "discriminator_width": 8, "num_units": 6},
    **{"widths": "4", "num_hidden": 8, "estimation_width": 4},
}


def untrained(name, pixels):
    fields = DETECTORS[name].config.describe()
    overrides = {k: v for k, v in SMALL.items() if k in fields}
    if name in DEEP:
        overrides["batch_size"] = 16
    detector = make_detector(resolve(name, "default", (8, 8, 1), overrides))
    if not detector.export_obstacle():
        detector.initialize(pixels(32))
    return detector


@pytest.mark.parametrize("name", sorted(DEEP))
def test_deep_detectors(name, pixels, tmp_path):
    detector = untrained(name, pixels)
    if detector.export_obstacle():
        assert name == "adgan"  # the one that has no graph from image to score
        return
    images = pixels(5, seed=1)
    scores = detector.score(images)
    scorer = Scorer(detector.model, (8, 8, 1), Calibration.of(scores, 0.3))
    tf.saved_model.save(scorer, str(tmp_path), signatures=scorer.signatures())
    assert check_variables(tmp_path) == len(detector.model.scoring_variables)
    session = CSession(tmp_path)
    answer = session.run("serving_default", image=images)
    np.testing.assert_array_equal(answer["anomaly_score"], scores)
    assert ("memory" in session.signatures) == (detector.decode_units() is not None)
    # Sides that round to the same features must not slip through to a score.
    with pytest.raises(RuntimeError, match="is not compatible"):
        session.run("serving_default", image=np.zeros((1, 7, 7, 1)))
    session.close()


@pytest.mark.parametrize("name", ["adgan", *sorted(SHALLOW)])
def test_a_detector_that_cannot_says_why(name, pixels):
    obstacle = untrained(name, pixels).export_obstacle()
    assert "memgan score" in obstacle
    assert "\n" not in obstacle


def test_a_pca_with_the_score_of_photographs(pixels, tmp_path):
    config = resolve("pca", "default", (8, 8, 1), {"score_rule": "local"})
    detector = make_detector(config)
    assert detector.export_obstacle() is None
    detector.fit(pixels(32), pixels(4, seed=2))
    images = pixels(5, seed=1)
    scores = detector.score(images)
    scorer = Scorer(detector.model, (8, 8, 1), Calibration.of(scores, 0.3))
    tf.saved_model.save(scorer, str(tmp_path), signatures=scorer.signatures())
    assert check_variables(tmp_path) == len(detector.model.scoring_variables)
    session = CSession(tmp_path)
    answer = session.run("explain", image=images)
    np.testing.assert_allclose(answer["anomaly_score"], scores, rtol=1e-5)
    explained = detector.explain(images)
    np.testing.assert_allclose(answer["anomaly_map"], explained["anomaly_map"], rtol=1e-4)
    assert answer["reconstruction"].shape == images.shape
    session.close()
