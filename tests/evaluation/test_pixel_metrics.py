import numpy as np
import pytest
from sklearn.metrics import auc, roc_auc_score

from memgan_tf.evaluation import pixel_metrics
from memgan_tf.evaluation.float_bins import (
    NUM_BINS,
    RELATIVE_WIDTH,
    bins_of,
    quantile,
    upper_edge,
)
from memgan_tf.evaluation.pixel_metrics import PixelMetrics


def measure(maps, masks):
    metrics = PixelMetrics()
    metrics.update(np.asarray(maps, np.float32), np.asarray(masks, bool))
    return metrics.result()


def row(*values):
    """A picture of one row."""
    return np.array([[values]], np.float32)


def test_a_map_that_is_the_mask_is_perfect():
    mask = row(0, 0, 1, 1)
    found = measure(mask, mask)
    assert (found.pixel_auroc, found.aupro) == (1.0, 1.0)
    assert (found.num_regions, found.num_images) == (1, 1)
    assert measure(1 - mask, mask).pixel_auroc == 0.0
    assert measure(1 - mask, mask).aupro == 0.0


def test_each_region_counts_the_same_whatever_its_size():
    # The region of four pixels is found at once, that of one pixel after all ten normal ones: the
    # overlap is 1/2 at any false-positive rate below 1, though 4 of 5 defect pixels are found.
    mask = row(1, 1, 1, 1, 0, 1, *[0] * 9)
    maps = row(9, 9, 9, 9, 5, 1, *[4] * 9)
    found = measure(maps, mask)
    assert found.num_regions == 2
    assert found.aupro == pytest.approx(0.5)
    assert found.pixel_auroc == pytest.approx(0.8)


def test_the_area_ends_at_a_false_positive_rate_of_three_tenths():
    # One defect pixel, above all normal pixels but the highest two of ten: nothing is found up to a
    # rate of 0.2, everything from there on, so the mean up to 0.3 is 1/3.
    maps, mask = row(10, 9, 8.5, *range(8, 0, -1)), row(0, 0, 1, *[0] * 8)
    assert measure(maps, mask).aupro == pytest.approx(1 / 3)
    # Above all but the highest three: nothing is found in time.
    assert measure(row(10, 9, 7.5, *range(8, 0, -1)), mask).aupro == pytest.approx(0.0)


def test_ties_are_a_straight_line():
    # All pixels alike: the curve is the diagonal, its mean height up to 0.3 is 0.15.
    found = measure(np.ones((1, 4, 4)), np.eye(4)[np.newaxis])
    assert found.pixel_auroc == pytest.approx(0.5)
    assert found.aupro == pytest.approx(0.15)


def test_pixels_that_touch_at_a_corner_are_one_region():
    assert measure(np.ones((1, 4, 4)), np.eye(4)[np.newaxis]).num_regions == 1
    apart = np.zeros((1, 4, 4))
    apart[0, 0, 0] = apart[0, 3, 3] = 1
    assert measure(np.ones((1, 4, 4)), apart).num_regions == 2


def noisy_maps(seed=0):
    """Maps that find most of random square defects; a third of the images has none."""
    generator = np.random.default_rng(seed)
    masks = np.zeros((30, 24, 24), bool)
    for mask in masks[10:]:
        for _ in range(3):
            top, left = generator.integers(0, 20, 2)
            mask[top : top + 4, left : left + generator.integers(1, 5)] = True
    maps = generator.gamma(2.0, 1.0, masks.shape) * np.where(masks, 2.0, 1.0)
    return maps.astype(np.float32), masks


def exact_aupro(maps, masks):
    """By every threshold, regions found by flood fill."""
    regions = [r for image, mask in zip(maps, masks, strict=True) for r in flood(image, mask)]
    normal = np.sort(maps[~masks])[::-1]
    thresholds = np.unique(maps)[::-1]
    rates = np.array([np.searchsorted(-normal, -t, side="right") for t in thresholds])
    rates = np.concatenate([[0], rates / len(normal)])
    overlaps = [1 - np.searchsorted(np.sort(r), thresholds) / len(r) for r in regions]
    overlaps = np.concatenate([[0], np.mean(overlaps, axis=0)])
    grid = np.concatenate([rates[rates < 0.3], [0.3]])
    heights = np.append(overlaps[rates < 0.3], np.interp(0.3, rates, overlaps))
    return auc(grid, heights) / 0.3


