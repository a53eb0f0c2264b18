import math

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf import losses

LOG2 = math.log(2)


@pytest.mark.parametrize(
    ("real", "fake", "expected"),
    [
        (0.0, 0.0, 2 * LOG2),  # an undecided D
        (50.0, -50.0, 0.0),  # right about both
        (-50.0, -50.0, 50.0),  # wrong about the real pair
        (50.0, 50.0, 50.0),  # wrong about the fake pair
    ],
)
def test_discriminator_loss(real, fake, expected):
    loss = losses.discriminator_loss(tf.constant([real]), tf.constant([fake]))
    np.testing.assert_allclose(loss, [expected], atol=1e-6)


@pytest.mark.parametrize(
    ("function", "logit", "expected"),
    [
        (losses.encoder_saturating_loss, 0.0, -LOG2),  # log D = log 1/2
        (losses.encoder_saturating_loss, 50.0, 0.0),
        (losses.encoder_saturating_loss, -50.0, -50.0),
        (losses.encoder_nonsaturating_loss, 0.0, LOG2),  # -log(1 - D) = -log 1/2
        (losses.encoder_nonsaturating_loss, -50.0, 0.0),
        (losses.encoder_nonsaturating_loss, 50.0, 50.0),
        (losses.generator_loss, 0.0, LOG2),  # -log D
        (losses.generator_loss, 50.0, 0.0),
        (losses.generator_loss, -50.0, 50.0),
    ],
)
def test_player_losses(function, logit, expected):
    np.testing.assert_allclose(function(tf.constant([logit])), [expected], atol=1e-6)


@pytest.mark.parametrize(
    ("function", "share"),
    [
        (losses.encoder_saturating_loss, 0.0),  # D is sure of the real pair: no gradient left
        (losses.encoder_nonsaturating_loss, 1.0),
    ],
)
def test_only_the_saturating_form_vanishes_when_the_discriminator_is_sure(function, share):
    logit = tf.constant([30.0])
    with tf.GradientTape() as tape:
        tape.watch(logit)
        loss = function(logit)
    np.testing.assert_allclose(tape.gradient(loss, logit), [share], atol=1e-6)
