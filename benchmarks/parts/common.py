"""Shared code of the parts: settings, images of the right shape, trainers."""

import dataclasses

import numpy as np

from memgan_tf.config import resolve
from memgan_tf.detectors.registry import make_detector

SUITES = {"mnist": (28, 28, 1), "cifar10": (32, 32, 3)}
TINY = {"base_width": 4, "batch_size": 4}


@dataclasses.dataclass(frozen=True)
class Options:
    """Duration and precision of the measurements.

    Attributes:
        quick: Tiny networks and images and two rounds, to check that the benchmark runs.
        rounds: Number of turns of each variant.
        threads: Number of threads of every library.
        data_dir: Folder of prepared data sets; if empty, only synthetic images are used.
        photographs: Folder with train/ of photographs; if empty, synthetic ones are used.
        backbone: file:<model.keras> or a name; if empty, one with random weights is used.
    """

    quick: bool = False
    rounds: int = 7
    threads: int = 2
    data_dir: str = ""
    photographs: str = ""
    backbone: str = ""

    @property
    def suites(self):
        """Shapes by name."""
        return {"mnist": (8, 8, 1)} if self.quick else SUITES

    def steps(self, usual):
        """Number of steps per turn."""
        return 1 if self.quick else usual


def settings(options, detector, shape, **overrides):
    """A configuration, made tiny for a quick run."""
    if options.quick:
        wanted = {name: value for name, value in TINY.items() if name not in overrides}
        fields = resolve(detector, "default", shape, {}).flat()
        overrides |= {name: value for name, value in wanted.items() if name in fields}
    return resolve(detector, "default", shape, overrides)


def synthetic(shape, count=2000):
    """Uniform noise, uint8."""
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)


def make_trainer(config, images):
    """A trainer, and a function that runs `steps_per_call` of its steps and waits for them."""
    trainer = make_detector(config).make_trainer(images)

    def run():
        trainer.run(config.training.steps_per_call)
        trainer.step.numpy()

    return trainer, run


def table(columns, rows, caption=""):
    """One table of a part."""
    return {"caption": caption, "columns": columns, "rows": [list(map(str, row)) for row in rows]}
