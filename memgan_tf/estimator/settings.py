"""Constructor arguments of the estimators, generated from the fields of the configuration."""

import dataclasses
import inspect
from collections.abc import Iterable
from typing import Any

import numpy as np

from memgan_tf.config import DataConfig, TrainingConfig, detector_config
from memgan_tf.validation import guess

# Further arguments of an estimator, with defaults.
OWN = {"preset": "default", "image_shape": None, "values": "pixels", "verbose": False}
# Remaining settings of the data, because images are arguments of fit.
DATA_SETTINGS = ("validation_fraction", "target_fpr")
# Settings of a run's folder and of its evaluation.
WITHOUT_EFFECT = ("checkpoint_epochs", "keep_checkpoints", "max_test_images")


def fields_of(method: str) -> dict[str, dataclasses.Field]:
    """The fields of the configuration that an estimator of a method takes, by name.

    Raises:
        ValueError: If the method is unknown.
    """
    model, training = detector_config(method), TrainingConfig.describe()
    if not model.trains_in_steps:
        training = {"seed": training["seed"]}
    data = {name: DataConfig.describe()[name] for name in DATA_SETTINGS}
    fields = {**data, **training, **model.describe()}
    return {name: field for name, field in fields.items() if name not in WITHOUT_EFFECT}


def defaults_of(method: str) -> dict[str, Any]:
    """All constructor arguments with defaults; None means the preset's value."""
    return {**OWN, **dict.fromkeys(fields_of(method))}


def make_constructor(method: str):
    """An `__init__` that only stores its arguments, as scikit-learn requires."""
    defaults = defaults_of(method)

    def __init__(self, **settings):
        for name in settings.keys() - defaults.keys():
            raise TypeError(describe_stranger(name, type(self).__name__, defaults))
        for name, default in defaults.items():
            setattr(self, name, settings.get(name, default))

    kinds = inspect.Parameter
    signature = inspect.Signature(
        [kinds("self", kinds.POSITIONAL_OR_KEYWORD)]
        + [kinds(name, kinds.KEYWORD_ONLY, default=value) for name, value in defaults.items()]
    )
    vars(__init__)["__signature__"] = signature
    return __init__


def describe_stranger(name: str, owner: str, known: Iterable[str]) -> str:
    """Why an estimator refuses an argument, with the nearest one that it has."""
    known = sorted(known)
    return (
        f"`{name}` is not a setting of {owner}{guess(name, known)}. It has: {', '.join(known)}"
    ).replace("?. ", "? ")


def describe_settings(method: str) -> str:
    """The fields of the configuration as lines of a docstring."""
    return "\n".join(
        f"    {name}: {field.metadata['description']}" for name, field in fields_of(method).items()
    )


def overrides_of(estimator) -> dict[str, Any]:
    """Overrides of the preset by an estimator's arguments, by field name."""
    given = {name: getattr(estimator, name) for name in fields_of(estimator.method)}
    # A search over np.linspace passes numpy's scalars.
    plain = {n: v.item() if isinstance(v, np.generic) else v for n, v in given.items()}
    return {name: value for name, value in plain.items() if value is not None}
