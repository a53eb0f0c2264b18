"""The report of a real, tiny run: whole, escaped, up to date."""

import dataclasses
import html.parser
import json
import pathlib

import numpy as np
import pytest

from memgan_tf import files
from memgan_tf.evaluation.trained_run import TrainedRun
from memgan_tf.report import page
from memgan_tf.report.findings import gather
from memgan_tf.report.hull_sample import MAX_CODES, sample_hull
from memgan_tf.report.model_card import write_model_card
from memgan_tf.report.page import write_report

NASTY = ('<script>alert("1")</script>', 'it\'s, a "name"', "two\nlines & more.png", "a`b|c*.png")


class Page(html.parser.HTMLParser):
    """Tags with their attributes, and the text, of a page."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def values(self, attribute):
        return [found[attribute] for _, found in self.tags if attribute in found]


def without_test(task):
    return dataclasses.replace(task, test=None)


def renamed(task, names):
    """The task with other names of its first test images."""
    names = [*names, *task.test.names[len(names) :]]
    return dataclasses.replace(task, test=dataclasses.replace(task.test, names=names))


def test_a_report_is_one_file_that_asks_for_nothing(evaluated, masked_task):
    path, _ = write_report(evaluated, masked_task)
    assert path == evaluated.directory.evaluation / "report.html"
    shown = Page(path)
    assert not [tag for tag, _ in shown.tags if tag in ("script", "iframe", "object", "embed")]
    sources = shown.values("src") + shown.values("srcset")
    assert len(sources) > 60
    assert all(source.startswith("data:image/") for source in sources)
    links = [link for link in shown.values("href") if link != "data:,"]
    assert links
    assert {link.removeprefix("#") for link in links} <= set(shown.values("id"))
    assert "url(" not in path.read_text()
    assert "http" not in path.read_text().replace("http-equiv", "")
    assert all(image.get("alt") for tag, image in shown.tags if tag == "img")
    assert path.stat().st_mode & 0o777 == 0o644
    assert not list(path.parent.glob(".tmp-*"))


def test_a_report_says_what_was_found(evaluated, masked_task):
    shown = Page(write_report(evaluated, masked_task, 3)[0])
    results = json.loads((evaluated.directory.path / "results.json").read_text())
    for name, value in results["metrics"].items():
        assert name in shown.text
        assert f"{100 * value:.2f}" in shown.text
    assert {"pixel_auroc", "aupro"} <= results["metrics"].keys()
    for words in ("False alarms", "Misses", "Most anomalous", "Calibration", "Memory", "Commands"):
        assert words in shown.text
    assert f"{evaluated.threshold:.6g}" in shown.text
    assert "The line in cyan is the known defect." in " ".join(shown.text.split())
    assert "5 of 5 memory units" in shown.text
    assert "--base_width=4" in shown.text
    # Three pictures of each card; no group has more than the images that were asked for.
    cards = [attributes for tag, attributes in shown.tags if attributes.get("class") == "card"]
    assert 6 <= len(cards) <= 12


def test_names_and_paths_are_escaped(finished, tiny_task):
    task = renamed(tiny_task, NASTY)
    findings = write_report(finished, task, 60)[1]
    assert set(NASTY) <= set(findings.scored.names)
    text = (finished.directory.evaluation / "report.html").read_text()
    assert "<script" not in text
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;" in text
    shown = Page(finished.directory.evaluation / "report.html")
    assert all(name in shown.text for name in NASTY)
    assert 'image of it\'s, a "name"' in shown.values("alt")


def test_a_run_is_evaluated_unless_it_was_on_these_images_at_this_threshold(
    evaluated, masked_task, capsys
):
    results = evaluated.directory.path / "results.json"
    before = results.stat().st_mtime_ns
    found = gather(evaluated, masked_task, 2)
    assert "Evaluating" not in capsys.readouterr().out
    assert results.stat().st_mtime_ns == before
    assert found.scored.names == masked_task.test.names

    evaluated.recalibrate(target_fpr=0.3)
    assert json.loads(results.read_text())["threshold"] != evaluated.threshold
    gather(evaluated, masked_task, 2)
    assert capsys.readouterr().out == "Evaluating the run first.\n"
    assert json.loads(results.read_text())["threshold"] == evaluated.threshold

    found = gather(evaluated, renamed(masked_task, ["another.png"]), 2)
    assert capsys.readouterr().out == "Evaluating the run first.\n"
    assert found.scored.names[0] == "another.png"


def test_normal_images_alone_make_a_report(finished, tiny_task):
    path, findings = write_report(finished, without_test(tiny_task))
    shown = Page(path)
    assert not (finished.directory.path / "results.json").exists()
    assert "no labeled anomaly has tested it" in shown.text
    assert "Held-out normal images with the highest scores." in shown.text
    assert "False alarms" not in shown.text
    assert "ROC" not in shown.text
    np.testing.assert_allclose(
        np.sort(findings.scored.scores), finished.calibration.scores, rtol=1e-5
    )


def test_a_report_is_replaced_whole_or_not_at_all(finished, tiny_task, monkeypatch):
    path = finished.directory.evaluation / "report.html"
    path.parent.mkdir()
    path.write_text("before")

    def fail(findings):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(page, "render", fail)
    with pytest.raises(RuntimeError, match="disk is full"):
        write_report(finished, without_test(tiny_task))
    assert path.read_text() == "before"
    assert not list(path.parent.glob(".tmp-*"))


def test_suspicion_and_the_data_index_are_shown(finished, tiny_task):
    finished.directory.mark_suspect(["all images use the same memory unit"])
    index = {
        **{"folder": "parts", "layout": "flat", "image_size": 8, "image_fit": "pad"},
        **{"counts": [], "smallest": None, "largest": None, "num_masks": 0},
        **{"unusable_masks": [], "duplicates": [], "leaks": []},
        "left_out": [{"path": "<b>.png", "reason": "not an image"}],
    }
    files.write_json(finished.directory.path / "data_index.json", index)
    path, _ = write_report(finished, without_test(tiny_task))
    shown = Page(path)
    assert "SUSPECT: do not rely on this run." in shown.text
    assert "all images use the same memory unit" in shown.text
    assert "<b>.png: not an image" in shown.text
    assert "Files left out: 1; see Data." in shown.text


def test_paths_outside_utf_8_are_escaped():
    assert page._shown(pathlib.Path("runs/\udcff")) == "runs/\\xff"


def test_the_model_card_has_the_figures_and_no_markup_of_names(evaluated, masked_task):
    data = dataclasses.replace(evaluated.config.data, dataset="npz:<b>|`x*_y.npz")
    evaluated.config = dataclasses.replace(evaluated.config, data=data)
    write_model_card(gather(evaluated, masked_task, 1))
    card = (evaluated.directory.evaluation / "model_card.md").read_text()
    results = json.loads((evaluated.directory.path / "results.json").read_text())
    assert f"| {100 * results['metrics']['auroc']:.2f} |" in card
    assert f"{evaluated.threshold:.6g}" in card
    assert "npz:&lt;b&gt;\\|\\`x\\*\\_y.npz" in card
    title = card.splitlines()[0]
    assert title.startswith("# Model card: memgan on npz:&lt;b&gt;")
    prose, command = card.split("```sh\n")
    assert "<" not in prose
    assert "'--dataset=npz:<b>|`x*_y.npz'" in command
    assert card.endswith("\n```\n")


def test_the_hull_is_measured_on_a_sample(finished, tiny_task, monkeypatch):
    monkeypatch.setattr("memgan_tf.report.hull_sample.MAX_CODES", 7)
    assert MAX_CODES > 7
    rows = sample_hull(finished, tiny_task)
    assert [(row.name, row.num_codes) for row in rows] == [
        ("training", 7),
        ("held-out", 7),
        ("test, normal", int(min(7, (tiny_task.test.labels == 0).sum()))),
        ("test, anomalies", 7),
    ]
    assert all(row.median > 0 and 0 <= row.near <= 1 for row in rows)
    names = [row.name for row in sample_hull(finished, without_test(tiny_task))]
    assert names == ["training", "held-out"]


def test_a_hull_that_cannot_be_solved_is_said(finished, tiny_task, monkeypatch):
    def fail(*_):
        raise RuntimeError("the units are nearly dependent")

    monkeypatch.setattr("memgan_tf.report.findings.sample_hull", fail)
    path, _ = write_report(TrainedRun.load(finished.directory.path), without_test(tiny_task))
    assert "could not be measured: the units are nearly dependent" in Page(path).text


def test_a_report_of_somebody_elses_run_says_whose_data_it_shows(
    finished, tiny_task, monkeypatch, tmp_path
):
    theirs = {"command": "memgan train \x1b[2J --dataset=folder:/theirs"}
    files.write_json(finished.directory.path / "environment.json", theirs)
    own = page.write_report(finished, tiny_task, 1)[0].read_text()
    assert "Whose data" not in own
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another user"))
    foreign = page.write_report(finished, tiny_task, 1)[0].read_text()
    assert "was not trained by the user who made this report" in foreign
    assert "Another user made this run." in foreign
    assert "\x1b" not in own + foreign
    assert "\\x1b[2J --dataset=folder:/theirs" in foreign
