import dataclasses
import statistics

import pytest
from scipy.stats import wilcoxon

from memgan_tf.reproduction.records import Cell, paper_tables, read_records
from memgan_tf.reproduction.summaries import TIE, best_methods, compare, summarize
from memgan_tf.reproduction.tables import (
    mixed_versions,
    results_table,
    to_html,
    to_markdown,
    write_tables,
)


def record(auroc, seconds=36.0):
    metrics = {"auroc": auroc, "average_precision": 0.5, "fpr_at_95_tpr": 0.5}
    return {"metrics": metrics, "training_seconds": seconds, "suspect": []}


def cells(values, detector="memgan", suite="mnist", variant="default"):
    """Records by class, then seed, of AUROCs in percent."""
    return {
        Cell(suite, detector, variant, normal_class, seed): record(auroc / 100)
        for normal_class, seeds in values.items()
        for seed, auroc in enumerate(seeds)
    }


TEN = {c: [90.0 + c, 92.0 + c] for c in range(10)}


def test_means_and_deviations_by_hand():
    (summary,) = summarize(cells({0: [90.0, 92.0, 97.0], 3: [80.0]}), "mnist")
    assert summary.means == {0: pytest.approx(93.0), 3: pytest.approx(80.0)}
    # Squares of -3, -1, 4 over two degrees of freedom: 26 / 2.
    assert summary.deviations[0] == pytest.approx(13**0.5)
    assert summary.deviations[3] is None
    assert summary.num_seeds == 1
    assert summary.hours == pytest.approx(4 * 36 / 3600)


def test_the_average_needs_all_ten_classes():
    (whole,) = summarize(cells(TEN), "mnist")
    assert whole.average == pytest.approx(91.0 + 4.5)
    for count in (1, 9):
        (part,) = summarize(cells({c: TEN[c] for c in range(count)}), "mnist")
        assert part.average is None


def test_the_papers_average_is_that_of_its_rows():
    (summary,) = summarize(cells(TEN), "mnist")
    assert summary.paper_average == pytest.approx(96.33)  # it prints 96.5
    assert paper_tables()["average_printed"]["mnist"]["memgan"] == 96.5


def test_the_papers_rows():
    tables = paper_tables()
    assert tables["mnist"]["memgan"]["2"][0] == 94.5
    assert tables["cifar10"]["memgan"]["0"][0] == 73.0
    assert tables["num_units"]["5"]["200"] == [93.7, 0.9]
    for suite in ("mnist", "cifar10"):
        assert all(len(rows) == 10 for rows in tables[suite].values())


def test_comparison_by_hand_and_against_scipy():
    other = {c: [v + (-1.0 if c < 7 else 0.5 if c < 9 else 0.0) for v in TEN[c]] for c in TEN}
    first, second = summarize({**cells(TEN), **cells(other, "dcae")}, "mnist")
    result = compare(first, second)
    assert (result.first, result.second) == ("memgan", "dcae")
    assert (result.wins, result.ties, result.losses) == (7, 1, 2)
    differences = [statistics.mean(TEN[c]) - statistics.mean(other[c]) for c in range(10)]
    assert result.p_value == pytest.approx(wilcoxon(differences).pvalue)


def test_less_than_a_twentieth_of_a_point_is_a_tie_either_way():
    other = {c: [v - d for v in TEN[c]] for c, d in enumerate((0.04, -0.04, 0.06, -0.06))}
    first, second = summarize({**cells(TEN), **cells(other, "dcae")}, "mnist")
    result = compare(first, second)
    assert (result.wins, result.ties, result.losses) == (1, 2, 1)


def test_a_twentieth_of_a_point_is_a_win_or_a_loss():
    (summary,) = summarize(cells({0: [90.0]}), "mnist")
    ahead = dataclasses.replace(summary, means={0: TIE})
    level = dataclasses.replace(summary, means={0: 0.0})
    for first, second, expected in ((ahead, level, (1, 0, 0)), (level, ahead, (0, 0, 1))):
        result = compare(first, second)
        assert (result.wins, result.ties, result.losses) == expected


