"""The axis of a histogram of scores: robust against outliers, wide where normal scores lie."""

import dataclasses

import numpy as np

# Far out (Tukey, 1977): this many interquartile ranges beyond the quartiles of a class.
FAR_OUT = 3.0
# Normal scores that would take less than this share of a linear axis get a logarithmic one.
LEAST_SHARE = 0.2
FEWEST_BINS, MOST_BINS = 20, 60


@dataclasses.dataclass(frozen=True)
class ScoreAxis:
    """Bins for all scores.

    Attributes:
        edges: `(num_bins + 1,)` ascending edges; all finite.
        is_log: Whether the axis is logarithmic.
        below: Number of scores below the first edge; they count in the first bin.
        above: Number of scores above the last edge; they count in the last bin.
    """

    edges: np.ndarray
    is_log: bool
    below: int
    above: int

    @classmethod
    def of(cls, labels: np.ndarray, scores: np.ndarray, threshold: float) -> "ScoreAxis":
        """The axis for scores `(num_images,)` of both labels, with the threshold inside."""
        is_log = bool((scores > 0).all()) and threshold > 0 and _flattens(labels, scores, threshold)
        low, high = _limits(labels, np.log(scores) if is_log else scores, threshold, is_log)
        num_bins = min(MOST_BINS, max(FEWEST_BINS, len(scores) // 10))
        edges = np.linspace(low, high, num_bins + 1)
        edges = np.exp(edges) if is_log else edges
        below, above = int((scores < edges[0]).sum()), int((scores > edges[-1]).sum())
        return cls(edges, is_log, below, above)

    def shares(self, scores: np.ndarray) -> np.ndarray:
        """Percent of `scores` in each bin, `(num_bins,)`; the ends hold what lies beyond."""
        inside = np.clip(scores, self.edges[0], self.edges[-1])
        return 100.0 * np.histogram(inside, self.edges)[0] / max(len(scores), 1)

    def marks(self) -> list[str]:
        """A phrase for each end that holds scores from beyond it."""
        ends = ((self.below, self.edges[0], "below"), (self.above, self.edges[-1], "above"))
        return [
            f"{count} {'score' if count == 1 else 'scores'} {side} {edge:.3g}, in the "
            f"{'first' if side == 'below' else 'last'} bar"
            for count, edge, side in ends
            if count
        ]


def _flattens(labels, scores, threshold):
    """Whether a linear axis would squeeze the normal scores into a corner."""
    low, high = _limits(labels, scores, threshold, False)
    normal = scores[labels == 0]
    if not len(normal) or low <= 0:
        return False
    first, last = _whiskers(normal)
    return last - first < LEAST_SHARE * (high - low)


def _limits(labels, values, threshold, is_log):
    """Ends of the axis: the scores of each class but for its far ones, and the threshold."""
    ends = [np.log(threshold) if is_log else threshold]
    for label in (0, 1):
        chosen = values[(labels == label) & np.isfinite(values)]
        if len(chosen):
            ends += _whiskers(chosen)
    low, high = float(min(ends)), float(max(ends))
    # Equal scores need a bin of some width, and the threshold should not lie on the frame.
    margin = 0.01 * (high - low) or 0.05 * abs(high) or 0.5
    return low - margin, high + margin


def _whiskers(values):
    """Smallest and largest value that is not far out."""
    first, last = np.quantile(values, [0.25, 0.75])
    reach = FAR_OUT * (last - first)
    near = values[(values >= first - reach) & (values <= last + reach)]
    return [near.min(), near.max()]
