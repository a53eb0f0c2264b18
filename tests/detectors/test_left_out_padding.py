"""What pads an image changes no score and is in no map, whichever detector on pixels."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.config import resolve
from memgan_tf.config.registry import DEEP
from memgan_tf.detectors.registry import make_detector
from memgan_tf.layers.padding import content_mask, mirror_content

SHAPE = (16, 16, 1)
SMALL = {"num_units": 6, "latent_dim": 4, "base_width": 4, "discriminator_width": 8, "widths": "4"}


def padded(count, seed):
    """Noise, at the heights 8, 10 and 12, between black bars."""
    images = np.zeros((count, *SHAPE), np.uint8)
    generator = np.random.default_rng(seed)
    for index, image in enumerate(images):
        half = 4 + index % 3
        image[8 - half : 8 + half] = generator.integers(1, 256, (2 * half, 16, 1))
    return images


def config_of(name, leave_out, **overrides):
    config = resolve(name, "default", SHAPE, {**overrides})
    data = dataclasses.replace(
        config.data, dataset="folder:x", image_fit="pad", leave_out_padding=leave_out
    )
    return dataclasses.replace(config, data=data)


def model_of(name, leave_out):
    """Untrained, and the same at each call."""
    fields = resolve(name, "default", SHAPE, {}).flat()
    small = {key: value for key, value in SMALL.items() if key in fields}
    config = config_of(name, leave_out, **small)
    return make_detector(config)._make_model()


@pytest.mark.parametrize("name", sorted(set(DEEP) - {"adgan"}))
def test_a_model_sees_the_content_mirrored_and_shows_nothing_beside_it(name):
    images = padded(6, 0)
    found = model_of(name, True).explain(tf.constant(images))
    # The same networks, where the bars are gone before they look.
    plain = model_of(name, None).explain(mirror_content(tf.constant(images)))
    np.testing.assert_array_equal(found["anomaly_score"], plain["anomaly_score"])
    inside = content_mask(images).numpy()
    if "anomaly_map" in found:
        assert (found["anomaly_map"].numpy()[~inside] == 0).all()
        kept = plain["anomaly_map"].numpy()[inside]
        np.testing.assert_array_equal(found["anomaly_map"].numpy()[inside], kept)
        assert (found["reconstruction"].numpy()[~inside] == 0).all()


@pytest.mark.parametrize("rule", ["local", "distance"])
def test_a_pca_learns_and_scores_the_content(rule):
    left_out, plain = (make_detector(config_of("pca", v, score_rule=rule)) for v in (True, None))
    train, test = padded(40, 1), padded(9, 2)
    left_out.fit(train, train[:1])
    plain.fit(mirror_content(train).numpy(), train[:1])
    np.testing.assert_array_equal(left_out.score(test), plain.score(mirror_content(test).numpy()))
    maps = left_out.explain(test)["anomaly_map"]
    inside = content_mask(test).numpy()
    assert (maps[~inside] == 0).all()
    assert (maps[inside] > 0).all()


def test_rows_of_pixels_have_no_bars_either():
    images = padded(40, 1)
    left_out, plain = (make_detector(config_of("kde", v)) for v in (True, None))
    left_out.fit(images, images[:1])
    plain.fit(mirror_content(images).numpy(), images[:1])
    found = left_out.score(images[:5])
    np.testing.assert_array_equal(found, plain.score(mirror_content(images[:5]).numpy()))
