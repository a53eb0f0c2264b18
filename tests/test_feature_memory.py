"""The formulas of benchmarks/feature_memory.py, on features that were made up."""

import dataclasses
import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax

from tests import folder_sets, tiny_backbone

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture
def modules(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import feature_memory
    from parts import patch_networks

    return feature_memory, patch_networks


def made_up(seed, num_images=60):
    """Features of 4 positions, `(images, 4, 3)`, each with a mean and a mixing of its own."""
    generator = np.random.default_rng(0)
    means, mixing = generator.normal(size=(4, 3)), generator.normal(size=(4, 3, 3))
    noise = np.random.default_rng(seed).normal(size=(num_images, 4, 3))
    return (5 * means + np.einsum("ipc,pcd->ipd", noise, mixing)).astype(np.float16)


def test_the_length_of_whitened_features_is_the_distance_to_a_gaussian(modules):
    train, test = made_up(1).astype(float), made_up(2, 5).astype(float)
    whiten, _ = modules[0].prepare("whitened", made_up(1))
    lengths = np.linalg.norm(whiten(made_up(2, 5)), axis=-1)
    # The ridge is in units of a channel's own variance over all positions.
    scale = train.reshape(-1, 3).std(axis=0)
    for position in range(4):
        rows = train[:, position] / scale
        covariance = np.cov(rows.T) + modules[0].RIDGE * np.eye(3)
        away = test[:, position] / scale - rows.mean(axis=0)
        expected = np.sqrt(np.einsum("ic,cd,id->i", away, np.linalg.inv(covariance), away))
        np.testing.assert_allclose(lengths[:, position], expected, rtol=2e-3)


def test_features_are_standardized_by_position(modules):
    train = made_up(1)
    standardize, kept = modules[0].prepare("standardized", train)
    found = standardize(train)
    np.testing.assert_allclose(found.mean(axis=0), 0.0, atol=1e-4)
    wide = train.astype(float)
    variances = wide.var(axis=0) / wide.reshape(-1, 3).var(axis=0)
    expected = variances / (variances + modules[0].RIDGE)
    np.testing.assert_allclose(found.var(axis=0), expected, rtol=1e-3)
    # An offset of 3, means of 4 × 3, all in four bytes, and deviations in two.
    assert kept == 4 * 3 + 4 * 12 + 2 * 12


def test_cosine_addressing_has_a_temperature(modules):
    layer = modules[1].CosineMemory(5, 0.1, seed=0)
    layer.build((None, 3))
    codes = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    units = np.asarray(layer.units)
    cosines = (codes @ units.T) / np.outer(
        np.linalg.norm(codes, axis=1), np.linalg.norm(units, axis=1)
    )
    expected = softmax(cosines / 0.1, axis=1) @ units
    np.testing.assert_allclose(layer(codes), expected, rtol=1e-5)


def test_each_position_has_its_own_units(modules):
    layer = modules[1].PositionMemory(4, 5, seed=0)
    layer.build((None, 3))
    codes = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)
    found = np.reshape(layer(codes.reshape(-1, 3)), codes.shape)
    units = np.asarray(layer.units)
    for position in range(4):
        weights = softmax(codes[:, position] @ units[position].T, axis=1)
        np.testing.assert_allclose(found[:, position], weights @ units[position], rtol=1e-5)


def test_every_memory_learns_and_gives_a_distance(modules):
    feature_memory, patch_networks = modules
    train = made_up(1)
    function, _ = feature_memory.prepare("standardized", train)
    values = function(train).astype(np.float16)
    usual = {v.memory: v for v in patch_networks.VARIANTS.values() if v.steps}
    hull = patch_networks.VARIANTS["distance to the hull of the units"]
    for variant in (*usual.values(), hull):
        short = dataclasses.replace(variant, steps=20, num_units=6)
        networks = patch_networks.PatchNetworks(short, 4, 3, seed=0)
        before = float(networks.loss(tf.constant(values[0], tf.float32), 0))
        networks.fit(values)
        assert float(networks.loss(tf.constant(values[0], tf.float32), 0)) < before
        distances = networks.distances(values[:3])
        assert distances.shape == (3, 4)
        assert (distances >= 0).all()


def test_a_patch_is_of_a_defect_from_a_quarter_on(modules):
    masks = np.zeros((1, 4, 4), bool)
    masks[0, 0, 0] = masks[0, 2, :] = True
    found = modules[0].grid_masks(masks, (2, 2))
    assert found.tolist() == [[True, False, True, True]]
    # A pixel of sixteen is less than a quarter; such an anomaly says nothing about patches.
    assert not modules[0].grid_masks(np.eye(4, dtype=bool)[None] & masks, (1, 1)).any()


def test_areas_are_by_image_and_by_patch(modules):
    distances = np.array([[0.0, 1.0], [2.0, 3.0], [0.0, 4.0], [9.0, 0.0]])
    defects = np.array([[False, False], [False, False], [False, True], [False, False]])
    found = modules[0].aurocs(distances, np.array([0, 0, 1, 1]), defects)
    # The last anomaly has no patch of a defect and is left out of the second.
    assert found == {"auroc": 1.0, "grid_auroc": 1.0}
    distances[2] = [4.0, 2.5]
    found = modules[0].aurocs(distances, np.array([0, 0, 1, 1]), defects)
    assert found["grid_auroc"] == pytest.approx(3 / 5)


def test_a_line_that_is_there_is_not_measured_again(modules, tmp_path, monkeypatch):
    feature_memory, _ = modules
    monkeypatch.chdir(tmp_path)
    folder_sets.make_mvtec(tmp_path / "parts", 24, 3, 2, side=32)
    backbone = tiny_backbone.write_tiny_backbone(tmp_path / "tiny.keras")
    given = {
        "sets": ["parts"],
        "seeds": ["0"],
        "kinds": ["standardized"],
        "variants": ["0"],
        "backbone": f"file:{backbone}",
        "cache": str(tmp_path),
    }
    monkeypatch.setattr(feature_memory, "FLAGS", type("Flags", (), given))
    path = tmp_path / "record.json"
    feature_memory.measure_all(path)
    record = json.loads(path.read_text())
    (key,) = record
    assert key == "parts/standardized/a Gaussian at each position, nothing else/0"
    assert record[key]["machine"]["Keras"]
    record[key]["auroc"] = 0.125
    path.write_text(json.dumps(record))
    feature_memory.measure_all(path)
    assert json.loads(path.read_text()) == record
    rows = feature_memory.make_rows(record)
    assert rows[0][2] == "parts, image / grid"
    assert rows[1][2].startswith("12.5 / ")


def test_the_page_is_what_the_record_says(modules):
    feature_memory, patch_networks = modules
    record = json.loads((ROOT / "results" / "feature_memory.json").read_text())
    for key, line in record.items():
        variant = patch_networks.VARIANTS[key.split("/")[2]]
        assert line["configuration"] == dataclasses.asdict(variant)
    page = (ROOT / "docs" / "beyond.md").read_text()
    assert feature_memory.MARK in page
    assert feature_memory.fill_page(page, feature_memory.make_rows(record)) == page
