"""Columns in units of their own, told from those of one embedding, and brought to one scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse
from jaxtyping import Float

# Measured in benchmarks/column_scaling.py. Columns may have units where the widest spreads so many
# times as far as the lower quartile. Not as the middle: most columns may be wide.
WIDE = 6.0
# Columns of one embedding: all but this share are within this factor of the middle spread.
ALIKE = 4.0
STRAY_SHARE = 0.1
# Principal components: so many, and this rank correlation of spread with position.
COMPONENTS = 4
FALLING = -0.9
# A cell is far from so many spreads on.
FAR = 6.0
# Cells that are converted to float64 at once.
CELLS = 2**20


@dataclass(frozen=True)
class ColumnScale:
    """The map x -> (x - mean) / spread of every column.

    Attributes
    ----------
    mean, spread : (d,), 0 and 1 where a column stays as it is.
    strays_only : whether it is for the strays of an embedding, else for all columns of a table.
    compresses : whether the tails of dense columns are compressed, by asinh: a few large amounts
        would decide all distances otherwise.
    """

    mean: Float[np.ndarray, " d"]
    spread: Float[np.ndarray, " d"]
    strays_only: bool = False
    compresses: bool = False

    @classmethod
    def fit(cls, X: Any, scale: Literal["auto", "standard"] | None) -> ColumnScale | None:
        """Choose the scale of the columns of X, (n, d) dense or sparse; None leaves them alone.

        "auto" follows from the spreads of the columns:

        - None where the widest is not `WIDE` times the lower quartile, and for components of a PCA;
        - strays alone are brought to the middle spread where nearly all others are alike, as in
          one embedding;
        - else every column is standardized, and its tails are compressed: they have units.
        """
        if scale is None or 0 in X.shape:
            return None
        with np.errstate(over="ignore", invalid="ignore"):  # `Projection.apply` refuses such values
            mean, spread = column_spreads(X)
        varying = spread > 0
        standard = cls(mean, np.where(varying, spread, 1.0), compresses=scale == "auto")
        if scale == "standard":
            return standard
        if not varying.any():
            return None
        ascending = np.sort(spread[varying])
        last = len(ascending) - 1
        quartile, middle = ascending[last // 4], ascending[last // 2]
        if ascending[last] <= WIDE * quartile or _are_components(spread[varying]):
            return None
        ratio = ascending / middle
        if np.mean((ratio < 1 / ALIKE) | (ratio > ALIKE)) > STRAY_SHARE:
            return standard
        stray = spread > WIDE * middle
        if not stray.any():
            return None
        # Centred too: the cosine would see nothing but, say, a year.
        return cls(np.where(stray, mean, 0.0), np.where(stray, spread / middle, 1.0), True)

    def apply(self, x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
        """Return scaled rows in float32; the differences are taken in float64."""
        out = np.empty(x.shape, dtype=np.float32)
        for part in _parts(x):
            with np.errstate(over="ignore"):
                out[part] = (x[part] - self.mean) / self.spread
        return np.arcsinh(out, out=out) if self.compresses else out

    def apply_to_directions(
        self, directions: Float[np.ndarray, "d p"]
    ) -> tuple[Float[np.ndarray, "d p"], Float[np.ndarray, " p"]]:
        """Return directions V' and an offset with X V' - offset = scaled(X) V.

        Sparse rows stay sparse so, and their tails are not compressed.
        """
        scaled = (directions / self.spread[:, None]).astype(np.float32)
        return scaled, self.mean @ scaled.astype(np.float64)


def column_spreads(X: Any) -> tuple[Float[np.ndarray, " d"], Float[np.ndarray, " d"]]:
    """Return mean and spread of every column, in float64; the spread of a constant is 0.

    The spread is the standard deviation, over the rows that are not at that end of the column
    where most are: sqrt(sum (x - mean)^2 / (n - max(number at the minimum, at the maximum))).
    So a rare word or category has the spread of a common one, and is not blown up. Cells farther
    than `FAR` spreads from the mean are then left out of both, once.
    """
    low, high = X.min(axis=0), X.max(axis=0)
    if scipy.sparse.issparse(X):
        low, high = low.toarray().ravel(), high.toarray().ravel()
    low, high = low.astype(np.float64), high.astype(np.float64)
    # Differences that are rounding errors are none.
    varies = high - low > 4 * np.finfo(X.dtype).eps * np.maximum(np.abs(low), np.abs(high))
    mean, spread = _moments(X, low, high)
    nearest, farthest = mean - FAR * spread, mean + FAR * spread
    if ((low < nearest) | (high > farthest)).any():
        mean, spread = _moments(X, np.maximum(low, nearest), np.minimum(high, farthest))
    return mean, np.where(varies, spread, 0.0)


def _moments(X: Any, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and spread of the cells between `low` and `high` of their columns."""
    within = _sparse_moments if scipy.sparse.issparse(X) else _dense_moments
    count, mean, squares, at_ends = within(X, low, high)
    return mean, np.sqrt(squares / np.maximum(count - at_ends, 1))


