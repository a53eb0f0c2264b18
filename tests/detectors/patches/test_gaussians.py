"""Statistics by position against explicit Gaussians, and left-out images against fits anew."""

import numpy as np
import pytest
import tensorflow as tf

from memgan_tf.detectors.patches import gaussians
from memgan_tf.detectors.patches.gaussians import CellStatistics, Gaussians
from memgan_tf.layers.patch_scores import gaussian_distances

GRID, SIZE, RIDGE = (3, 5), 4, 0.3


@pytest.fixture
def features():
    """Twelve images whose positions differ in mean and spread."""
    generator = np.random.default_rng(0)
    means, spreads = generator.normal(0, 3, (*GRID, SIZE)), generator.uniform(0.5, 2, (*GRID, SIZE))
    return means + spreads * generator.normal(size=(12, *GRID, SIZE))


@pytest.fixture
def valid():
    """A part of each image is padding, of the last one all but a row."""
    flags = np.random.default_rng(1).uniform(size=(12, *GRID)) < 0.8
    flags[-1] = False
    flags[-1, 0] = True
    return flags


def collect(features, valid, cell_side):
    statistics = CellStatistics(GRID, cell_side, SIZE)
    for image, flags in zip(features, valid, strict=True):
        statistics.add(image[np.newaxis], flags[np.newaxis])
    return statistics


def cell_of(row, column, cell_side):
    return row // cell_side * -(-GRID[1] // cell_side) + column // cell_side


def patches_of(cell, features, valid, cell_side):
    """All valid patches of a cell, one after the other."""
    return np.array(
        [
            image[row, column]
            for image, flags in zip(features, valid, strict=True)
            for row in range(GRID[0])
            for column in range(GRID[1])
            if flags[row, column] and cell_of(row, column, cell_side) == cell
        ]
    )


def distances_to(points, rows, ridge):
    """Mahalanobis' distance to the Gaussian of rows, by the inverse covariance."""
    covariance = np.cov(rows.T) + ridge * np.eye(SIZE)
    away = points - rows.mean(axis=0)
    return np.sqrt(np.einsum("nd,de,ne->n", away, np.linalg.inv(covariance), away))


@pytest.mark.parametrize("cell_side", [1, 2, 5])
def test_distances_are_mahalanobis(features, valid, cell_side):
    fitted = collect(features, valid, cell_side).fit(RIDGE)
    probe = np.random.default_rng(2).normal(0, 3, (2, *GRID, SIZE)).astype(np.float32)
    found = gaussian_distances(
        tf.constant(probe), fitted.gaussians.means, fitted.gaussians.whitening, cell_side
    ).numpy()
    assert found.shape == (2, *GRID)
    for row in range(GRID[0]):
        for column in range(GRID[1]):
            cell = cell_of(row, column, cell_side)
            rows = patches_of(cell, features, valid, cell_side)
            expected = distances_to(probe[:, row, column], rows, RIDGE)
            np.testing.assert_allclose(found[:, row, column], expected, rtol=1e-4)


@pytest.mark.parametrize("cell_side", [1, 2])
@pytest.mark.parametrize("number", [0, 5, 11])
@pytest.mark.parametrize("count", [12, 4])
def test_leaving_out_is_fitting_without(features, valid, cell_side, number, count):
    """Few images, padding, and the ridge of what is left: that of the sum, over one less."""
    features, valid = features[-count:], valid[-count:]
    number %= count
    fitted = collect(features, valid, cell_side).fit(RIDGE)
    (found,) = fitted.leave_out(features[number][np.newaxis], valid[number][np.newaxis])
    kept = np.arange(count) != number
    for row in range(GRID[0]):
        for column in range(GRID[1]):
            cell = cell_of(row, column, cell_side)
            before = len(patches_of(cell, features, valid, cell_side))
            others = patches_of(cell, features[kept], valid[kept], cell_side)
            if not valid[number, row, column] or len(others) < 2:
                assert found[row, column] == 0
                continue
            ridge = RIDGE * (before - 1) / (len(others) - 1)
            expected = distances_to(features[number, row, column][np.newaxis], others, ridge)
            np.testing.assert_allclose(found[row, column], expected[0], rtol=1e-3)


def test_a_position_that_no_image_shows_takes_the_gaussian_of_all(features, valid):
    valid[:, 1, 2] = False
    fitted = collect(features, valid, 1).fit(RIDGE)
    rows = features[valid]
    cell = cell_of(1, 2, 1)
    np.testing.assert_allclose(fitted.gaussians.means[cell], rows.mean(axis=0), rtol=1e-5)
    whitening = fitted.gaussians.whitening[cell].astype(float)
    covariance = np.cov(rows.T, bias=True) + RIDGE * np.eye(SIZE)
    np.testing.assert_allclose(whitening @ covariance @ whitening.T, np.eye(SIZE), atol=1e-4)


def test_one_gaussian_for_all_positions(features, valid):
    shared = collect(features, valid, 2).fit(RIDGE).shared(RIDGE)
    rows = features[valid]
    np.testing.assert_allclose(shared.means[0], rows.mean(axis=0), rtol=1e-5)
    precision = shared.whitening[0].T @ shared.whitening[0]
    expected = np.linalg.inv(np.cov(rows.T) + RIDGE * np.eye(SIZE))
    np.testing.assert_allclose(precision, expected, rtol=1e-3, atol=1e-5)


