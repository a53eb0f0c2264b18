"""What the figures of a run mean for who wants to use it, in words."""

import dataclasses

from memgan_tf.evaluation import drift
from memgan_tf.evaluation.metrics import auroc_interval, share_interval
from memgan_tf.report.data_index import index_warnings
from memgan_tf.report.findings import Findings

# Lower end of the AUROC's interval from which a headline holds, and its kind.
HEADLINES = (
    (0.95, "good", "It tells anomalies from normal images very well."),
    (0.85, "good", "It tells anomalies from normal images well."),
    (0.70, "fair", "It tells many anomalies from normal images. Expect mistakes."),
    (0.50, "poor", "It is better than guessing, but not by much."),
)
GUESSING = ("poor", "It was not shown to be better than guessing.")
UNTESTED = ("unknown", "It is calibrated, but no labelled anomaly has tested it.")
SUSPECT = ("suspect", "SUSPECT: do not rely on this run.")
# Fewer images than these are said to be few.
FEW_TRAINING, FEW_TESTED = 100, 30


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The words.

    Attributes:
        kind: good, fair, poor, unknown or suspect.
        headline: One sentence.
        sentences: What was measured and how sure that is.
        warnings: What should be known before the run is used.
    """

    kind: str
    headline: str
    sentences: list[str]
    warnings: list[str]


def judge(findings: Findings) -> Verdict:
    """The verdict on a run. A test split decides by the lower end of the AUROC's interval."""
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
    warnings = [
        *_data_warnings(findings),
        *index_warnings(findings.data_index),
        *_score_warnings(findings),
    ]
    return Verdict(kind, headline, sentences, warnings)


def auroc_of(findings: Findings) -> tuple[float, float, float]:
    """AUROC of the test split and the ends of its interval."""
    results = findings.results
    auroc = results["metrics"]["auroc"]
    return auroc, *auroc_interval(auroc, results["num_normal"], results["num_anomalies"])


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
        f"{_percent(findings.run.calibration.target_fpr)}.",
    ]
    metrics = findings.results["metrics"]
    if "pixel_auroc" in metrics:
        sentences.append(
            f"Its heat-maps point at the defects with a pixel AUROC of "
            f"{100 * metrics['pixel_auroc']:.1f} and an AUPRO of {100 * metrics['aupro']:.1f} "
            f"({findings.results['pixels']['num_regions']} defect regions)."
        )
    sentences.append(
        f"This holds for images like the {len(labels)} of the test. The intervals are for the draw "
        f"of these images: another seed, camera or product is outside of them."
    )
    return sentences


def _untested_sentences(findings):
    calibration = findings.run.calibration
    low, high = calibration.fpr_interval()
    return [
        f"The threshold comes from {len(calibration.scores)} normal images "
        f"({calibration.source}) and aims at {_percent(calibration.target_fpr)} false alarms. "
        f"The true rate lies between {_percent(low)} and {_percent(high)} (95 % interval).",
        "How many anomalies it finds is not known: the data has no labelled ones. Even twenty "
        "photographs of defects as a test split would tell.",
    ]


def _data_warnings(findings):
    num_train, calibration = findings.num_train, findings.run.calibration
    warnings = []
    if num_train < FEW_TRAINING:
        warnings.append(
            f"Only {num_train} normal images trained it. Five hundred are a good start."
        )
    if calibration.attainable_fpr > calibration.target_fpr + 1e-12:
        warnings.append(
            f"{len(calibration.scores)} calibration images cannot guarantee a false-alarm rate of "
            f"{_percent(calibration.target_fpr)}: their best is "
            f"{_percent(calibration.attainable_fpr)}. Use more of them with memgan recalibrate."
        )
    if findings.results is not None:
        counts = {k: findings.results[f"num_{k}"] for k in ("normal", "anomalies")}
        few = [f"{count} {name}" for name, count in counts.items() if count < FEW_TESTED]
        if few:
            warnings.append(f"Few test images ({', '.join(few)}): mind the intervals.")
        limit = findings.run.detector.max_test_images
        if limit is not None and sum(counts.values()) >= limit:
            warnings.append(
                f"Only {limit} test images were scored, by the setting max_test_images."
            )
    return warnings


def _score_warnings(findings):
    warnings, calibration = [], findings.run.calibration
    if findings.results is None:
        return warnings
    labels, scores = findings.scored.labels, findings.scored.scores
    normal = scores[labels == 0]
    missed = float((scores[labels == 1] <= calibration.threshold).mean())
    if missed > 0.5:
        warnings.append(
            f"The threshold lets {_percent(missed)} of the anomalies through. A higher "
            f"--target_fpr of memgan recalibrate finds more, for more false alarms."
        )
    alarms = int((normal > calibration.threshold).sum())
    if share_interval(alarms, len(normal))[0] > calibration.target_fpr:
        warnings.append(
            f"Normal test images raise more false alarms ({_percent(alarms / len(normal))}) than "
            f"the target ({_percent(calibration.target_fpr)}): they differ from those that it was "
            f"calibrated on. Calibrate on new ones with memgan recalibrate."
        )
    compared = drift.compare(calibration, normal)
    if compared.differs:
        warnings.append(
            f"Scores of normal test images are {compared.direction} than those of the calibration "
            f"images (Kolmogorov-Smirnov p-value {compared.p_value:.2g})."
        )
    obstacle = findings.results.get("pixels", {}).get("obstacle")
    if obstacle:
        warnings.append(f"There are masks but no pixel metrics: {obstacle}.")
    return warnings


def _share(flagged, name):
    """`7 of 20 anomalies (35 %, interval 18 to 57 %)`, with Wilson's interval."""
    count, total = int(flagged.sum()), len(flagged)
    low, high = share_interval(count, total)
    return (
        f"{count} of {total} {name} ({_percent(count / total)}; 95 % interval {100 * low:.1f} to "
        f"{_percent(high)})"
    )


def _percent(share):
    # The sign stays on the number's line.
    digits = f"{100 * share:.3g}" if share < 0.1 else f"{100 * share:.1f}"
    return f"{digits}\N{NO-BREAK SPACE}%"