Moments = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _dense_moments(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> Moments:
    """Return the number of cells, their mean, squares about it, and how many are at an end."""
    count, total, squares, at_low, at_high = np.zeros((5, x.shape[1]))
    for part in _parts(x):
        inside = (x[part] >= low) & (x[part] <= high)
        count += inside.sum(axis=0)
        total += np.where(inside, x[part], 0.0).sum(axis=0, dtype=np.float64)
        at_low += (x[part] == low).sum(axis=0)
        at_high += (x[part] == high).sum(axis=0)
    mean = total / np.maximum(count, 1)
    for part in _parts(x):
        inside = (x[part] >= low) & (x[part] <= high)
        squares += (np.where(inside, x[part] - mean, 0.0) ** 2).sum(axis=0)
    return count, mean, squares, np.maximum(at_low, at_high)


def _sparse_moments(X: Any, low: np.ndarray, high: np.ndarray) -> Moments:
    """Return the same of sparse rows, from their entries alone."""
    entries = scipy.sparse.coo_array(X)
    entries.sum_duplicates()
    n, d = X.shape
    at, values = entries.coords[1], entries.data.astype(np.float64)

    def total(weights: np.ndarray) -> np.ndarray:
        return np.bincount(at, weights, minlength=d).astype(np.float64)

    inside = (values >= low[at]) & (values <= high[at])
    zeros = (n - np.bincount(at, minlength=d)) * ((low <= 0) & (high >= 0))
    count = total(inside) + zeros
    mean = total(values * inside) / np.maximum(count, 1)
    squares = total((values - mean[at]) ** 2 * inside) + zeros * mean**2
    at_low = total(values == low[at]) + zeros * (low == 0)
    at_high = total(values == high[at]) + zeros * (high == 0)
    return count, mean, squares, np.maximum(at_low, at_high)


def _are_components(spread: np.ndarray) -> bool:
    """Tell whether columns are the components of a PCA or SVD: their spread falls with position.

    It falls without a jump: a component in other units is no component. The widest is one of the
    first: a column that was put behind them may be wider.
    """
    if len(spread) < COMPONENTS or spread.argmax() >= max(3, len(spread) // 10):
        return False
    position, rank = np.arange(len(spread)), np.argsort(np.argsort(spread))
    descending = np.sort(spread)[::-1][: len(spread) // 2 + 1]
    jump = (descending[:-1] / descending[1:]).max()
    return bool(jump < WIDE and np.corrcoef(position, rank)[0, 1] < FALLING)


def _parts(x: np.ndarray) -> Iterator[slice]:
    """Yield slices of rows of about `CELLS` cells."""
    step = max(1, CELLS // max(1, x.shape[1]))
    for start in range(0, len(x), step):
        yield slice(start, start + step)
