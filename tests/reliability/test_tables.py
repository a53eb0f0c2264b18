"""docs/reliability.md says what the records say, and the records are good."""

import json

from tests.reliability import tables


def read(name):
    return json.loads((tables.RECORDS / f"{name}.json").read_text())


def test_the_page_is_made_from_the_records():
    text = tables.PAGE.read_text()
    assert tables.fill(text) == text
    assert all(f"<!-- reliability: {name} -->" in text for name in tables.TABLES)


def test_a_changed_figure_is_noticed():
    text = tables.PAGE.read_text()
    assert tables.fill(text.replace("| all | ", "| all | 1")) == text


def test_every_kill_and_fault_was_survived():
    assert read("kill")["commands"]["train"]["tried"] >= 50
    for tally in (*read("kill")["commands"].values(), *read("faults")["faults"].values()):
        assert tally is None or tally["tried"] == tally["survived"] > 0


def test_the_count_of_inputs_is_that_of_the_record():
    readers = read("fuzz")["readers"]
    total = f"{sum(tally['tried'] for tally in readers.values()):,}".replace(",", " ")
    sentence = f"{len(readers)} readers took {total} inputs without a failure"
    assert sentence in (tables.ROOT / "SECURITY.md").read_text()


def test_no_input_failed_and_no_image_was_lost():
    assert all(not tally["failures"] for tally in read("fuzz")["readers"].values())
    soak = read("soak")
    assert soak["client"]["wrong_or_lost"] == 0
    for part in (soak["c_api"], soak["python"]):
        assert part["changed_scores"] == 0
        assert part["resident_mib_end"] < 1.05 * part["resident_mib_warm"]
