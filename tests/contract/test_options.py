"""The contract's training checks with options that the default presets leave off."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.layers import spectral
from tests.conftest import untraced
from tests.contract.conftest import IMAGE_SHAPE
from tests.contract.steps import SHORT, check_replicas, check_restart, step

REGULARIZED = {"discriminator_dropout": 0.3, "spectral_normalization": True}
MAP = {"latent_dim": 0}
PATCHES = {"score_parts": "weighted_residual,turns,features,patches", "score_rule": "local"}


@pytest.fixture(scope="module")
def stepped(task):
    """Makes the trainer of a detector after four steps, once for the same options."""
    known = {}

    def step_once(name, options):
        key = name, *options.items()
        if key not in known:
            with untraced():
                known[key] = step(name, task, **SHORT, **options)
        return known[key]

    return step_once


def test_a_norm_has_two_iterations_here():
    """Two products each, one more for the left vector, and one for the norm."""
    signature = tf.TensorSpec((4, 3), tf.float32)
    graph = tf.function(spectral.normalize_kernel).get_concrete_function(signature).graph
    assert [node.type for node in graph.get_operations()].count("MatMul") == 2 * 2 + 2


# ALAD's masks and norms are BiGAN's, of more discriminators.
@pytest.mark.parametrize(("name", "options"), [("bigan", REGULARIZED), ("memae", MAP)])
def test_two_replicas_step_as_one(name, options, stepped, task):
    one = stepped(name, options)
    with untraced():
        check_replicas(one, name, task, **SHORT, **options)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"), [("bigan", REGULARIZED), ("memae", MAP), ("memgan_plus", PATCHES)]
)
def test_a_restart_changes_nothing_and_a_score_is_the_images_own(name, options, stepped, task):
    whole = stepped(name, options)
    with untraced():
        check_restart(whole, name, task, **SHORT, **options)
    explain = tf.function(whole.trainer.model.explain, reduce_retracing=True)
    scores = explain(tf.constant(task.test[:8]))["anomaly_score"].numpy()
    assert scores.shape == (8,)
    assert np.isfinite(scores).all()
    assert len(np.unique(scores)) == 8
    np.testing.assert_array_equal(explain(tf.constant(task.test[:8]))["anomaly_score"], scores)
    alone = explain(tf.reshape(tf.constant(task.test[3]), (1, *IMAGE_SHAPE)))["anomaly_score"]
    np.testing.assert_allclose(alone, scores[3:4], rtol=1e-4)