def flood(image, mask):
    left = set(zip(*np.nonzero(mask), strict=True))
    while left:
        todo, values = [left.pop()], []
        while todo:
            i, j = todo.pop()
            values.append(image[i, j])
            near = {(i + a, j + b) for a in (-1, 0, 1) for b in (-1, 0, 1)} & left
            left -= near
            todo += near
        yield np.array(values)


def test_both_agree_with_exact_values_within_the_stated_errors():
    maps, masks = noisy_maps()
    found = measure(maps, masks)
    exact = roc_auc_score(masks.ravel(), maps.ravel())
    assert 0 < found.pixel_auroc_error < 1e-3
    assert abs(found.pixel_auroc - exact) <= found.pixel_auroc_error
    assert 0 < found.aupro_error < 1e-2
    assert abs(found.aupro - exact_aupro(maps, masks)) <= found.aupro_error


def test_the_errors_are_honest_where_bins_are_coarse(monkeypatch):
    """With bins of whole numbers the deviation is large, and still inside the bound."""
    maps, masks = noisy_maps()
    monkeypatch.setattr(pixel_metrics, "bins_of", lambda values: values.astype(np.int64) // 2)
    found = measure(maps, masks)
    auroc_gap = abs(found.pixel_auroc - roc_auc_score(masks.ravel(), maps.ravel()))
    aupro_gap = abs(found.aupro - exact_aupro(maps, masks))
    assert 1e-3 < auroc_gap <= found.pixel_auroc_error
    assert 1e-3 < aupro_gap <= found.aupro_error


def test_a_bin_that_the_limit_cuts_may_hide_a_perfect_order(monkeypatch):
    """All pixels in one bin: 0.15 is measured, and any value from 0 to 1 is possible."""
    monkeypatch.setattr(pixel_metrics, "bins_of", lambda values: np.zeros(values.shape, int))
    found = measure(np.ones((1, 4, 4)), np.eye(4)[np.newaxis])
    assert found.aupro == pytest.approx(0.15)
    assert found.aupro_error >= 0.85
    assert found.pixel_auroc_error == pytest.approx(0.5)


def test_batches_do_not_matter():
    maps, masks = noisy_maps()
    metrics = PixelMetrics()
    for start in range(0, len(maps), 7):
        metrics.update(maps[start : start + 7], masks[start : start + 7])
    assert metrics.result() == measure(maps, masks)


def test_without_defects_or_without_normal_pixels_there_is_no_metric():
    assert measure(np.ones((2, 4, 4)), np.zeros((2, 4, 4))) is None
    assert measure(np.ones((2, 4, 4)), np.ones((2, 4, 4))) is None


def test_masks_of_another_size_are_refused():
    with pytest.raises(ValueError, match="`masks` must have the shape of the maps"):
        measure(np.ones((2, 4, 4)), np.ones((2, 4, 5)))
    with pytest.raises(ValueError, match="1 are not"):
        measure(row(1, np.nan), row(0, 1))


def test_bins_keep_the_order_of_any_floats():
    values = np.array([-np.float32(3e38), -2, -1, -1e-20, 0, 1e-20, 1, 2, 3e38], np.float32)
    bins = bins_of(values)
    assert (np.diff(bins) > 0).all()
    assert 0 <= bins.min() <= bins.max() < NUM_BINS
    assert bins_of(np.array([-0.0])) == bins_of(np.array([0.0]))
    edges = np.array([upper_edge(int(position)) for position in bins])
    assert (edges >= values).all()
    assert (np.abs(edges - values) <= RELATIVE_WIDTH * np.abs(values) + 1e-37).all()


def test_a_quantile_by_hand():
    counts = np.bincount(bins_of(np.arange(1, 101, dtype=np.float32)), minlength=NUM_BINS)
    assert quantile(counts, 0.5) == pytest.approx(50, rel=RELATIVE_WIDTH)
    assert quantile(counts, 0.999) == pytest.approx(100, rel=RELATIVE_WIDTH)
    assert quantile(counts, 1.0) == pytest.approx(100, rel=RELATIVE_WIDTH)
