"""The part `patches` of the score, learned for a run that was trained without it."""

import dataclasses

import numpy as np

from memgan_tf.detectors.registry import make_detector


def with_part(run, images):
    """A detector with the weights of a run of memgan_plus and the part `patches` besides.

    Weights do not depend on the parts of the score, so it is the run as training makes it with
    `--score_parts=weighted_residual,turns,features,patches`.

    Args:
        run: A `TrainedRun` without the part.
        images: Its training images.
    """
    parts = run.config.model.score_parts + ",patches"
    model = dataclasses.replace(run.config.model, score_parts=parts)
    detector = make_detector(dataclasses.replace(run.config, model=model))
    trainer = detector.make_trainer(images)
    copy(run.detector.model.scoring, trainer.model.scoring)
    trainer.learn_score()
    detector.use(trainer.model)
    return detector


def copy(source, target):
    """Copies what two scoring paths have in common: weights, statistics, Gaussians."""
    names = ["scaling", *source._parts]
    for name in names:
        pair = (getattr(networks, name).variables for networks in (source, target))
        for old, new in zip(*pair, strict=True):
            new.assign(np.asarray(old))
