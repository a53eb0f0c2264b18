"""Summaries of records: means, averages, differences to the paper, paired comparisons."""

import dataclasses
import statistics
from typing import Any

import numpy as np
from scipy.stats import wilcoxon

from memgan_tf.reproduction.records import Cell, paper_tables
from memgan_tf.source_digest import count_versions

# Class means that differ by less than this count as a tie, in points of AUROC × 100.
TIE = 0.05


@dataclasses.dataclass(frozen=True)
class Summary:
    """A method's results on a suite.

    Attributes:
        method: `<detector>`, with the variant in parentheses if it is not `default`.
        means: AUROC × 100, mean over seeds, by class.
        deviations: Sample standard deviation over seeds, by class; None with one seed.
        num_seeds: Number of seeds of the class with the fewest.
        hours: Wall time of all runs.
        paper: The paper's mean by class; empty if it has none.
        suspects: Number of runs marked SUSPECT by training, by class.
        versions: Number of records by the code that made them; see `count_versions`.
    """

    method: str
    means: dict[int, float]
    deviations: dict[int, float | None]
    num_seeds: int
    hours: float
    paper: dict[int, float]
    suspects: dict[int, int]
    versions: dict[str, int]

    @property
    def average(self) -> float | None:
        """Average of the class means; None unless all ten exist."""
        return statistics.mean(self.means.values()) if len(self.means) == 10 else None

    @property
    def paper_average(self) -> float | None:
        """Average of the paper's rows, recomputed."""
        return statistics.mean(self.paper.values()) if self.paper else None


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A method against another, class by class.

    Attributes:
        first, second: Methods.
        wins, ties, losses: Number of classes in which the first is ahead, level or behind.
        p_value: Wilcoxon's signed-rank test, two-sided; None with fewer than five differences.
    """

    first: str
    second: str
    wins: int
    ties: int
    losses: int
    p_value: float | None


def summarize(records: dict[Cell, dict[str, Any]], suite: str) -> list[Summary]:
    """Summaries of a suite's methods, `memgan` first, then by name."""
    found: dict[tuple[str, str], dict[int, list[dict[str, Any]]]] = {}
    for cell in sorted(records):
        if cell.suite == suite:
            classes = found.setdefault((cell.detector, cell.variant), {})
            classes.setdefault(cell.normal_class, []).append(records[cell])
    methods = sorted(found, key=lambda method: (method[0] != "memgan", method))
    paper = paper_tables().get(suite, {})
    return [_summarize(*method, found[method], paper.get(method[0], {})) for method in methods]


def _summarize(detector, variant, classes, paper):
    means, deviations, suspects, counts, seconds, used = {}, {}, {}, [], 0.0, []
    for normal_class, runs in classes.items():
        values = [100.0 * run["metrics"]["auroc"] for run in runs]
        means[normal_class] = statistics.mean(values)
        deviations[normal_class] = statistics.stdev(values) if len(values) > 1 else None
        suspects[normal_class] = sum(bool(run["suspect"]) for run in runs)
        counts.append(len(values))
        used += runs
        seconds += sum(run["training_seconds"] for run in runs)
    return Summary(
        method=detector if variant == "default" else f"{detector} ({variant})",
        means=means,
        deviations=deviations,
        num_seeds=min(counts),
        hours=seconds / 3600.0,
        paper={int(name): mean for name, (mean, _) in paper.items()},
        suspects=suspects,
        versions=count_versions(used),
    )


def compare(first: Summary, second: Summary) -> Comparison:
    """Compares two methods on the classes that both have."""
    shared = sorted(first.means.keys() & second.means.keys())
    differences = np.array([first.means[c] - second.means[c] for c in shared])
    ties = int((np.abs(differences) < TIE).sum())
    wins = int((differences >= TIE).sum())
    enough = np.count_nonzero(differences) >= 5
    return Comparison(
        first=first.method,
        second=second.method,
        wins=wins,
        ties=ties,
        losses=len(shared) - wins - ties,
        p_value=float(wilcoxon(differences).pvalue) if enough else None,
    )


def best_methods(summaries: list[Summary], normal_class: int) -> set[str]:
    """Methods with the highest mean of a class, rounded as shown."""
    shown = {
        summary.method: round(summary.means[normal_class], 1)
        for summary in summaries
        if normal_class in summary.means
    }
    return {method for method, mean in shown.items() if mean == max(shown.values())}
