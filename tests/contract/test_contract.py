"""What every registered detector must pass, by reflection over the registry."""

import contextlib
import functools

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from memgan_tf.config import DETECTORS
from memgan_tf.config.registry import BY_FEATURES, DEEP
from memgan_tf.data import LabelledImages, OneClassTask
from memgan_tf.detectors.registry import make_detector
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.report.page import write_report
from memgan_tf.training.checkpoints import raw_variable
from memgan_tf.training.run_directory import RunDirectory
from tests.contract.conftest import IMAGE_SHAPE, TINY, make_config
from tests.contract.steps import check_replicas, check_restart, make_trainer, short, state, step

every_detector = pytest.mark.parametrize("name", sorted(DETECTORS))
every_deep_detector = pytest.mark.parametrize("name", sorted(DEEP))


def test_every_registered_detector_is_covered():
    assert set(TINY) == set(DETECTORS)


@every_detector
def test_it_tells_odd_images_and_learned_to(name, fit, task):
    fitted = fit(name)
    learned = roc_auc_score(task.labels, fitted.detector.score(task.test))
    untrained = roc_auc_score(task.labels, fitted.unfitted.score(task.test))
    assert learned >= 0.9
    # What it gets wrong is less than half of what it got wrong before it learned.
    assert 1 - learned < 0.5 * (1 - untrained)


@every_detector
def test_scores_are_many_finite_and_repeat_bitwise(name, fit, task):
    detector = fit(name).detector
    scores = detector.score(task.test)
    assert scores.shape == (len(task.test),)
    assert np.isfinite(scores).all()
    assert len(np.unique(scores)) > 0.9 * len(scores)
    np.testing.assert_array_equal(detector.score(task.test), scores)
    np.testing.assert_array_equal(detector.explain(task.test)["anomaly_score"], scores)


@every_detector
def test_a_score_depends_on_its_image_alone(name, fit, task):
    detector, images = fit(name).detector, task.test[::20]
    scores = detector.score(images)
    alone = np.concatenate([detector.score(image[np.newaxis]) for image in images])
    tolerance = 1e-4 * scores.std()
    np.testing.assert_allclose(alone, scores, rtol=1e-4, atol=tolerance)
    backwards = detector.score(images[::-1])[::-1]
    np.testing.assert_allclose(backwards, scores, rtol=1e-4, atol=tolerance)


@every_detector
def test_arguments_are_left_as_they_were(name, fit, task):
    fitted = fit(name)
    assert fitted.detector.config.to_dict() == fitted.config_before
    np.testing.assert_array_equal(task.train, fitted.images_before)


@every_detector
def test_no_score_before_fit(name, task):
    with pytest.raises(RuntimeError, match="must be fitted or loaded before it can score"):
        make_detector(make_config(name)).score(task.test)


@every_detector
@pytest.mark.parametrize("shape", [(2, 9, 8, 1), (2, 8, 8, 3), (0, 8, 8, 1), (8, 8)])
def test_a_wrong_shape_is_refused(name, shape, fit):
    with pytest.raises(ValueError, match="`images` must"):
        fit(name).detector.score(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="must"):
        make_detector(make_config(name)).initialize(np.zeros(shape, np.uint8))


@every_detector
def test_constant_and_extreme_images_have_finite_scores(name, fit):
    values = np.array([0, 128, 255], np.uint8)
    images = np.broadcast_to(values[:, np.newaxis, np.newaxis, np.newaxis], (3, *IMAGE_SHAPE))
    assert np.isfinite(fit(name).detector.score(images)).all()


@every_detector
def test_save_and_load_give_the_same_scores(name, fit, task):
    fitted = fit(name)
    loaded = make_detector(fitted.detector.config)
    loaded.load(fitted.run)
    np.testing.assert_array_equal(loaded.score(task.test), fitted.detector.score(task.test))
    assert not [path for path in fitted.run.path.rglob("*") if path.suffix in (".pkl", ".pickle")]


@every_detector
def test_nothing_to_load_is_said(name, tmp_path):
    with pytest.raises(ValueError, match=r"cannot be read|no checkpoint"):
        make_detector(make_config(name)).load(RunDirectory(tmp_path))


@every_detector
def test_the_seed_decides(name, fit, task):
    start = before_training(fit(name).unfitted, task)
    again, other = (make_detector(make_config(name, seed=seed)) for seed in (0, 1))
    for detector in (again, other):
        detector.initialize(task.train)
    np.testing.assert_array_equal(before_training(again, task), start)
    assert np.abs(before_training(other, task) - start).max() > 0


def before_training(detector, task):
    """Its scores, or the variables that decide them where a trace takes long.

    AnoGAN's scores depend on draws, too.
    """
    name = detector.config.detector
    if name not in DEEP or name == "adgan":
        return detector.score(task.test)
    variables = detector.model.scoring_variables
    return np.concatenate([raw_variable(v).numpy().ravel() for v in variables])


