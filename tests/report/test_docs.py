"""The commands of docs/report.md run, in order, and its figures are the code's."""

import pathlib
import re
import shlex

import tensorflow as tf

from memgan_tf.evaluation import heat_scale
from memgan_tf.evaluation.float_bins import RELATIVE_WIDTH
from memgan_tf.evaluation.pixel_metrics import FPR_LIMIT
from memgan_tf.report import hull_sample, page, verdict
from memgan_tf.tools import main

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "report.md"


def test_the_commands_run(pixels, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(tf.io.encode_png(pixels(1)[0]).numpy())
    verbs = []
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line)[1:]
            short = ["--epochs=1", "--base_width=4"] if words[0] == "train" else []
            assert main.main([*words, *short]) == 0, capsys.readouterr().err
            verbs.append(words[0])
    assert verbs == ["train", "report", "evaluate", "score"]
    folder = tmp_path / "runs/memgan/digits/8/seed_0/eval"
    assert {"report.html", "model_card.md", "heatmaps"} <= {path.name for path in folder.iterdir()}
    assert len(list((tmp_path / "heatmaps").glob("rank_001_*.png"))) == 1


def test_the_figures_of_the_page_are_those_of_the_code():
    text = " ".join(PAGE.read_text().split())
    assert f"that {100 * heat_scale.SHARE:g} % of the pixels of held-out" in text
    images, slow = heat_scale.MAX_IMAGES, heat_scale.MAX_SLOW_IMAGES
    assert f"(at most {images} of these images; {slow} for a detector" in text
    assert f"of at most {hull_sample.MAX_CODES} images of each set" in text
    assert f"from a rate of 0 to {FPR_LIMIT} (Bergmann" in text
    assert f"`--num_images={page.NUM_IMAGES}`" in text
    assert f"in bins {100 * RELATIVE_WIDTH:.1f} % wide" in text
    for least, _, _ in verdict.HEADLINES:
        assert f"above {100 * least:.0f} " in text


def test_the_picture_is_small():
    (name,) = re.findall(r"\(images/([\w.]+)\)", PAGE.read_text())
    assert 10_000 < (PAGE.parent / "images" / name).stat().st_size < 300_000
