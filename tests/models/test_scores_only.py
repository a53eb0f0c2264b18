"""A model that only scores has the variables of the score, once, and nothing else."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config import DETECTORS, resolve
from memgan_tf.detectors.registry import implementation

SHAPE = (8, 8, 1)
DEEP = [name for name in DETECTORS if resolve(name, "default", SHAPE, {}).model.trains_in_steps]


def make(name, **options):
    given = {"base_width": 2, "max_width": 4, "latent_dim": 3, "discriminator_width": 4}
    fields = resolve(name, "default", SHAPE, {}).flat()
    config = resolve(name, "default", SHAPE, {k: v for k, v in given.items() if k in fields})
    return implementation(name)(config.model, SHAPE, 5, average_weights=True, **options)


@pytest.mark.parametrize("name", DEEP)
def test_its_variables_are_the_scores_own(name):
    whole, light = make(name), make(name, scores_only=True)
    shapes = [[tuple(v.shape) for v in model.scoring_variables] for model in (whole, light)]
    assert shapes[0] == shapes[1]
    assert light.scoring is light.trained
    assert whole.scoring is not whole.trained
    assert (light.players, light.scoring_pairs) == ({}, [])


def test_memgan_builds_no_discriminator():
    assert make("memgan").discriminator is not None
    assert make("memgan", scores_only=True).discriminator is None


@pytest.mark.parametrize("name", ["memgan", "memgan_plus", "memae", "vae"])
def test_networks_have_all_their_weights_before_they_are_called(name):
    model = make(name, scores_only=True)
    before = [id(v) for v in model.scoring_variables]
    model.explain(tf.constant(np.zeros((1, *SHAPE), np.uint8)))
    assert [id(v) for v in model.scoring_variables] == before
