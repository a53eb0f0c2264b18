"""Quarter turns and the loss of telling them."""

import numpy as np
import tensorflow as tf

from memgan_tf.losses.turns import all_turns, turn_accuracy, turn_loss


def test_turns_are_numpys():
    images = np.random.default_rng(0).integers(0, 256, (3, 5, 5, 2)).astype(np.float32)
    turned = all_turns(tf.constant(images)).numpy().reshape(4, 3, 5, 5, 2)
    for turns in range(4):
        np.testing.assert_array_equal(turned[turns], np.rot90(images, turns, axes=(1, 2)))


def test_loss_is_the_mean_cross_entropy_of_the_four():
    logits = np.random.default_rng(1).normal(size=(4, 2, 4)).astype(np.float32)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    expected = [
        np.mean([-np.log(probabilities[turn, image, turn]) for turn in range(4)])
        for image in range(2)
    ]
    found = turn_loss(tf.constant(logits.reshape(8, 4))).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_accuracy_counts_the_turns_that_are_told():
    # The first image's turns are all told, the second's only 0 and 2.
    logits = np.zeros((4, 2, 4), np.float32)
    for turn in range(4):
        logits[turn, 0, turn] = 1.0
        logits[turn, 1, turn if turn % 2 == 0 else 0] = 1.0
    np.testing.assert_allclose(turn_accuracy(tf.constant(logits.reshape(8, 4))), [1.0, 0.5])
