"""Words for the comparison of a run with a PCA."""

from typing import Any


def compare_with_baseline(results: dict[str, Any]) -> list[str]:
    """A sentence about the PCA fitted on the same images; empty if there is no PCA."""
    if "baseline" not in results:
        return []
    baseline = results["baseline"]
    difference, low, high = (100 * value for value in baseline["auroc_difference"])
    decisions = baseline["decisions"]
    figures = (
        f"For comparison, a PCA, a simpler detector, fitted in {_seconds(baseline['seconds'])} s "
        f"on {baseline['num_train']} of the same images, has an AUROC of "
        f"{100 * baseline['auroc']:.1f} and finds {decisions['found']} of "
        f"{decisions['num_anomalies']} anomalies, with false alarms on "
        f"{decisions['false_alarms']} of {decisions['num_normal']} normal images"
    )
    interval = f"{difference:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}"
    if low > 0.0:
        return [f"{figures}: it is better than this run ({interval}). Use --detector=pca."]
    if high < 0.0:
        return [f"{figures}: this run is better ({interval})."]
    if difference >= 0.0:
        return [f"{figures}: this run was not shown to be better ({interval}). A PCA is simpler."]
    return [f"{figures}: the test images do not show which is better ({interval})."]


def _seconds(value):
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"
