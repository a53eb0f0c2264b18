"""Tables inside Markdown pages, generated from the records, so a page cannot disagree with them.

A table is between a mark that names it and `<!-- end of results -->`:

- `<!-- results: <suite> <method>, <method> -->`: one row per class, methods named as in `Summary`.
- `<!-- comparison: <suite> <method>, <method> -->`: the first method against each other one.
- `<!-- rows: <suite> <method>, <method> -->`: a row per method, a column per class, the average.
- `<!-- cells: <suite> <class>, <suite> <class> -->`: a row per detector, default preset, seed 0.
- `<!-- units: <suite> <class>, <class> -->`: the paper's Table 3, one row per number of units.
- `<!-- parts: <suite> <detector> [<variant>] -->`: the score with several parts, with each part
  alone, and without each part; for the default preset unless another variant is named.
"""

import collections
import re
import statistics
from collections.abc import Callable, Mapping
from typing import Any

from memgan_tf.reproduction.records import SUITES, Cell, paper_tables
from memgan_tf.reproduction.summaries import summarize
from memgan_tf.reproduction.tables import comparison_table, mean_cell, results_table, to_markdown
from memgan_tf.source_digest import count_versions, describe_versions

Records = Mapping[Cell, dict[str, Any]]
Rows = list[list[str]]
# Numbers of memory units in Table 3, and the one that the presets use.
UNITS = (25, 50, 100, 200)
PAPERS_UNITS = 50


def fill_page(text: str, records: Records) -> str:
    """Replaces each marked table of a page with one made from the records.

    Raises:
        ValueError: If a mark names something without a record.
    """

    def fill(match):
        rows = TABLES[match[1]](records, match[2])
        return f"<!-- {match[1]}: {match[2]} -->\n{to_markdown(rows)}\n<!-- end of results -->"

    pattern = rf"<!-- ({'|'.join(TABLES)}): (.*?) -->\n.*?<!-- end of results -->"
    return re.sub(pattern, fill, text, flags=re.DOTALL)


def _results(records, mark):
    suite, found = _named_summaries(records, mark)
    return results_table(found, suite)


def _comparison(records, mark):
    return comparison_table(_named_summaries(records, mark)[1])


def _rows(records, mark):
    suite, found = _named_summaries(records, mark)
    rows = [["method", *map(str, range(SUITES[suite])), "average", "code"]]
    for summary in found:
        means = [summary.means.get(c) for c in range(SUITES[suite])]
        cells = ["" if mean is None else f"{mean:.1f}" for mean in [*means, summary.average]]
        rows.append([summary.method, *cells, describe_versions(summary.versions)])
    return rows


def _code_row(records, num_columns):
    """The last row of a table: the code behind the records that it shows."""
    return ["code", describe_versions(count_versions(records)), *[""] * (num_columns - 2)]


def _named_summaries(records, mark):
    suite, _, names = mark.partition(" ")
    found = {summary.method: summary for summary in summarize(records, suite)}
    methods = [name.strip() for name in names.split(",")]
    for method in methods:
        if method not in found:
            raise ValueError(f"`results` has no record of {method} on {suite}")
    return suite, [found[method] for method in methods]


def _cells(records, mark):
    """AUROC, that of an unfitted copy, the paper's, and seconds of training, by detector."""
    places = [(suite, int(c)) for suite, c in (part.split() for part in mark.split(","))]
    rows = [["detector"]]
    for suite, normal_class in places:
        rows[0] += [f"{suite} {normal_class}", "unfitted", "paper", "training, s"]
    detectors = sorted({c.detector for c in records if (c.suite, c.normal_class) in places})
    shown = []
    for detector in sorted(detectors, key=lambda name: (name != "memgan", name)):
        row = [detector]
        for suite, normal_class in places:
            record = records.get(Cell(suite, detector, "default", normal_class, 0))
            row += _cell(record, paper_tables()[suite].get(detector, {}), normal_class)
            shown += [record] if record else []
        rows.append(row)
    return [*rows, _code_row(shown, len(rows[0]))]


