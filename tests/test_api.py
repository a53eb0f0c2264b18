"""The front door: configure, train, load, and what a run does."""

import csv

import keras
import numpy as np
import pytest
from PIL import Image

import memgan_tf
from memgan_tf import api
from memgan_tf.api import configure
from memgan_tf.tools import main
from tests.conftest import tiny_overrides
from tests.tiny_backbone import write_tiny_backbone


def quiet(line):
    """Reads no report."""


@pytest.fixture
def folder(tmp_path):
    """Six photographs of 60 × 90."""
    generator = np.random.default_rng(0)
    place = tmp_path / "parts"
    place.mkdir()
    for index in range(6):
        pixels = generator.integers(0, 256, (60, 90, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{index}.png")
    return {"dataset": f"folder:{place}"}


@pytest.fixture
def tiny(tmp_path):
    return {"backbone": f"file:{write_tiny_backbone(tmp_path / 'tiny.keras')}"}


def test_photographs_get_the_detector_for_them_and_their_own_shape(folder, tiny):
    lines = []
    found = configure(**folder, **tiny, report=lines.append)
    assert found.detector == "patch_memory"
    assert found.image_shape == (224, 320, 3)
    assert (found.data.aspect_ratio, found.data.fit) == (1.5, "stretch")
    assert lines[0].startswith("Detector: patch_memory")


def test_other_sets_get_memgan_and_a_named_detector_stays(folder):
    assert configure("digits", normal_class=0).detector == "memgan"
    found = configure(**folder, detector="pca", report=quiet)
    assert (found.detector, found.image_shape) == ("pca", (64, 64, 3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"backbone": "efficientnet_bo"}, "`backbone` must be one of .*did you mean efficientnet"),
        ({"backbone": "file:nowhere.keras"}, "`backbone` must name an existing file"),
        ({"backbone_layers": "a,a"}, "`backbone_layers` must be different names"),
        ({"backbone_weights": "nowhere.h5"}, "`backbone_weights` must name an existing file"),
    ],
)
def test_a_bad_backbone_is_refused_before_a_photograph_is_read(
    folder, settings, message, monkeypatch
):
    monkeypatch.setattr(api, "settle", lambda *_: pytest.fail("photographs were read"))
    with pytest.raises(ValueError, match=message):
        configure(**folder, **settings, report=quiet)


def test_large_images_for_a_detector_on_pixels_are_refused_in_one_line(folder):
    with pytest.raises(ValueError, match="`image_size` must be at most 256 for memgan") as caught:
        configure(**folder, detector="memgan", image_size=512, report=quiet)
    assert "\n" not in str(caught.value)
    assert "patch_memory" in str(caught.value)


def test_shapes_are_kept_for_detectors_on_features_alone(folder):
    with pytest.raises(ValueError, match=r"`image_fit` must be pad, crop or stretch for memgan,"):
        configure(**folder, detector="memgan", image_fit="keep", report=quiet)


def test_a_fit_that_was_named_is_kept_with_a_square(folder, tiny):
    found = configure(**folder, **tiny, image_fit="pad", report=quiet)
    assert (found.image_shape, found.data.fit) == ((256, 256, 3), "pad")


def test_tiles_are_multiples_of_64_with_room_for_their_margins(folder, tiny):
    for size, message in ((128, "at least 192"), (200, "must be a multiple of 64")):
        with pytest.raises(ValueError, match=f"`tile_size` .*{message}"):
            configure(**folder, **tiny, tile_size=size, report=quiet)


def test_images_in_memory_are_configured_as_the_same_npz_file(tmp_path, pixels):
    images = pixels(40, (16, 16, 3))
    np.savez(tmp_path / "forty.npz", x_train=images)
    found, other = (
        configure(dataset, detector="kde", model_dir=tmp_path, report=quiet)
        for dataset in (images, f"npz:{tmp_path / 'forty.npz'}")
    )
    assert found.decisive() | {"dataset": None} == other.decisive() | {"dataset": None}
    # 19 would allow a false-positive rate of 5 %; a third is held out at most.
    assert round(40 * found.data.validation_fraction) == 13
    assert configure(images, model_dir=tmp_path, report=quiet).training.epochs == 500
    kept = configure(images, model_dir=tmp_path, epochs=3, validation_fraction=0.2)
    assert (kept.training.epochs, kept.data.validation_fraction) == (3, 0.2)


def test_a_few_images_of_a_class_count_without_the_others_and_without_copies(tmp_path, pixels):
    images = np.concatenate([pixels(20), pixels(20), pixels(60, seed=1)])
    labels = np.repeat([0, 1], [40, 60])
    found = configure((images, labels), detector="kde", normal_class=0, model_dir=tmp_path)
    assert found.data.validation_fraction == pytest.approx(1 / 3)
    found = configure((images, labels), detector="kde", normal_class=1, model_dir=tmp_path)
    assert round(60 * found.data.validation_fraction) == 19


@pytest.fixture(scope="module")
def epochs_seen():
    return []


@pytest.fixture(scope="module")
def run(tmp_path_factory, epochs_seen):
    """A tiny run, trained from Python."""
    callback = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: epochs_seen.append((epoch, logs))
    )
    place = tmp_path_factory.mktemp("python")
    actions = [epochs_seen.append, callback]
    return memgan_tf.train(model_dir=place, actions=actions, **tiny_overrides())


