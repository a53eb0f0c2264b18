"""Small trained models of memgan_plus."""

import contextlib

import numpy as np
import tensorflow as tf

from memgan_tf.config import resolve
from memgan_tf.training.trainer import Trainer
from memgan_tf.training.workers import make_strategy
from tests.conftest import untraced

SHAPE = (8, 8, 1)
SMALL = {
    "num_units": 6,
    "latent_dim": 4,
    "base_width": 8,
    "discriminator_width": 16,
    "batch_size": 8,
    "ema_decay": 0.5,
    "turn_width": 4,
}
IMAGES = np.random.default_rng(0).integers(0, 256, (40, *SHAPE)).astype(np.uint8)


def make_trainer(model_class, steps=3, images=IMAGES, **overrides):
    config = resolve("memgan_plus", "default", SHAPE, {**SMALL, "epochs": 1, **overrides})
    trainer = Trainer(
        lambda: model_class(config.model, SHAPE, 0, average_weights=True),
        config.training,
        images,
        make_strategy("none"),
    )
    with untraced() if steps < 20 else contextlib.nullcontext():
        trainer.run(steps)
        trainer.measure_statistics()
    return trainer


def explain(model, images):
    return {name: value.numpy() for name, value in model.explain(tf.constant(images)).items()}
