"""What principal components of the other images leave of an image, from inner products alone.

Components are combinations of the rows that they are fitted to, and so is what they leave of any of
these rows. The weights follow from the rows' inner products. These are computed once for all folds,
where fitting to each fold would compute products and components of the long rows every time.
"""

import numpy as np


def held_out_residuals(values: np.ndarray, folds: np.ndarray, share: float) -> list[np.ndarray]:
    """Rows minus their restoration by leading components of the rows of the other folds.

    Args:
        values: `(num_rows, values)` float64 rows, fewer than values.
        folds: `(num_rows,)` fold of each row, 0 to the number of folds minus 1.
        share: Share of the variance of the others that their components keep, in (0, 1).

    Returns:
        For each fold `(rows of the fold, values)` float32, in the order of `values`. If the rows of
        all other folds are equal, components of all rows take the place of theirs.
    """
    # Weights of a residual sum to 0, so subtracting the mean changes nothing but rounding.
    centered = values - values.mean(axis=0)
    products = centered @ centered.T
    equal_to = _first_equal(values)
    found, centered = [], centered.astype(np.float32)
    for fold in range(folds.max() + 1):
        others, held_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if len(np.unique(equal_to[others])) < 2:
            others = np.arange(len(values))
        weights = residual_weights(products, others, held_out, share)
        found.append(weights.astype(np.float32) @ centered)
    return found


def residual_weights(
    products: np.ndarray, fitted: np.ndarray, held_out: np.ndarray, share: float
) -> np.ndarray:
    """Weights of all rows in the residuals of some, `(len(held_out), num_rows)`.

    Args:
        products: `(num_rows, num_rows)` inner products.
        fitted: Positions of the rows whose mean and leading components restore.
        held_out: Positions of the rows to restore.
        share: Share of the variance that the components keep.
    """
    part = products[np.ix_(fitted, fitted)]
    means = part.mean(axis=0)
    variances, vectors = leading_vectors(part - means - means[:, np.newaxis] + means.mean(), share)
    # Inner products of the held-out and the fitted rows, both minus the mean of the fitted.
    crossed = products[np.ix_(held_out, fitted)]
    crossed = crossed - crossed.mean(axis=1, keepdims=True) - means + means.mean()
    coordinates = (crossed @ vectors) / variances
    restored = coordinates @ vectors.T
    restored += (1.0 - restored.sum(axis=1, keepdims=True)) / len(fitted)
    weights = np.zeros((len(held_out), len(products)))
    weights[:, fitted] = -restored
    weights[np.arange(len(held_out)), held_out] += 1.0
    return weights


def leading_vectors(products: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The largest eigenvalues, as few as have a share of their sum, and their eigenvectors.

    Args:
        products: `(n, n)` symmetric matrix without negative eigenvalues.
        share: Share in (0, 1].

    Returns:
        `(number,)`, the largest first, and `(n, number)`.
    """
    variances, vectors = np.linalg.eigh(products)
    variances, vectors = np.maximum(variances[::-1], 0.0), vectors[:, ::-1]
    kept = np.cumsum(variances) / variances.sum()
    count = min(int(np.searchsorted(kept, share - 1e-12)) + 1, np.count_nonzero(variances))
    return variances[:count], vectors[:, :count]


def _first_equal(values):
    """Position of the first row that is equal to each row."""
    first: dict[bytes, int] = {}
    return np.array([first.setdefault(row.tobytes(), i) for i, row in enumerate(values)])
