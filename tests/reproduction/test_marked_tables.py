import pytest

from memgan_tf.reproduction.marked_tables import fill_page
from memgan_tf.reproduction.records import Cell

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
        Cell("cifar10", "pca", "default", 1, 0): record(34.8) | {"suspect": ["a sign"]},
    }
    rows = filled("cells: mnist 2, cifar10 1", records)
    assert rows[0].startswith("| detector | mnist 2 | unfitted | paper | training, s | cifar10 1 |")
    assert rows[2:] == [
        "| memgan | 96.2 | 60.4 | 94.5 | 250 |  |  | 52.5 |  |",
        "| kde |  |  | 79.0 |  |  |  |  |  |",
        "| pca |  |  |  |  | 34.8 (SUSPECT) |  |  | 36 |",
        "| code | unrecorded |  |  |  |  |  |  |  |",
    ]


def test_the_table_over_units_takes_the_presets_own_for_fifty():
    records = {
        Cell("mnist", "memgan", "default", 0, 0): record(99.6),
        Cell("mnist", "memgan", "default+num_units=25", 0, 0): record(99.0),
        Cell("mnist", "memgan", "default+num_units=25", 0, 1): record(98.0)
        | {"suspect": ["a sign"]},
    }
    rows = filled("units: mnist 0, 5", records)
    assert rows[2] == "| 25 | 98.5 ± 0.7 (1 SUSPECT) (99.2 ± 0.1) | (93.6 ± 0.1) | unrecorded |"
    assert rows[3] == "| 50 | 99.6 (99.3 ± 0.1) | (93.6 ± 0.3) | unrecorded |"


def test_a_table_of_rows_has_an_average_only_of_all_classes():
    records = {Cell("mnist", "pca", "default", c, 0): record(90.0 + c) for c in range(10)}
    records[Cell("mnist", "kde", "default", 3, 0)] = record(50.0)
    rows = filled("rows: mnist pca, kde", records)
    assert rows[0] == "| method | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | average | code |"
    figures = " | ".join(f"{90 + c}.0" for c in range(10))
    assert rows[2:] == [
        f"| pca | {figures} | 94.5 | unrecorded |",
        "| kde |  |  |  | 50.0 |  |  |  |  |  |  |  | unrecorded |",
    ]


def measured(**by_parts):
    config = {"model": {"score_parts": "b, a"}}
    found = {name.replace("_", "+"): auroc for name, auroc in by_parts.items()}
    return record(50.0) | {"auroc_by_parts": found, "config": config}


def test_a_table_of_parts_averages_seeds_then_classes():
    records = {
        Cell("mnist", "memgan_plus", "default", 0, 0): measured(a=0.90, b=0.5, a_b=0.80),
        Cell("mnist", "memgan_plus", "default", 0, 1): measured(a=0.92, b=0.5, a_b=0.80),
        Cell("mnist", "memgan_plus", "default", 1, 0): measured(a=0.70, b=0.5, a_b=0.60),
        Cell("mnist", "memgan_plus", "default", 1, 1): measured(a=0.76, b=0.5, a_b=0.60),
        Cell("mnist", "memgan_plus", "default+x=1", 0, 0): measured(a=0.1, b=0.2, a_b=0.3),
    }
    rows = filled("parts: mnist memgan_plus", records)
    # Seeds of `a` average 80 and 84: their sample deviation is 2 √2.
    assert rows[0] == "| parts | 0 | 1 | average |"
    assert rows[2:] == [
        "| **the score: a, b** | 80.0 ± 0.0 | 60.0 ± 0.0 | 70.00 ± 0.00 |",
        "| a alone | 91.0 ± 1.4 | 73.0 ± 4.2 | 82.00 ± 2.83 |",
        "| b alone | 50.0 ± 0.0 | 50.0 ± 0.0 | 50.00 ± 0.00 |",
        "| code | unrecorded |  |  |",
    ]
    rows = filled("parts: mnist memgan_plus default+x=1", records)
    assert rows[2] == "| **the score: a, b** | 30.0 | 30.00 |"
    with pytest.raises(ValueError, match="no record of memgan's parts on mnist"):
        filled("parts: mnist memgan", records)


def test_classes_count_the_same_whatever_their_number_of_seeds():
    records = {
        Cell("mnist", "memgan_plus", "default", 0, 0): measured(a_b=0.90),
        Cell("mnist", "memgan_plus", "default", 0, 1): measured(a_b=0.80),
        Cell("mnist", "memgan_plus", "default", 1, 0): measured(a_b=0.60),
    }
    for record_of in records.values():
        record_of["auroc_by_parts"] |= {"a": 0.5, "b": 0.5}
    # 85 and 60; the deviation needs seeds that have both classes.
    rows = filled("parts: mnist memgan_plus", records)
    assert rows[2] == "| **the score: a, b** | 85.0 ± 7.1 | 60.0 | 72.50 |"


def test_a_table_of_parts_leaves_out_each_of_the_score_and_adds_each_other():
    names = ("a", "b", "c", "d", "a+b", "b+c", "a+c", "a+b+c", "a+b+c+d")
    run = record(50.0) | {
        "auroc_by_parts": {name: 0.01 * index for index, name in enumerate(names)},
        "config": {"model": {"score_parts": "a,b,c"}},
    }
    rows = filled("parts: mnist memgan_plus", {Cell("mnist", "memgan_plus", "default", 0, 0): run})
    assert rows[2:] == [
        "| **the score: a, b, c** | 7.0 | 7.00 |",
        *(f"| {name} alone | {index}.0 | {index}.00 |" for index, name in enumerate("abcd")),
        "| without a | 5.0 | 5.00 |",
        "| without b | 6.0 | 6.00 |",
        "| without c | 4.0 | 4.00 |",
        "| with d | 8.0 | 8.00 |",
        "| code | unrecorded |  |",
    ]
