"""Puts the figures of a run into words for its users."""

import dataclasses

from memgan_tf.evaluation.metrics import share_interval
from memgan_tf.report.baseline_words import compare_with_baseline
from memgan_tf.report.findings import Findings
from memgan_tf.report.map_words import describe_maps
from memgan_tf.report.warnings import auroc_of, list_warnings, percent

# Minimum of the lower end of the AUROC's interval, kind of verdict, and headline.
HEADLINES = (
    (0.95, "good", "It distinguishes anomalies from normal images very well."),
    (0.85, "good", "It distinguishes anomalies from normal images well."),
    (0.70, "fair", "It distinguishes many anomalies from normal images. Expect mistakes."),
    (0.50, "poor", "It is better than guessing, but not by much."),
)
GUESSING = ("poor", "It was not shown to be better than guessing.")
UNTESTED = ("unknown", "It is calibrated, but no labeled anomaly has tested it.")
SUSPECT = ("suspect", "SUSPECT: do not rely on this run.")


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A verdict in words.

    Attributes:
        kind: good, fair, poor, unknown or suspect.
        headline: One sentence.
        sentences: What was measured, and with which uncertainty.
        warnings: What users should know before they use the run.
    """

    kind: str
    headline: str
    sentences: list[str]
    warnings: list[str]


def judge(findings: Findings) -> Verdict:
    """The verdict on a run. With a test split, the lower end of the AUROC's interval decides."""
    suspicions = findings.facts["suspect"]
    if findings.results is None:
        kind, headline = UNTESTED
        sentences = _untested_sentences(findings)
    else:
        kind, headline = _headline(findings)
        sentences = _tested_sentences(findings)
    if suspicions:
        kind, headline = SUSPECT
        sentences = [f"Training ended with this sign of collapse: {s}." for s in suspicions] + [
            *sentences,
            "Figures of a collapsed run can look fine by accident. Train with another seed or "
            "other settings.",
        ]
    return Verdict(kind, headline, sentences, list_warnings(findings))


def _headline(findings):
    low = auroc_of(findings)[1]
    for least, kind, headline in HEADLINES:
        if low > least:
            return kind, headline
    return GUESSING


def _tested_sentences(findings):
    auroc, low, high = auroc_of(findings)
    labels, flagged = findings.scored.labels, findings.flagged
    found, alarms = flagged[labels == 1], flagged[labels == 0]
    sentences = [
        f"In {100 * auroc:.1f} of 100 pairs of an anomaly and a normal test image the anomaly has "
        f"the higher score (AUROC; 95 % interval {100 * low:.1f} to {100 * high:.1f}).",
        f"At the threshold it finds {_share(found, 'anomalies')} and raises a false alarm on "
        f"{_share(alarms, 'normal images')}; the target was "
        f"{percent(findings.run.calibration.target_fpr)}.",
    ]
    metrics = findings.results["metrics"]
    if "pixel_auroc" in metrics:
        sentences.append(_describe_heatmaps(findings))
    sentences += [*findings.facts.get("score_notes", []), *compare_with_baseline(findings.results)]
    sentences.append(
        f"This holds for images like the {len(labels)} of the test. The intervals cover the draw "
        f"of these images, not another seed, camera or product."
    )
    return sentences


def _describe_heatmaps(findings):
    metrics, pixels = findings.results["metrics"], findings.results["pixels"]
    num_images = pixels.get("num_images", len(findings.scored.labels))
    figures = (metrics["pixel_auroc"], metrics["aupro"])
    words, low, high = describe_maps(*figures, num_images, pixels["num_regions"])
    return (
        f"{words}: pixel AUROC of {100 * figures[0]:.1f} and an AUPRO of {100 * figures[1]:.1f} "
        f"({pixels['num_regions']} defect regions); the 95 % interval of the pixel AUROC is "
        f"{100 * low:.1f} to {100 * high:.1f}. Pixel AUROC: in how many of 100 pairs of a defect's "
        f"pixel and a normal one the map is higher at the defect. AUPRO: how many percent of a "
        f"defect the map marks, on average over loose and strict readings of it."
    )


def _untested_sentences(findings):
    calibration = findings.run.calibration
    low, high = calibration.fpr_interval()
    return [
        f"The threshold comes from {len(calibration.scores)} normal images "
        f"({calibration.source}) and aims at {percent(calibration.target_fpr)} false alarms. "
        f"The true rate lies between {percent(low)} and {percent(high)} (95 % interval).",
        "How many anomalies it finds is not known, because the data has no labeled ones. Even "
        "twenty photographs of defects as a test split would show it.",
    ]


def _share(flagged, name):
    """`7 of 20 anomalies (35 %, interval 18 to 57 %)`, with Wilson's interval."""
    count, total = int(flagged.sum()), len(flagged)
    low, high = share_interval(count, total)
    return (
        f"{count} of {total} {name} ({percent(count / total)}; 95 % interval {100 * low:.1f} to "
        f"{percent(high)})"
    )
