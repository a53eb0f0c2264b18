"""Which of several trials a rule chooses; the rules are written in docs/search.md.

python benchmarks/choose_trial.py --dataset=cifar10 --rule=anomalies --trials=contrast,symmetric

Prints a line of JSON for each trial, the chosen one first. No test image has a part in it.
"""

import json
import pathlib
import statistics

from absl import app, flags

FLAGS = flags.FLAGS


def define_flags():
    flags.DEFINE_string("input", "results/trials.jsonl", "File that trials.py wrote.")
    flags.DEFINE_string("dataset", "cifar10", "Data set of the trials.")
    flags.DEFINE_list("trials", None, "Names of the trials to compare.")
    flags.DEFINE_enum("rule", "anomalies", list(RULES), "What is compared.")


def by_anomalies(line):
    """Mean of two means: the AUROC over the five kinds that move parts, and the six that do not."""
    return (line["synthetic_auroc_mean"] + line["synthetic_photometric_auroc_mean"]) / 2.0


def by_coverage(line):
    """Share of the held-out images' variance that the nearest generated ones do not explain."""
    return -line["coverage"]["unexplained"]


# Higher is better.
RULES = {"anomalies": by_anomalies, "coverage": by_coverage}


def compare(lines, trials, dataset, rule):
    """Of each trial that has as many runs as the others, the best first, its mean and its runs."""
    found = {trial: {} for trial in trials}
    for line in lines:
        if line["dataset"] == dataset and line["trial"] in found:
            # A later line of a run is a later epoch.
            found[line["trial"]][line["normal_class"], line["seed"]] = line
    shared = set.intersection(*(set(runs) for runs in found.values()))
    if not shared:
        raise ValueError(f"`trials` have no class and seed in common: {', '.join(trials)}")
    rows = [
        {
            "trial": trial,
            "mean": round(statistics.mean(RULES[rule](runs[place]) for place in shared), 4),
            "runs": {f"{c} seed {s}": round(RULES[rule](runs[c, s]), 4) for c, s in sorted(shared)},
        }
        for trial, runs in found.items()
    ]
    # At a tie the one that is named first.
    return sorted(rows, key=lambda row: -row["mean"])


def main(_):
    text = pathlib.Path(FLAGS.input).read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    for row in compare(lines, FLAGS.trials, FLAGS.dataset, FLAGS.rule):
        print(json.dumps(row))


if __name__ == "__main__":
    define_flags()
    flags.mark_flag_as_required("trials")
    app.run(main)
