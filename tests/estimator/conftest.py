"""Digits, and estimators that saw zeros."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import memgan_tf

TINY = {
    "epochs": 2,
    "base_width": 4,
    "latent_dim": 4,
    "num_units": 4,
    "discriminator_width": 8,
    "target_fpr": 0.1,
}


@pytest.fixture(scope="session")
def digits():
    """Images of 0 to 255 as `(1797, 8, 8)` floats, +1 for zeros and -1 for other digits."""
    found = load_digits()
    return found.images * (255 / 16), np.where(found.target == 0, 1, -1)


@pytest.fixture(scope="session")
def fitted(digits):
    """A tiny MEMGAN and a kernel density that saw zeros."""
    images, labels = digits
    detectors = {
        "memgan": memgan_tf.MemganDetector(**TINY),
        "kde": memgan_tf.make_estimator("kde", target_fpr=0.1),
    }
    return {name: detector.fit(images[labels == 1]) for name, detector in detectors.items()}


@pytest.fixture(params=["memgan", "kde"])
def detector(request, fitted):
    return fitted[request.param]