def test_too_few_classes_give_no_p_value():
    first, second = summarize({**cells({0: [90.0]}), **cells({0: [80.0]}, "dcae")}, "mnist")
    assert compare(first, second).p_value is None


def test_the_best_of_a_row_is_what_is_shown_as_highest():
    values = {**cells({0: [90.04]}), **cells({0: [90.01]}, "dcae"), **cells({0: [80.0]}, "kde")}
    assert best_methods(summarize(values, "mnist"), 0) == {"memgan", "dcae"}


def test_rows_as_they_are_shown():
    values = {**cells(TEN), **cells({0: [50.0]}, "memgan", variant="paper")}
    rows = results_table(summarize(values, "mnist"), "mnist")
    assert rows[0] == [
        "normal class",
        "memgan",
        "paper (difference)",
        "memgan (paper)",
        "paper (difference)",
    ]
    assert rows[1] == ["0", "**91.0** ± 1.4", "99.3 (-8.3)", "50.0", "99.3 (-49.3)"]
    assert rows[11][:3] == ["average of the rows", "95.50", "96.3 (-0.8)"]


def test_a_cell_says_how_many_of_its_runs_are_suspect():
    values = cells({3: [90.0, 92.0, 94.0], 4: [90.0]})
    values[Cell("mnist", "memgan", "default", 3, 1)]["suspect"] = ["all images use one unit"]
    rows = results_table(summarize(values, "mnist"), "mnist")
    assert rows[4][1] == "**92.0** ± 2.0 (1 SUSPECT)"
    assert rows[5][1] == "**90.0**"


def test_markdown_and_html():
    rows = [["a", "b"], ["1", "**2** < 3"]]
    assert to_markdown(rows).splitlines() == ["| a | b |", "|---|---|", "| 1 | **2** < 3 |"]
    assert "<td><b>2</b> &lt; 3</td>" in to_html(rows)


def test_files(tmp_path):
    write_tables(cells(TEN), "mnist", tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mnist.csv", "mnist.html", "mnist.md"]
    lines = (tmp_path / "mnist.csv").read_text().splitlines()
    assert len(lines) == 1 + 20
    assert lines[1].startswith("mnist,memgan,default,0,0,0.900000,")


def test_a_suite_without_records(tmp_path):
    with pytest.raises(ValueError, match="`suite` digits has no record"):
        write_tables(cells(TEN), "digits", tmp_path)


def test_damaged_records_are_named(tmp_path):
    path = tmp_path / "default" / "memgan" / "mnist" / "0" / "seed_0.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    with pytest.raises(ValueError, match="seed_0.json is not a record"):
        read_records(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("svhn", "memgan", "default", 0, 0), "suite"),
        (("mnist", "gan", "default", 0, 0), "detectors"),
        (("mnist", "memgan", "best", 0, 0), "preset"),
        (("mnist", "memgan", "default", 10, 0), "classes"),
        (("mnist", "memgan", "default", 0, -1), "seeds"),
    ],
)
def test_bad_cells(arguments, name):
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        Cell(*arguments)


def test_a_table_names_the_code_or_says_that_it_is_mixed(tmp_path):
    values = {**cells(TEN), **cells({0: [50.0]}, "kde")}
    for cell, made in values.items():
        made["sources"] = ["a" * 16 if cell.seed == 0 else "b" * 16]
    del values[Cell("mnist", "memgan", "default", 9, 1)]["sources"]
    summaries = summarize(values, "mnist")
    rows = results_table(summaries, "mnist")
    mixed = "MIXED: aaaaaaaa (10), bbbbbbbb (9), unrecorded (1)"
    assert rows[-1] == ["code", mixed, "", "aaaaaaaa", ""]
    (warning,) = mixed_versions(summaries)
    assert f"the records of memgan is {mixed}." in warning
    write_tables(values, "mnist", tmp_path)
    lines = (tmp_path / "mnist.csv").read_text().splitlines()
    assert [line.rsplit(",", 1)[1] for line in lines] == [
        "code",
        "aaaaaaaa",
        *["aaaaaaaa", "bbbbbbbb"] * 9,
        "aaaaaaaa",
        "unrecorded",
    ]