def log_density(point, rows, ridge, distance=None):
    """Of a Gaussian without its constant; `distance` takes the place of the point's."""
    covariance = np.cov(rows.T) + ridge * np.eye(SIZE)
    if distance is None:
        distance = distances_to(point[np.newaxis], rows, ridge)[0]
    return -0.5 * np.linalg.slogdet(covariance)[1] - 0.5 * distance**2


@pytest.mark.parametrize("cell_side", [1, 2])
def test_the_gain_is_a_difference_of_log_densities(features, valid, cell_side):
    fitted = collect(features, valid, cell_side).fit(RIDGE)
    distances = fitted.leave_out(features[[3]], valid[[3]])
    (found,) = fitted.gain(fitted.shared(RIDGE), features[[3]], valid[[3]], distances)
    distances = distances[0]
    expected = []
    for row, column in np.argwhere(valid[3]):
        point = features[3, row, column]
        own = patches_of(cell_of(row, column, cell_side), features, valid, cell_side)
        by_position = log_density(point, own, RIDGE, distances[row, column])
        expected.append(by_position - log_density(point, features[valid], RIDGE))
    assert found == pytest.approx(np.mean(expected), rel=1e-3)


def test_position_says_something_where_positions_differ_and_nothing_where_they_do_not():
    generator = np.random.default_rng(0)
    everywhere, means = np.ones(GRID, bool), generator.normal(0, 5, (*GRID, SIZE))
    for scale, sign in ((1.0, 1), (0.0, -1)):
        images = scale * means + generator.normal(size=(10, *GRID, SIZE))
        shown = np.broadcast_to(everywhere, (10, *GRID))
        fitted = collect(images, shown, 1).fit(RIDGE)
        gains = fitted.gain(fitted.shared(RIDGE), images, shown, fitted.leave_out(images, shown))
        assert sign * np.mean(gains) > 0


def test_packing_keeps_triangles_to_eleven_bits(features, valid):
    gaussians = collect(features, valid, 1).fit(RIDGE).gaussians
    packed = gaussians.pack()
    assert packed["whitening"].shape == (GRID[0] * GRID[1], SIZE * (SIZE + 1) // 2)
    assert packed["whitening"].dtype == np.float16
    restored = Gaussians.unpack(packed)
    np.testing.assert_array_equal(restored.means, gaussians.means)
    np.testing.assert_allclose(restored.whitening, np.tril(gaussians.whitening), rtol=2**-11)
    assert (restored.whitening == np.tril(restored.whitening)).all()


@pytest.mark.parametrize("missing", ["means", "whitening"])
def test_arrays_that_lack_a_part_are_refused(features, valid, missing):
    packed = collect(features, valid, 1).fit(RIDGE).gaussians.pack()
    del packed[missing]
    with pytest.raises(LookupError):
        Gaussians.unpack(packed)


@pytest.mark.parametrize("cell_side", [1, 2])
def test_the_covariance_of_all_counts_as_so_many_patches(features, valid, cell_side):
    """In the fit, and as it was in what is left without an image."""
    shared, number = 7.0, 4
    fitted = collect(features, valid, cell_side).fit(RIDGE, shared)
    cells = sorted({cell_of(r, c, cell_side) for r in range(GRID[0]) for c in range(GRID[1])})
    own = {cell: patches_of(cell, features, valid, cell_side) for cell in cells}
    scatters = {cell: (len(rows) - 1) * np.cov(rows.T) for cell, rows in own.items()}
    within = sum(scatters.values()) / sum(len(rows) - 1 for rows in own.values())
    for cell in cells:
        weight = len(own[cell]) - 1 + shared
        covariance = (scatters[cell] + shared * within) / weight + RIDGE * np.eye(SIZE)
        whitening = fitted.gaussians.whitening[cell].astype(float)
        np.testing.assert_allclose(whitening @ covariance @ whitening.T, np.eye(SIZE), atol=1e-4)
    (found,) = fitted.leave_out(features[[number]], valid[[number]])
    kept = np.arange(len(features)) != number
    for row, column in np.argwhere(valid[number]):
        cell = cell_of(row, column, cell_side)
        others = patches_of(cell, features[kept], valid[kept], cell_side)
        total = (len(others) - 1) * np.cov(others.T) + shared * within
        total += RIDGE * (len(own[cell]) - 1 + shared) * np.eye(SIZE)
        precision = np.linalg.inv(total / (len(others) - 1 + shared))
        away = features[number, row, column] - others.mean(axis=0)
        expected = np.sqrt(away @ precision @ away)
        np.testing.assert_allclose(found[row, column], expected, rtol=1e-3)


@pytest.mark.parametrize(("patches", "size"), [(9, 4), (4, 4), (3, 5)])
def test_a_cell_may_lose_more_or_fewer_rows_than_there_are_features(patches, size):
    """The distances to what is left, by its explicit inverse; the sums before are whitened."""
    generator = np.random.default_rng(patches)
    rows, left = generator.normal(scale=0.05, size=(1, 1, patches, size)), 40.0
    removed = rows[0, 0]
    shift = removed.sum(axis=0) / left
    remaining = np.eye(size) - removed.T @ removed - left * np.outer(shift, shift)
    away = removed + shift
    expected = np.einsum("pi,ij,pj->p", away, np.linalg.inv(remaining), away)
    found = gaussians._left_out_squares(rows, np.full((1, 1, 1), left))
    np.testing.assert_allclose(found[0, 0], expected, rtol=1e-9)
