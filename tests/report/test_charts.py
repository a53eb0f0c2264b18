import base64
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from memgan_tf.report import charts
from memgan_tf.report.pictures import image_uri

LABELS, SCORES = np.repeat([0, 1], 20), np.arange(40.0)


def svg_of(uri):
    kind, content = uri.split(",", 1)
    assert kind == "data:image/svg+xml;base64"
    return base64.b64decode(content).decode()


@pytest.mark.parametrize(
    "chart",
    [
        charts.roc_chart(LABELS, SCORES),
        charts.histogram_chart(LABELS, SCORES, 20.0),
        charts.histogram_chart(None, SCORES, 50.0),
    ],
)
def test_a_chart_is_drawn_for_both_backgrounds(chart):
    for uri, ink, other in ((chart.light, "light", "dark"), (chart.dark, "dark", "light")):
        text = svg_of(uri)
        assert ElementTree.fromstring(text).tag.endswith("svg")
        assert charts.INK[ink] in text
        assert charts.INK[other] not in text
    assert chart.alt


def test_the_same_scores_make_the_same_chart():
    assert charts.roc_chart(LABELS, SCORES) == charts.roc_chart(LABELS, SCORES)


def test_curves_of_a_metrics_file(tmp_path):
    rows = ["epoch,step,seconds,loss/cycle,loss/projection,gan/real_probability,validation/score"]
    rows += [f"{i},{i},0.1,{100 / i},{1 / i},0.5,{2 / i}" for i in range(1, 1002)]
    (tmp_path / "metrics.csv").write_text("\n".join(rows) + "\n")
    drawn = charts.training_charts(tmp_path / "metrics.csv")
    assert [chart.title for chart in drawn] == [
        "Losses",
        "Score of held-out normal images",
        "Other metrics",
    ]
    assert "loss/cycle 0.0999" in drawn[0].alt  # 100 / 1001: the last epoch is kept
    assert len(drawn[0].light) < 200_000


def test_a_shallow_method_has_no_curves(tmp_path):
    assert charts.training_charts(tmp_path / "metrics.csv") == []


@pytest.mark.parametrize(("side", "kind"), [(8, "png"), (96, "png"), (128, "jpeg")])
def test_small_images_keep_every_pixel_and_large_ones_are_compressed(side, kind):
    assert image_uri(np.zeros((side, side, 1), np.uint8)).startswith(f"data:image/{kind};base64,")
    assert image_uri(np.zeros((side, side, 3), np.float32)).startswith(f"data:image/{kind}")
