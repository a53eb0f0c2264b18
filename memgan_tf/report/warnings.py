"""Warnings about a run, each with what to do."""

from typing import cast

from scipy import stats

from memgan_tf.evaluation import drift
from memgan_tf.evaluation.calibration import Calibration
from memgan_tf.evaluation.metrics import auroc_interval
from memgan_tf.report.data_index import index_warnings
from memgan_tf.report.findings import Findings
from memgan_tf.training.levelling import LEAST_FALL

# Fewer images than these count as few, or as so few that figures are a matter of luck.
FEW_TRAINING, FEWEST_TRAINING, FEW_TESTED = 100, 30, 30
# False alarms with a smaller probability than this are not attributed to chance.
LEVEL = 0.025


def list_warnings(findings: Findings) -> list[str]:
    """The warnings about a run, one or two sentences each."""
    return [
        *_data_warnings(findings),
        *index_warnings(findings.data_index),
        *_training_warnings(findings),
        *_defect_warnings(findings),
        *_score_warnings(findings),
    ]


def auroc_of(findings: Findings) -> tuple[float, float, float]:
    """AUROC of the test split, and the ends of its interval."""
    results = cast(dict, findings.results)
    auroc = results["metrics"]["auroc"]
    return auroc, *auroc_interval(auroc, results["num_normal"], results["num_anomalies"])


def percent(share: float) -> str:
    """A share in percent, without a line break before the sign."""
    digits = f"{100 * share:.3g}" if share < 0.1 else f"{100 * share:.1f}"
    return f"{digits}\N{NO-BREAK SPACE}%"


def chance_of_alarms(calibration: Calibration, alarms: int, num_normal: int) -> float:
    """Probability of at least this many false alarms if nothing has changed.

    The threshold is the k-th smallest of n calibration scores. The number of m further scores from
    the same distribution above it is beta-binomial with the parameters n + 1 - k and k.

    Args:
        calibration: Calibration of the run.
        alarms: Number of normal images above the threshold.
        num_normal: Number of normal images.
    """

    above = int((calibration.scores > calibration.threshold).sum())
    below = len(calibration.scores) - above
    return float(stats.betabinom.sf(alarms - 1, num_normal, above + 1, below))


def _data_warnings(findings):
    num_train, calibration = findings.num_train, findings.run.calibration
    warnings = []
    if num_train < FEWEST_TRAINING:
        warnings.append(
            f"Only {num_train} normal images trained it. With fewer than {FEWEST_TRAINING}, the "
            f"figures are a matter of luck. Photograph more good parts, at least a hundred."
        )
    elif num_train < FEW_TRAINING:
        # A pretrained network needs fewer than one that learns from these images.
        enough = "A hundred" if findings.run.config.model.by_features else "Five hundred"
        warnings.append(f"Only {num_train} normal images trained it. {enough} are a good start.")
    if calibration.attainable_fpr > calibration.target_fpr + 1e-12:
        warnings.append(
            f"{len(calibration.scores)} calibration images cannot guarantee a false-alarm rate of "
            f"{percent(calibration.target_fpr)}: their best is "
            f"{percent(calibration.attainable_fpr)}. Use more of them with memgan recalibrate."
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


def _training_warnings(findings):
    fall = findings.facts.get("remaining_fall", 0.0)
    if fall <= LEAST_FALL:
        return []
    epochs = findings.facts["config"]["training"]["epochs"]
    return [
        f"Training ended while the error of held-out normal images still fell, by {percent(fall)} "
        f"over the last seventh of the epochs. Train longer: --epochs={2 * epochs}."
    ]


def _defect_warnings(findings):
    sizes = (findings.results or {}).get("defect_sizes")
    if not sizes or not sizes["vanished"]:
        return []
    return [
        f"Defects of {sizes['vanished']} of {sizes['anomalies']} anomalies cover fewer than 4 "
        f"pixels at the size that the detector sees, and vanish there. Train with a larger "
        f"--image_size, or on cut-outs."
    ]


def _score_warnings(findings):
    warnings: list[str] = []
    calibration = findings.run.calibration
    if findings.results is None:
        return warnings
    labels, scores = findings.scored.labels, findings.scored.scores
    normal = scores[labels == 0]
    missed = float((scores[labels == 1] <= calibration.threshold).mean())
    if missed > 0.5:
        warnings.append(_missed_warning(missed, *auroc_of(findings)))
    alarms = int((normal > calibration.threshold).sum())
    if chance_of_alarms(calibration, alarms, len(normal)) < LEVEL:
        warnings.append(
            f"Normal test images raise more false alarms ({percent(alarms / len(normal))}) than "
            f"the target ({percent(calibration.target_fpr)}), and more than chance explains: they "
            f"differ from those that it was calibrated on. Calibrate on new ones with memgan "
            f"recalibrate."
        )
    compared = drift.compare(calibration, normal)
    if compared.differs:
        warnings.append(
            f"Scores of normal test images are {compared.direction} than those of the calibration "
            f"images. Chance alone makes such a difference with a probability of "
            f"{compared.p_value:.2g} (Kolmogorov-Smirnov test). Calibrate on images like those of "
            f"the test with memgan recalibrate."
        )
    obstacle = findings.results.get("pixels", {}).get("obstacle")
    if obstacle:
        warnings.append(f"There are masks but no pixel metrics: {obstacle}.")
    return warnings


def _missed_warning(missed, auroc, low, high):
    del high
    start = f"The threshold misses {percent(missed)} of the anomalies."
    if low > 0.5:
        return (
            f"{start} A higher --target_fpr of memgan recalibrate finds more, for more false "
            f"alarms."
        )
    return (
        f"{start} No other threshold helps: at an AUROC of {100 * auroc:.1f} false alarms grow as "
        f"fast as finds. Take another detector, more images or a larger --image_size."
    )
