"""The part patches of MEMGAN+'s score."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config.memgan_plus import SCORE_PARTS
from memgan_tf.models.memgan_plus import MEMGANPlus
from memgan_tf.training.checkpoints import raw_variable
from tests.models.plus_runs import IMAGES, SHAPE, explain, make_trainer


@pytest.fixture(scope="module")
def with_patches():
    parts = "weighted_residual,turns,features,patches"
    return make_trainer(MEMGANPlus, score_parts=parts, score_rule="local")


def test_the_part_patches_comes_from_a_memory_of_images_that_trained(with_patches):
    model, networks = with_patches.model, with_patches.model.scoring
    assert model.part_names == SCORE_PARTS
    found = explain(model, IMAGES)
    expected = found["parts"][:, [1, 3, 4, 5]].mean(axis=1)
    np.testing.assert_allclose(found["anomaly_score"], expected, rtol=1e-4, atol=1e-5)
    scores, maps = networks.patches(networks.first_maps(tf.constant(IMAGES)))
    np.testing.assert_allclose(found["anomaly_map"], maps, rtol=1e-4, atol=1e-5)
    raw = networks.part_means[5] + networks.part_deviations[5] * found["parts"][:, 5]
    np.testing.assert_allclose(raw, scores, rtol=1e-3, atol=1e-3)
    # All patches of the 36 images that trained fit into the memory, and none of the reserved.
    reserved = np.arange(40) % 10 == 0
    assert maps.numpy()[~reserved].max() < 1e-2 < maps.numpy()[reserved].max()


def test_the_memory_of_patches_is_part_of_the_run(with_patches):
    networks = with_patches.model.scoring
    held = {id(variable) for variable in with_patches.model.scoring_variables}
    assert {id(variable) for variable in networks.patches.variables} <= held
    assert make_trainer(MEMGANPlus).model.scoring.patches is None


def test_the_exported_score_with_patches_is_pythons(with_patches, tmp_path):
    model, module = with_patches.model, tf.Module()
    module.kept = [raw_variable(v) for v in model.scoring_variables]
    signature = tf.TensorSpec((None, *SHAPE), tf.uint8, name="image")
    score = tf.function(lambda image: {"score": model.explain(image)["anomaly_score"]})
    tf.saved_model.save(module, str(tmp_path), score.get_concrete_function(signature))
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    expected = score(tf.constant(IMAGES[:8]))["score"]
    np.testing.assert_array_equal(loaded(image=tf.constant(IMAGES[:8]))["score"], expected)
