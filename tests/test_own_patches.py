"""Patch features of memgan_plus's own networks: maps, figures, the choice, the command."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf

from tests.reliability import processes

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    """Makes the folder of benchmarks importable."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def test_the_maps_are_those_of_the_classifier():
    from patches import networks

    from memgan_tf.layers.scaling import make_scaling
    from memgan_tf.networks.turn_classifier import TurnClassifier

    classifier, scaling = TurnClassifier(16, 1, 4, 8, "none", 0), make_scaling("contrast", 0.5)
    pixels = tf.random.stateless_uniform((2, 16, 16, 1), (1, 2), 0.0, 255.0)
    trace = networks._blocks(classifier, (16, 16))
    maps = networks.TrunkMaps(trace, scaling, 1, (0, 1))(tf.repeat(pixels, 3, axis=-1))
    assert [tuple(values.shape) for values in maps] == [(2, 8, 8, 4), (2, 4, 4, 8)]
    _, features = classifier(scaling(pixels))
    np.testing.assert_allclose(tf.reduce_mean(maps[1], axis=[1, 2]), features, rtol=1e-5)


def test_the_maps_of_a_trunk_end_in_its_output():
    from patches import networks

    from memgan_tf.networks.blocks import ConvolutionTrunk, Initializers

    trunk = ConvolutionTrunk((16, 16, 1), 4, 8, "batch", 0.1, Initializers(0))
    images = tf.random.stateless_normal((2, 16, 16, 1), (1, 2))
    trunk.build(images.shape)
    maps = networks._convolutions(trunk)(images)
    np.testing.assert_allclose(tf.reshape(maps[-1], (2, -1)), trunk(images), rtol=1e-5)


def test_perfect_scores_and_maps_have_figures_of_one():
    from patches.choosing import Trial

    images = np.random.default_rng(0).integers(60, 190, (3, 32, 32, 1)).astype(np.uint8)
    images[:, :8] = 0
    trial = Trial(images, True, seed=0)
    for damaged, masks in trial.damaged.values():
        assert (damaged[:, :8] == 0).all()
        assert not masks[:, :8].any()
    masks = {kind: masks.astype(float) for kind, (_, masks) in trial.damaged.items()}
    masks[""] = np.zeros((3, 32, 32))
    assert trial.pixels(masks) == {"pixel_auroc": 1.0, "aupro": pytest.approx(1.0)}
    # Pixels of the normal images count as well.
    masks[""] += 2.0
    assert trial.pixels(masks)["aupro"] == 0.0
    scores = {kind: np.full(3, float(kind != "")) for kind in trial.batches()}
    assert trial.auroc(scores) == 1.0
    assert trial.auroc({kind: -values for kind, values in scores.items()}) == 0.0


@pytest.mark.parametrize("count", [5, 10, 31])
def test_images_are_reserved_as_a_run_reserves_them(count):
    from patches.choosing import reserve

    from memgan_tf.models.memgan_plus import MEMGANPlus
    from memgan_tf.training.trainer import _reserve

    expected = _reserve(np.arange(count), MEMGANPlus.reserved_share)
    for mine, own in zip(reserve(np.arange(count)), expected, strict=True):
        np.testing.assert_array_equal(mine, own)
    assert len(expected[1]) == -(-count // 10)


def test_the_best_over_all_sets_is_chosen():
    from patches.choosing import choose

    def figures(good, poor, aupro):
        maps = {"local": {"pixel_auroc": 0.0, "aupro": aupro}}
        return {"scores": {"largest": poor, "mean": good}, "maps": maps}

    first = {"pca": {}, "present": {}, "a": figures(0.9, 0.2, 0.5), "b": figures(0.6, 0.9, 0.6)}
    other = {"pca": {}, "present": {}, "a": figures(0.9, 0.9, 0.5), "b": figures(0.5, 0.6, 0.6)}
    # a: (0.9 + 0.5) / 2; b: ((0.9 + 0.6) / 2 + 0.6) / 2.
    assert choose({"one": first, "two": other}) == ("a", "mean", "local")
    other["a"]["scores"]["mean"] = 0.6
    assert choose({"one": first, "two": other}) == ("b", "largest", "local")


def test_every_variant_has_a_name_of_its_own():
    from patches.choosing import all_variants

    names = [str(variant) for variant in all_variants()]
    assert len(set(names)) == len(names)
    assert "turns 1+2, position" in names


def test_a_run_that_is_missing_is_told(tmp_path):
    program = ROOT / "benchmarks" / "own_patches.py"
    ended = processes.run_program(program, [f"--runs={tmp_path}/no"], tmp_path)
    assert ended.code == 1
    assert "config.json" in ended.output


def test_tables_come_from_the_records(tmp_path):
    from patches.tables import fill

    from memgan_tf import files

    (tmp_path / "parts").mkdir()
    whole = {"auroc": 0.9, "pixel_auroc": 0.8, "aupro": 0.7}
    variant = {
        "scores": {"largest": 0.9, "local": 0.6},
        "maps": {"smoothed": {"aupro": 0.5}, "local": {"aupro": 0.8}},
    }
    synthetic = {"pca": whole, "present": whole, "turns 1, memory": variant}
    files.write_json(tmp_path / "parts" / "variants.json", {"synthetic": synthetic})
    counts = {"found": 3, "num_anomalies": 4, "false_alarms": 1, "num_normal": 5}
    names = ("present", "part", "patches", "pca")
    record = {name: {**whole, **counts} for name in names}
    files.write_json(tmp_path / "parts" / "test.json", record)
    marks = "<!-- own_patches -->\nold\n<!-- end of own_patches -->\n"
    page = fill("before\n" + marks + marks.replace("patches", "patches test"), tmp_path)
    assert page.startswith("before\n<!-- own_patches -->\n| what | parts, AUROC | parts, AUPRO |")
    assert "| turns 1, memory | 60.0 | 50.0 |" in page
    assert "| parts | `pca` | 90.0 | 3 of 4 | 1 of 5 | 80.0 | 70.0 |" in page
    assert "old" not in page