def test_python_and_the_command_line_give_the_same_run(run, tmp_path, pixels):
    flags = [f"--{name}={value}" for name, value in tiny_overrides().items()]
    assert main.main(["train", f"--model_dir={tmp_path}", *flags]) == 0
    other = memgan_tf.load(tmp_path / "memgan" / "digits" / "0" / "seed_0")
    assert run.config == other.config
    for name in ("config.json", "calibration.json"):
        assert (run.path / name).read_bytes() == (other.path / name).read_bytes()
    np.testing.assert_array_equal(run.score(pixels()), other.score(pixels()))


def test_actions_see_each_epoch_with_its_metrics(run, epochs_seen):
    first, (number, logs), *_ = epochs_seen
    assert (first.index, number, len(epochs_seen)) == (1, 0, 2 * run.config.training.epochs)
    assert logs == first.logs
    assert first.logs.keys() == {*first.metrics, "validation/score"}
    assert first.logs["validation/score"] == pytest.approx(
        first.explained["anomaly_score"].mean(), rel=1e-6
    )


def test_a_complete_run_is_loaded(run, epochs_seen):
    before = len(epochs_seen)
    again = memgan_tf.train(run.config, run.path.parents[3], actions=[epochs_seen.append])
    assert (again.path, len(epochs_seen)) == (run.path, before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"actions": [3], "epochs": 1, "seed": 9}, "`actions` must be functions of an epoch"),
        ({"detector": "kde", "actions": [print]}, "`actions` must be left out of kde"),
        ({"detector": "kde", "num_units": 3}, "`num_units` is not a setting of kde"),
    ],
)
def test_what_cannot_be_trained_is_refused(settings, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        memgan_tf.train("digits", tmp_path, normal_class=0, **settings)


def test_a_configuration_takes_no_settings_beside_it(run, tmp_path):
    with pytest.raises(ValueError, match="`epochs` must be left out beside a configuration"):
        memgan_tf.train(run.config, tmp_path, epochs=3)


def test_a_run_says_what_it_is(run):
    text = repr(run)
    assert text.startswith(f"<Run '{run.path}': memgan on digits, normal class 0; images 8×8×1;")
    assert f"threshold {run.threshold:.6g} for a false-positive rate of 5 %, by 27 normal" in text
    assert "\n" not in text


def test_a_run_without_a_threshold_says_so(run):
    bare = memgan_tf.TrainedRun(run.directory, run.config, run.detector, None)
    assert "not calibrated" in repr(bare)
    for use in (lambda: bare.threshold, lambda: bare.p_values(np.ones(2))):
        with pytest.raises(RuntimeError, match="is not calibrated yet. Finish it"):
            use()


def test_a_run_evaluates_reports_and_exports(run, tmp_path):
    metrics = run.evaluate(num_heatmaps=0)["metrics"]
    assert 0.0 <= metrics["auroc"] <= 1.0
    assert "<html" in run.report(num_images=1).read_text()[:200]
    (run.path / "SUSPECT").write_text("made up\n")
    with pytest.raises(ValueError, match="`run` must be trusted; it is SUSPECT: made up"):
        run.export("zeros", tmp_path)
    (run.path / "SUSPECT").unlink()
    exported = run.export("zeros", tmp_path, 7, num_golden=0, warm_up=False)
    assert exported.path == tmp_path / "zeros" / "7"


def test_files_of_any_size_score_as_memgan_score_does(folder, tmp_path):
    run = memgan_tf.train(**folder, model_dir=tmp_path / "runs", detector="pca", report=quiet)
    place = tmp_path / "new"
    (place / "more").mkdir(parents=True)
    generator = np.random.default_rng(1)
    for index, size in enumerate([(40, 50, 3), (64, 64), (33, 90, 3)]):
        pixels = generator.integers(0, 256, size, dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{'more/' if index == 1 else ''}{index}.png")
    (place / "bad.png").write_bytes(b"no image")
    output = tmp_path / "scores.csv"
    flags = [f"--run={run.path}", f"--input={place}", f"--output={output}"]
    assert main.main(["score", *flags]) == 0
    with pytest.warns(UserWarning, match=r"Left out .*bad\.png"):
        found = list(scores := run.score_files(place))
    rows = list(csv.DictReader(output.read_text().splitlines()))
    assert [str(file.path) for file in found] == [row["path"] for row in rows]
    assert [f"{file.anomaly_score:.9g}" for file in found] == [r["anomaly_score"] for r in rows]
    assert [int(file.is_anomaly) for file in found] == [int(row["is_anomaly"]) for row in rows]
    assert [f"{file.p_value:.6g}" for file in found] == [row["p_value"] for row in rows]
    assert [path.name for path, _ in scores.skipped] == ["bad.png"]
    one = next(run.score_files(str(path) for path in [place / "0.png"]))
    assert one == found[0]


@pytest.mark.parametrize(
    ("paths", "message"),
    [("nowhere", "nowhere is missing"), ("set.npz", "`paths` must be image files or a folder")],
)
def test_what_has_no_images_is_refused_at_once(run, paths, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("set.npz", images=np.zeros((1, 8, 8), np.uint8))
    with pytest.raises(ValueError, match=message):
        run.score_files(paths)
