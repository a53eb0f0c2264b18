import pytest

from memgan_tf.evaluation.records import Cell
from memgan_tf.report.pages import fill_page

END = "<!-- end of results -->"


def record(auroc, unfitted=None, seconds=36.0):
    made = {"metrics": {"auroc": auroc / 100}, "training_seconds": seconds, "suspect": []}
    return made if unfitted is None else made | {"unfitted": {"metrics": {"auroc": unfitted / 100}}}


def filled(mark, records):
    page = f"before\n<!-- {mark} -->\nold\n{END}\nafter"
    text = fill_page(page, records)
    assert "old" not in text
    assert text.startswith(f"before\n<!-- {mark} -->\n")
    assert text.endswith(f"\n{END}\nafter")
    assert fill_page(text, records) == text
    return text.splitlines()[2:-2]


TEN = {
    Cell("mnist", "memgan", "default", c, s): record(90 + c + s) for c in range(10) for s in (0, 1)
}
KDE = {Cell("mnist", "kde", "default", c, 0): record(80) for c in range(10)}


def test_a_table_of_classes():
    heading, _, first, *_ = filled("results: mnist memgan", TEN)
    assert heading == "| normal class | memgan | paper (difference) |"
    assert first == "| 0 | **90.5** ± 0.7 | 99.3 (-8.8) |"
    with pytest.raises(ValueError, match="no record of kde on mnist"):
        filled("results: mnist kde", TEN)


def test_a_comparison():
    rows = filled("comparison: mnist memgan, kde", TEN | KDE)
    assert rows[2] == "| memgan | kde | 10 | 0 | 0 | 0.00195 |"


def test_a_table_of_cells_has_a_row_a_detector():
    records = {
        Cell("mnist", "memgan", "default", 2, 0): record(96.2, unfitted=60.4, seconds=250.4),
        Cell("mnist", "memgan", "default", 2, 1): record(1.0),  # another seed
        Cell("mnist", "kde", "paper", 2, 0): record(1.0),  # another preset
        Cell("cifar10", "pca", "default", 1, 0): record(34.8),
    }
    rows = filled("cells: mnist 2, cifar10 1", records)
    assert rows[0].startswith("| detector | mnist 2 | unfitted | paper | training, s | cifar10 1 |")
    assert rows[2:] == [
        "| memgan | 96.2 | 60.4 | 94.5 | 250 |  |  | 52.5 |  |",
        "| kde |  |  | 79.0 |  |  |  |  |  |",
        "| pca |  |  |  |  | 34.8 |  |  | 36 |",
    ]


def test_the_table_over_units_takes_the_presets_own_for_fifty():
    records = {
        Cell("mnist", "memgan", "default", 0, 0): record(99.6),
        Cell("mnist", "memgan", "default+num_units=25", 0, 0): record(99.0),
        Cell("mnist", "memgan", "default+num_units=25", 0, 1): record(98.0),
    }
    rows = filled("units: mnist 0, 5", records)
    assert rows[2] == "| 25 | 98.5 ± 0.7 (99.2 ± 0.1) | (93.6 ± 0.1) |"
    assert rows[3] == "| 50 | 99.6 (99.3 ± 0.1) | (93.6 ± 0.3) |"


def test_a_table_of_parts_averages_seeds_then_classes():
    def measured(first, both):
        return record(50.0) | {"auroc_by_parts": {"a": first, "a+b": both}}

    records = {
        Cell("mnist", "memgan_plus", "default", 0, 0): measured(0.90, 0.80),
        Cell("mnist", "memgan_plus", "default", 0, 1): measured(0.92, 0.80),
        Cell("mnist", "memgan_plus", "default", 1, 0): measured(0.70, 0.60),
        Cell("mnist", "memgan_plus", "default", 1, 1): measured(0.76, 0.60),
        Cell("mnist", "memgan_plus", "paper", 0, 0): measured(0.1, 0.1),
    }
    rows = filled("parts: mnist memgan_plus", records)
    # Seeds average 80 and 84: their sample deviation is 2 √2.
    assert rows[0] == "| parts | 0 | 1 | average |"
    assert rows[2:] == [
        "| a | 91.0 | 73.0 | 82.00 ± 2.83 |",
        "| a + b | 80.0 | 60.0 | 70.00 ± 0.00 |",
    ]
    with pytest.raises(ValueError, match="no record of memgan's parts on mnist"):
        filled("parts: mnist memgan", records)
