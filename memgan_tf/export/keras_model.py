"""A run's score as a Keras model of Keras' own operations, which loads without this package."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.export.batch_sizes import UnsupportedError
from memgan_tf.export.exporter import servable_model
from memgan_tf.export.golden import synthetic_images
from memgan_tf.export.keras_graph import GraphTranslator
from memgan_tf.export.scorer import EXPLANATIONS

# Scores may differ from the run's by this share, because sums have another order.
TOLERANCE = 1e-4


def make_keras_model(run: TrainedRun) -> keras.Model:
    """A model from pixels `(batch, height, width, channels)`, 0 to 255, to a dictionary.

    Its outputs are `anomaly_score`, `p_value`, `threshold` and `is_anomaly`, each `(batch,)`, and
    if the method has them, `reconstruction`, `anomaly_map` and `attention`.

    Args:
        run: The run.

    Raises:
        ValueError: If the score has no TensorFlow graph, or Keras has no operation for a part.
        RuntimeError: If the model's scores differ from the run's.
    """
    obstacle = run.detector.export_obstacle()
    if obstacle:
        raise ValueError(f"`run` cannot be a Keras model: {obstacle}")
    try:
        made = _translate(run, servable_model(run))
    except UnsupportedError as error:
        raise ValueError(
            f"`run` cannot be a Keras model of Keras' own operations: the score of "
            f"{run.config.detector} has {error}. Use run.export(name), a SavedModel"
        ) from error
    _check(run, made)
    return made


def _translate(run, model):
    shape = tuple(run.config.image_shape)
    translator = GraphTranslator(lambda image: _explain(model, image), shape)
    outputs = translator.outputs()
    scores = outputs.pop("anomaly_score")
    decided = _decide(translator, scores, run.calibration)
    name = f"{run.config.detector}_scorer"
    made = keras.Model(translator.pixels, {**decided, **outputs}, name=name)
    translator.fill_weights()
    return made


def _explain(model, image):
    """The model's explanation for integer pixels; fractions are rounded as in `run.score`."""
    explained = model.explain(tf.round(image))
    names = ("anomaly_score", *EXPLANATIONS)
    return {name: explained[name] for name in names if name in explained}


def _decide(translator: GraphTranslator, scores: Any, calibration: Calibration) -> dict[str, Any]:
    """Scores with p-values and decisions, like `export.scorer.decide`."""
    wide = ops.cast(scores, "float64")
    held_out = translator.tensor(np.asarray(calibration.scores, np.float64))
    below = ops.expand_dims(wide, 1) <= ops.reshape(held_out, (1, -1))
    count = ops.sum(ops.cast(below, "float64"), axis=1)
    p_values = (count + 1.0) / (len(calibration.scores) + 1.0)
    return {
        "anomaly_score": ops.cast(scores, "float32"),
        "p_value": ops.cast(p_values, "float32"),
        "is_anomaly": wide > calibration.threshold,
        "threshold": ops.zeros_like(ops.cast(scores, "float32")) + calibration.threshold,
    }


def _check(run, made):
    images = synthetic_images(run.config.image_shape)
    expected = run.score(images)
    found = made.predict(images.astype(np.float32), verbose=0)["anomaly_score"]
    limit = TOLERANCE * np.maximum(np.abs(expected), np.abs(expected).mean())
    worst = np.abs(found - expected) - limit
    if not (worst <= 0).all():
        raise RuntimeError(
            f"the Keras model of {run.directory.path} does not score as the run does: "
            f"{found[worst.argmax()]:.6g} instead of {expected[worst.argmax()]:.6g}. Use "
            f"run.export(name), a SavedModel"
        )
