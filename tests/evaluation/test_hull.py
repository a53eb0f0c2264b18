import functools
import json
import pathlib
import types

import numpy as np
import pytest

from memgan_tf.data.labelled_images import LabelledImages
from memgan_tf.data.splits import OneClassTask
from memgan_tf.evaluation import hull
from memgan_tf.tools import main

ROOT = pathlib.Path(__file__).parents[2]
PAGE, RECORDS = ROOT / "docs" / "hull.md", ROOT / "results" / "hull"

# A square in the plane z = 0 of space: fewer directions than dimensions, so the hull is flat.
SQUARE = np.array([[-1, -1, 0], [-1, 1, 0], [1, -1, 0], [1, 1, 0]], float)


@pytest.mark.parametrize(
    ("code", "off_span", "in_span"),
    [
        ([0.5, 0.5, 0], 0, 0),  # inside
        ([0.5, 0.5, 3], 3, 0),  # above it
        ([5, 0, 0], 0, 4),  # beside it
        ([5, 0, 3], 3, 4),  # 3, 4, 5
    ],
)
def test_distance_is_split_into_off_and_in_the_span(code, off_span, in_span):
    found = hull.measure_distances(np.array([code]), SQUARE)
    np.testing.assert_allclose(found.off_span, off_span, atol=1e-6)
    np.testing.assert_allclose(found.in_span, in_span, atol=1e-6)
    np.testing.assert_allclose(found.total, np.hypot(off_span, in_span), atol=1e-6)
    assert found.error <= 1e-6


def test_codes_are_solved_in_batches(monkeypatch):
    codes = np.random.default_rng(0).normal(size=(7, 3))
    whole = hull.measure_distances(codes, SQUARE)
    monkeypatch.setattr(hull, "BATCH", 3)
    np.testing.assert_allclose(hull.measure_distances(codes, SQUARE).total, whole.total, atol=1e-6)


def test_a_distance_that_is_not_exact_is_no_distance(monkeypatch):
    def give_up(codes, units, tolerance):
        return solve(codes, units, tolerance, max_iterations=0)

    solve = hull.hull_weights
    monkeypatch.setattr(hull, "hull_weights", give_up)
    with pytest.raises(RuntimeError, match="only known to within"):
        hull.measure_distances(np.array([[5.0, 0.0, 0.0]]), SQUARE)


def test_spread_by_hand():
    # Distances to the mean (1, 0): 1, 1, so the root mean square is 1.
    assert hull.spread_of(np.array([[0.0, 0.0], [2.0, 0.0]])) == pytest.approx(1.0)


class Codes:
    """A run whose codes are its images' pixels over 50, less 2, and whose units are a square."""

    directory = types.SimpleNamespace(path="runs/x")
    config = types.SimpleNamespace(detector="memgan", data=types.SimpleNamespace(dataset="digits"))

    def __init__(self, points):
        model = types.SimpleNamespace(embedding_points=lambda: points)
        self.detector = types.SimpleNamespace(model=model)

    def explain(self, images):
        codes = images.reshape(len(images), -1) / 50 - 2
        return {"codes": codes, "anomaly_score": -codes[:, 0]}


def images(*codes):
    pixels = np.round((np.array(codes, float) + 2) * 50).astype(np.uint8)
    names = [str(i) for i in range(len(codes))]
    return LabelledImages(pixels.reshape(len(codes), 1, 1, -1), None, names)


def task(test_labels=(0, 0, 1, 1)):
    test = images([0, 0], [1.5, 0], [3, 0], [2, 0])
    return OneClassTask(
        train=images([0, 1], [0, -1], [1, 0], [-1, 0]),  # 1 from their mean: the spread is 1
        validation=images([0, 3]),
        test=LabelledImages(test.images, np.array(test_labels), test.names),
    )


def test_the_claim_is_measured():
    measured = hull.measure_hull(Codes({"unit": SQUARE[:, :2]}), task())
    assert measured["spread"] == pytest.approx(1.0)
    medians = {name: found["median"] for name, found in measured["distances"].items()}
    assert medians == pytest.approx(
        {"train": 0.0, "held_out": 2.0, "normal": 0.25, "abnormal": 1.5}, abs=1e-6
    )
    inside = measured["distances"]["normal"]["inside"]
    assert inside == {"0.001": 0.5, "0.1": 0.5, "0.25": 0.5, "0.5": 1.0}
    # Corners of the square, √2 from the middle, lie √2 / 2 from the diamond of training codes.
    assert measured["units_to_codes"] == pytest.approx(np.sqrt(0.5), abs=1e-3)
    # Distances 0, 0.5 | 2, 1 rank right; the stand-in's score, which falls with x, ranks wrong.
    assert measured["auroc"]["total"] == measured["auroc"]["to_mean_code"] == 1.0
    assert measured["auroc"]["anomaly_score"] == 0.0
    assert measured["solver_error"] <= 1e-6


def test_a_method_without_units_is_named():
    with pytest.raises(ValueError, match="`run` must be of a method with memory units"):
        hull.measure_hull(Codes({}), task())


def test_a_set_without_labels_is_named():
    blind = OneClassTask(task().train, task().validation, None)
    with pytest.raises(ValueError, match="digits has no labeled test split"):
        hull.measure_hull(Codes({"unit": SQUARE[:, :2]}), blind)


def test_the_command_writes_what_it_prints(tmp_path, capsys):
    flags = ["--epochs=1", "--base_width=4", "--latent_dim=6", "--num_units=5"]
    assert main.main(["train", "--normal_class=0", f"--model_dir={tmp_path}", *flags]) == 0
    path = tmp_path / "memgan" / "digits" / "0" / "seed_0"
    assert main.main(["hull", f"--run={path}"]) == 0
    printed = capsys.readouterr().out
    measured = json.loads((path / "eval" / "hull.json").read_text())
    assert measured["detector"] == "memgan"
    assert measured["distances"]["train"]["num_codes"] > 0
    assert f"{100 * measured['auroc']['total']:.2f}" in printed
    assert f"{measured['distances']['abnormal']['median']:.3f}" in printed


def test_the_pages_table_is_made_from_the_records():
    """docs/hull.md: a row a variant and class, means over the seeds."""
    rows = []
    for variant in ("default", "default+projection_weight=0", "paper"):
        for normal_class in range(10):
            paths = sorted(RECORDS.glob(f"{variant}/mnist_{normal_class}_seed_*.json"))
            found = [json.loads(path.read_text()) for path in paths]
            if found:
                rows.append(page_row(variant, normal_class, found))
    table = PAGE.read_text().partition("<!-- hull -->\n")[2].partition("\n<!-- end of hull -->")[0]
    assert table.splitlines()[2:] == rows


def page_row(variant, normal_class, found):
    def mean(*keys):
        return float(np.mean([functools.reduce(dict.__getitem__, keys, one) for one in found]))

    medians = [mean("distances", kind, "median") for kind in ("train", "normal", "abnormal")]
    inside = [100 * mean("distances", "normal", "inside", limit) for limit in ("0.001", "0.25")]
    inside.append(100 * mean("distances", "abnormal", "inside", "0.25"))
    auroc = [100 * mean("auroc", name) for name in ("total", "to_mean_code", "anomaly_score")]
    cells = [
        variant,
        str(normal_class),
        str(len(found)),
        *(f"{value:.2f}" for value in medians),
        *(f"{value:.1f}" for value in inside),
        *(f"{value:.1f}" for value in auroc),
        f"{mean('units_to_codes'):.1f}",
    ]
    return f"| {' | '.join(cells)} |"
