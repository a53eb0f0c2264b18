"""Tables as Markdown, HTML and CSV."""

import csv
import html
import pathlib
from typing import Any

from memgan_tf import files
from memgan_tf.reproduction.records import SUITES, Cell
from memgan_tf.reproduction.summaries import Summary, best_methods, compare, summarize
from memgan_tf.source_digest import describe_versions, name_versions

RECORD_COLUMNS = (
    "suite",
    "detector",
    "variant",
    "normal_class",
    "seed",
    "auroc",
    "average_precision",
    "fpr_at_95_tpr",
    "training_seconds",
    "suspect",
    "code",
)


def write_tables(
    records: dict[Cell, dict[str, Any]], suite: str, folder: pathlib.Path
) -> list[pathlib.Path]:
    """Writes `<suite>.csv`, `<suite>.md` and `<suite>.html`; returns their paths.

    Raises:
        ValueError: If the suite has no record.
    """
    summaries = summarize(records, suite)
    if not summaries:
        raise ValueError(f"`suite` {suite} has no record yet. Run memgan benchmark first")
    paths = [folder / f"{suite}{ending}" for ending in (".csv", ".md", ".html")]
    _write_csv(paths[0], {cell: r for cell, r in records.items() if cell.suite == suite})
    tables = [results_table(summaries, suite), comparison_table(summaries)]
    files.write_text(paths[1], "\n\n".join(map(to_markdown, tables)) + "\n")
    body = "\n".join(map(to_html, tables))
    page = f"<!doctype html><meta charset=utf-8><title>{suite}</title>\n{body}\n"
    files.write_text(paths[2], page)
    return paths


def results_table(summaries: list[Summary], suite: str) -> list[list[str]]:
    """Rows of cells, heading first: a column per method, next to it the paper's figure.

    The best method of a row is bold. A cell has the number of runs marked SUSPECT by training.
    The last row names the code that made the records, or says MIXED.
    """
    heading = ["normal class"]
    for summary in summaries:
        heading.append(summary.method)
        if summary.paper:
            heading.append("paper (difference)")
    rows = [heading]
    for normal_class in range(SUITES[suite]):
        best, row = best_methods(summaries, normal_class), [str(normal_class)]
        for summary in summaries:
            row.append(mean_cell(summary, normal_class, summary.method in best))
            if summary.paper:
                row.append(
                    _paper_cell(summary.means.get(normal_class), summary.paper[normal_class])
                )
        rows.append(row)
    return [*rows, _average_row(summaries), _facts_row(summaries), _code_row(summaries)]


def mean_cell(summary: Summary, normal_class: int, is_best: bool = False) -> str:
    """A class' mean, its deviation over seeds, and the number of runs marked SUSPECT, if any."""
    mean = summary.means.get(normal_class)
    if mean is None:
        return ""
    text = f"**{mean:.1f}**" if is_best else f"{mean:.1f}"
    deviation, suspects = summary.deviations[normal_class], summary.suspects[normal_class]
    text = text if deviation is None else f"{text} ± {deviation:.1f}"
    return f"{text} ({suspects} SUSPECT)" if suspects else text


def _paper_cell(mean, paper):
    return f"{paper:.1f}" if mean is None else f"{paper:.1f} ({mean - paper:+.1f})"


def _average_row(summaries):
    row = ["average of the rows"]
    for summary in summaries:
        average = summary.average
        row.append("" if average is None else f"{average:.2f}")
        if summary.paper:
            row.append(_paper_cell(average, summary.paper_average))
    return row


def _facts_row(summaries):
    row = ["seeds; hours of training"]
    for summary in summaries:
        row.append(f"{summary.num_seeds}; {summary.hours:.1f}")
        if summary.paper:
            row.append("10;")
    return row


def _code_row(summaries):
    row = ["code"]
    for summary in summaries:
        row += [describe_versions(summary.versions), ""][: 2 if summary.paper else 1]
    return row


def comparison_table(summaries: list[Summary]) -> list[list[str]]:
    """The first method against each other one, class by class."""
    rows = [["", "against", "wins", "ties", "losses", "Wilcoxon p"]]
    for other in summaries[1:]:
        result = compare(summaries[0], other)
        p_value = "" if result.p_value is None else f"{result.p_value:.3g}"
        counts = [str(n) for n in (result.wins, result.ties, result.losses)]
        rows.append([result.first, result.second, *counts, p_value])
    return rows


def mixed_versions(summaries: list[Summary]) -> list[str]:
    """A warning for each method whose records come from more than one version of the code."""
    return [
        f"Warning: the code that made the records of {summary.method} is "
        f"{describe_versions(summary.versions)}. Remove the older records and run the same command"
        for summary in summaries
        if len(summary.versions) > 1
    ]


def to_markdown(rows: list[list[str]]) -> str:
    """A table in Markdown."""
    heading, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([heading, "|" + "---|" * len(rows[0]), *body])


def to_html(rows: list[list[str]]) -> str:
    """A table in HTML; cells are escaped, `**` becomes bold."""

    def cell(text, tag):
        pieces = html.escape(text).split("**")
        bold = "".join(f"<b>{p}</b>" if i % 2 else p for i, p in enumerate(pieces))
        return f"<{tag}>{bold}</{tag}>"

    lines = [
        "<tr>" + "".join(cell(text, "td" if i else "th") for text in row) + "</tr>"
        for i, row in enumerate(rows)
    ]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _write_csv(path, records):
    with (
        files.replacing(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(RECORD_COLUMNS)
        for cell, record in sorted(records.items()):
            metrics = (f"{record['metrics'][name]:.6f}" for name in RECORD_COLUMNS[5:8])
            code = name_versions(record.get("sources", ()))
            facts = (record["training_seconds"], "; ".join(record["suspect"]), code)
            place = (cell.suite, cell.detector, cell.variant, cell.normal_class, cell.seed)
            writer.writerow([*place, *metrics, *facts])
