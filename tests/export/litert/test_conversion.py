"""Every detector that a server can run is a LiteRT file of built-in operations, or says why not."""

import numpy as np
import pytest

from memgan_tf.config.registry import BY_FEATURES
from memgan_tf.export.litert.conversion import convert
from memgan_tf.export.litert.flatbuffers import custom_operations, operations, parse
from memgan_tf.export.litert.metadata import LOOPS

pytest.importorskip("ai_edge_litert", reason="needs the extra litert")

# Between them they have every kind of layer and score; docs/litert.md says what was tried besides.
CONVERTED = ("memgan_plus", "dsebm", "patch_memory", "features_knn")
MORE = {"memgan_plus": {"score_parts": "weighted_residual,turns,features,patches"}}
OTHERS = {"dagmm": "MatrixTriangularSolve"}
FLOAT32, INT8 = 0, 9  # types of tensors in the format


@pytest.mark.parametrize("name", CONVERTED)
def test_scores_are_the_runs(name, lite_scorer, interpret, pixels):
    shape = (32, 24, 3) if name in BY_FEATURES else (8, 8, 1)
    detector, scorer = lite_scorer(name, shape, **MORE.get(name, {}))
    content, images = convert(scorer), pixels(4, shape, seed=1)
    found, explained = interpret(content, images), detector.explain(images)
    np.testing.assert_allclose(found["anomaly_score"], explained["anomaly_score"], rtol=1e-4)
    assert ("anomaly_map" in found) == ("anomaly_map" in explained)
    if "anomaly_map" in explained:
        np.testing.assert_allclose(
            found["anomaly_map"], explained["anomaly_map"], rtol=1e-3, atol=1e-4
        )
    model = parse(content)
    assert not custom_operations(model)
    kinds = {o.kind for graph in model.subgraphs for o in operations(model, graph)}
    assert not kinds & set(LOOPS), "`read_metadata` would refuse the file"


@pytest.mark.parametrize(("name", "image_fit"), [("padim", "pad"), ("patchcore", "keep")])
def test_what_pads_a_photograph_is_left_out_as_in_the_run(
    name, image_fit, lite_scorer, interpret, pixels
):
    shape = (32, 32, 3)
    detector, scorer = lite_scorer(name, shape, dataset="folder:parts", image_fit=image_fit)
    images = np.maximum(pixels(3, shape, seed=1), 1)
    images[0, :9] = images[0, -9:] = images[1, :, :12] = 0
    found = interpret(convert(scorer), images)
    np.testing.assert_allclose(found["anomaly_score"], detector.score(images), rtol=1e-4)


def test_large_images_are_made_small_without_an_operation_for_it(lite_scorer, interpret, pixels):
    shape = (24, 40, 3)
    detector, scorer = lite_scorer("memgan_plus", shape, turn_side=10)
    images = pixels(2, shape, seed=1)
    found = interpret(convert(scorer), images)["anomaly_score"]
    np.testing.assert_allclose(found, detector.score(images), rtol=1e-4)


@pytest.mark.parametrize(("name", "operation"), OTHERS.items())
def test_an_operation_that_stands_in_the_way_is_named(name, operation, lite_scorer):
    _, scorer = lite_scorer(name)
    with pytest.raises(ValueError, match=f"LiteRT has no built-in operation for {operation}") as e:
        convert(scorer)
    assert "\n" not in str(e.value)


def test_half_precision_keeps_what_decides(lite_scorer, interpret, pixels):
    detector, scorer = lite_scorer("memgan", base_width=32, latent_dim=32)
    whole, half = convert(scorer), convert(scorer, "float16")
    assert len(half) < 0.65 * len(whole)
    images = pixels(6, seed=1)
    found = interpret(half, images)
    scores = detector.score(images)
    np.testing.assert_allclose(found["anomaly_score"], scores, rtol=5e-3)
    assert (found["anomaly_score"] != scores).any()
    threshold = scorer._calibration.threshold
    np.testing.assert_allclose(found["threshold"], threshold, rtol=1e-7)
    np.testing.assert_array_equal(found["is_anomaly"], found["anomaly_score"] > threshold)


def test_networks_are_integers_and_the_score_is_not(lite_scorer, interpret, pixels):
    detector, scorer = lite_scorer("memgan")
    content = convert(scorer, "int8", pixels(20, seed=2))
    model = parse(content)
    graph = model.subgraphs[0]
    types = {}
    for operation in operations(model, graph):
        types.setdefault(operation.kind, set()).add(graph.tensors[operation.outputs[0]].type)
    assert types["CONV_2D"] == types["TRANSPOSE_CONV"] == types["LEAKY_RELU"] == {INT8}
    for kind in ("SOFTMAX", "SQUARED_DIFFERENCE", "SQRT", "SUM"):
        assert types[kind] == {FLOAT32}, kind
    images = pixels(6, seed=1)
    found = interpret(content, images)["anomaly_score"]
    np.testing.assert_allclose(found, detector.score(images), rtol=0.2)


def test_a_score_without_networks_cannot_be_integers(lite_scorer, pixels):
    _, scorer = lite_scorer("pca")
    with pytest.raises(ValueError, match="this score has none. Use float16"):
        convert(scorer, "int8", pixels(8))