@every_detector
def test_an_export_is_possible_or_refused_in_a_sentence(name):
    obstacle = make_detector(make_config(name)).export_obstacle()
    if name in (*DEEP, *BY_FEATURES) and name != "adgan":
        assert obstacle is None
    else:
        assert "memgan score" in obstacle


@pytest.fixture(scope="module")
def stepped(task):
    """Makes the trainer of a deep detector after four steps, once."""
    return functools.cache(lambda name: step(name, task, **short(name)))


@every_deep_detector
def test_two_replicas_step_as_one(name, stepped, task):
    check_replicas(stepped(name), name, task, **short(name))


@every_deep_detector
def test_training_moves_every_weight_and_a_restart_changes_nothing(name, stepped, task):
    whole = stepped(name)
    check_restart(whole, name, task, **short(name))
    trainer, before, after = whole.trainer, whole.start, state(whole.trainer)
    for player in trainer.model.players:
        for old, new in zip(before[f"player_{player}"], after[f"player_{player}"], strict=True):
            assert np.abs(old - new).max() > 0, player
    metrics = trainer.take_metrics()
    assert set(metrics) == set(trainer.model.metric_names)
    assert np.isfinite(list(metrics.values())).all()


@every_deep_detector
def test_bfloat16_trains_and_scores_close_by(name, fit, task):
    """The weights that training in bfloat16 gave, as it scores by them and as float32 does."""
    mixed = make_detector(make_config(name, mixed_precision=True, **short(name)))
    mixed.fit(task.train[:48], task.validation)
    trained = [raw_variable(v).numpy() for v in mixed.model.scoring_variables]
    with lent(fit(name).unfitted, trained) as exact:
        scores = [detector.score(task.test[::4]) for detector in (exact, mixed)]
    assert np.isfinite(scores[1]).all()
    assert np.abs(scores[0] - scores[1]).max() > 0
    assert np.corrcoef(scores)[0, 1] > 0.98


@contextlib.contextmanager
def lent(detector, values):
    """The detector with these values of the variables that it scores by; they are put back."""
    variables = [raw_variable(v) for v in detector.model.scoring_variables]
    kept = [variable.numpy() for variable in variables]
    try:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        yield detector
    finally:
        for variable, value in zip(variables, kept, strict=True):
            variable.assign(value)


@every_deep_detector
def test_draws_are_a_function_of_the_seed(name, task):
    model = make_trainer(name, task).model
    draws = [model.draw(6, tf.constant([3, step], tf.int64)) for step in (4, 4, 5)]
    for key, value in draws[0].items():
        assert value.shape[0] == 6
        np.testing.assert_array_equal(value, draws[1][key])
        assert np.abs(value - draws[2][key]).max() > 0


@pytest.mark.parametrize("name", sorted((*DEEP, *BY_FEATURES)))
def test_the_score_reads_its_own_variables_only(name, fit):
    """What a checkpoint restores and an export keeps is all that the graph of the score reads."""
    model = fit(name).detector.model
    signature = tf.TensorSpec((None, *IMAGE_SHAPE), tf.uint8)
    graph = tf.function(model.explain).get_concrete_function(signature)
    known = {id(raw_variable(v)) for v in model.scoring_variables}
    assert {id(v) for v in graph.variables} <= known


@pytest.mark.parametrize("name", sorted((*DEEP, *BY_FEATURES)))
def test_the_exported_score_is_pythons(name, fit, task, tmp_path):
    detector = fit(name).detector
    if detector.export_obstacle() is not None:
        pytest.skip(detector.export_obstacle())
    model = detector.model
    module = tf.Module()
    # Raw variables, as C++ loaders want them; the networks stay in the closure.
    module.kept = [raw_variable(v) for v in model.scoring_variables]
    signature = tf.TensorSpec((None, *IMAGE_SHAPE), tf.uint8, name="image")
    score = tf.function(lambda image: {"score": model.explain(image)["anomaly_score"]})
    tf.saved_model.save(module, str(tmp_path), score.get_concrete_function(signature))
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    exported = loaded(image=tf.constant(task.test))["score"]
    np.testing.assert_allclose(exported, detector.score(task.test), rtol=1e-5)


@every_detector
def test_a_report_tells_of_it(name, fit, task, tmp_path):
    """On held-out images: what an evaluation adds does not depend on the detector."""
    detector = fit(name).detector
    directory = RunDirectory(tmp_path / "run")
    with directory.claimed(detector.config):
        directory.mark_complete({"training_seconds": 1.0})
    calibration = Calibration.of(detector.score(task.validation), 0.05)
    run = TrainedRun(directory, detector.config, detector, calibration)
    names = [str(i) for i in range(20)]
    train, held_out = (
        LabelledImages(images[:20], None, names) for images in (task.train, task.validation)
    )
    path, findings = write_report(run, OneClassTask(train, held_out, None), 2)
    text = path.read_text()
    assert findings.facts["detector"] == name
    assert ("has no anomaly maps" in text) == ("anomaly_map" not in detector.explain(task.test[:1]))
    assert ("memory units, decoded" in text) == (detector.decode_units() is not None)
    assert "no labeled anomaly has tested it" in text