def _cell(record, paper, normal_class):
    published = f"{paper[str(normal_class)][0]:.1f}" if paper else ""
    if record is None:
        return ["", "", published, ""]
    unfitted = record.get("unfitted")
    return [
        f"{100 * record['metrics']['auroc']:.1f}" + (" (SUSPECT)" if record["suspect"] else ""),
        "" if unfitted is None else f"{100 * unfitted['metrics']['auroc']:.1f}",
        published,
        f"{record['training_seconds']:.0f}",
    ]


def _units(records, mark):
    suite, _, classes = mark.partition(" ")
    classes = [int(c) for c in classes.split(",")]
    found = {summary.method: summary for summary in summarize(records, suite)}
    rows = [["memory units", *(f"{suite} {c} (paper)" for c in classes), "code"]]
    for units in UNITS:
        own = units == PAPERS_UNITS
        method = "memgan" if own else f"memgan (default+num_units={units})"
        summary, row = found.get(method), [str(units)]
        for normal_class in classes:
            published = paper_tables()["num_units"][str(normal_class)][str(units)]
            ours = mean_cell(summary, normal_class) if summary else ""
            row.append(f"{ours} ({published[0]:.1f} ± {published[1]:.1f})".strip())
        rows.append([*row, describe_versions(summary.versions) if summary else ""])
    return rows


def _parts(records, mark):
    """Ablations as AUROC × 100, mean ± deviation over seeds; a column per class, then the average.

    The rows are the score itself, each part alone, the score without each of its parts, and with
    each of the other parts.
    """
    suite, _, method = mark.partition(" ")
    detector, _, variant = method.partition(" ")
    found: dict[str, dict] = collections.defaultdict(dict)
    chosen, shown = "", []
    for cell, record in records.items():
        if (cell.suite, cell.detector, cell.variant) == (suite, detector, variant or "default"):
            shown += [record] if "auroc_by_parts" in record else []
            for name, auroc in record.get("auroc_by_parts", {}).items():
                found[name][cell.normal_class, cell.seed] = 100 * auroc
                chosen = record["config"]["model"]["score_parts"]
    if not found:
        raise ValueError(f"`results` has no record of {method}'s parts on {suite}")
    classes = sorted({c for cells in found.values() for c, _ in cells})
    rows = [["parts", *map(str, classes), "average"]]
    for name, label in _ablations(list(found), chosen):
        cells = found[name]
        per_class = [[v for (c, _), v in cells.items() if c == one] for one in classes]
        # Over the seeds that have every class.
        whole = [s for s in sorted({s for _, s in cells}) if all((c, s) in cells for c in classes)]
        averages = [statistics.mean(cells[c, s] for c in classes) for s in whole]
        average = statistics.mean(map(statistics.mean, per_class))
        row = [_with_deviation(statistics.mean(values), values, 1) for values in per_class]
        rows.append([label, *row, _with_deviation(average, averages, 2)])
    return [*rows, _code_row(shown, len(rows[0]))]


def _ablations(names, chosen):
    """Choices of parts, as named in records, and their labels."""
    order = {name: index for index, name in enumerate(n for n in names if "+" not in n)}
    score = [name.strip() for name in chosen.split(",")]

    def of(parts):
        return "+".join(sorted(parts, key=order.__getitem__))

    yield of(score), "**the score: " + of(score).replace("+", ", ") + "**"
    for name in order:
        if [name] != score:
            yield name, f"{name} alone"
    if len(score) > 2:
        yield from ((of(set(score) - {name}), f"without {name}") for name in order if name in score)
    yield from ((of({*score, name}), f"with {name}") for name in order if name not in score)


def _with_deviation(mean, values, digits):
    text = f"{mean:.{digits}f}"
    if len(values) < 2:
        return text
    return f"{text} ± {statistics.stdev(values):.{digits}f}"


TABLES: dict[str, Callable[[Records, str], Rows]] = {
    "results": _results,
    "comparison": _comparison,
    "rows": _rows,
    "cells": _cells,
    "units": _units,
    "parts": _parts,
}
