"""From the rows that a user holds to the points of a graph, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float, Int
from scipy.sparse import csgraph
from sklearn.decomposition import TruncatedSVD

from ..errors import LARGEST, InputError
from .column_scale import ColumnScale
from .word_weights import WordWeights

# Sparse features are projected to at most this many dimensions.
PROJECTED = 128
# Rows that are hashed at once.
HASHED = 2048


def as_host_array(X: Any) -> Any:
    """Return tensors as arrays, and half precision as the float32 that everything runs in."""
    if isinstance(X, torch.Tensor):
        x = X.detach().cpu()
        if x.layout != torch.strided:
            coo = x.to_sparse_coo().coalesce()
            rows, columns = coo.indices().numpy()
            values = coo.values().float().numpy()
            return scipy.sparse.csr_array((values, (rows, columns)), shape=tuple(x.shape))
        X = x.float().numpy() if x.dtype in (torch.float16, torch.bfloat16) else x.numpy()
    if getattr(X, "dtype", None) == np.float16:
        X = X.astype(np.float32)
    return X


def is_plain(x: Any, columns: int) -> bool:
    """Return whether x is a real array of finite rows of so many columns, with nothing to mend."""
    if type(x) is not np.ndarray or x.dtype not in (np.float32, np.float64):
        return False
    if x.ndim != 2 or len(x) == 0 or x.shape[1] != columns:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(x.sum()))


@dataclass(frozen=True)
class Projection:
    """Dense float32 features of rows: columns are scaled, wide sparse rows projected by an SVD.

    Attributes
    ----------
    directions : (d, p) or None where rows are not projected.
    scale : ColumnScale or None where columns stay as they are.
    words : WordWeights or None where rows are no counts.
    """

    directions: np.ndarray | None = None
    scale: ColumnScale | None = None
    words: WordWeights | None = None

    @classmethod
    def fit(cls, X: Any, seed: int, scale: Literal["auto", "standard"] | None = None) -> Projection:
        """Choose the scale, and the directions where X is sparse and has many columns."""
        dimensions = min(PROJECTED, X.shape[0] - 1)
        wide = scipy.sparse.issparse(X) and X.shape[1] > max(PROJECTED, dimensions)
        words = WordWeights.fit(X) if wide and scale == "auto" else None
        columns = ColumnScale.fit(X, scale) if words is None else None
        if not wide:
            return cls(scale=columns)
        rows = X if words is None else words.apply(X)
        if columns is not None:
            _refuse_large(X)
            rows = scipy.sparse.csr_array(X.multiply(1.0 / columns.spread))
        svd = TruncatedSVD(dimensions, random_state=seed).fit(rows)
        directions = np.ascontiguousarray(svd.components_.T, dtype=np.float32)
        return cls(directions, columns, words)

    @property
    def standardizes(self) -> bool:
        """Whether every column is centred and scaled."""
        return self.scale is not None and not self.scale.strays_only

    def apply(self, X: Any) -> Float[np.ndarray, "n p"]:
        """Scale and project rows.

        Raises
        ------
        InputError
            If a value is too large.
        """
        if self.scale is not None:
            _refuse_large(X)  # scaled, it would only be its own column that has no digits left
        if self.directions is None:
            x = X.toarray() if scipy.sparse.issparse(X) else X
            x = x if self.scale is None else self.scale.apply(x)
        elif self.scale is None:
            x = (X if self.words is None else self.words.apply(X)) @ self.directions
        else:
            directions, offset = self.scale.apply_to_directions(self.directions)
            x = X @ directions - offset
        with np.errstate(over="ignore"):
            x = np.ascontiguousarray(x, dtype=np.float32)
        _refuse_large(x)
        return x


def _refuse_large(X: Any) -> None:
    values = X.data if scipy.sparse.issparse(X) else X
    if not values.size or max(values.max(), -values.min()) <= LARGEST:
        return
    at = np.abs(values).argmax()
    if scipy.sparse.issparse(X):
        row, column = (int(index[at]) for index in scipy.sparse.coo_array(X).coords)
    else:
        row, column = np.unravel_index(at, X.shape)
    raise InputError(
        f"the features hold {values.flat[at]:.3g} (row {row}, column {column}); values "
        f"beyond {LARGEST:.0e} leave no digits for the others; rescale or mend them"
    )


@dataclass(frozen=True)
class PointSet:
    """The points of a graph, and at which of them each row stands.

    Equal rows are one point: many copies would otherwise be each other's only neighbours.

    Attributes
    ----------
    x : (n, d) float32 features of the points, or None for a graph without features.
    of_row : (m,) point of each row.
    """

    x: Float[np.ndarray, "n d"] | None
    of_row: Int[np.ndarray, " m"]

    @classmethod
    def from_rows(cls, rows: Float[np.ndarray, "m d"]) -> PointSet:
        """Merge equal rows; nothing depends on the order of the rows."""
        first, of_row = distinct_rows(rows)
        return cls(rows[first], of_row)

    @classmethod
    def one_a_row(cls, rows: Float[np.ndarray, "m d"] | None, count: int) -> PointSet:
        """Keep every row as a point of its own, as a given graph does."""
        return cls(rows, np.arange(count))

    def in_order(self, order: Int[np.ndarray, " n"]) -> PointSet:
        """Return the same with the points in another order."""
        assert self.x is not None
        return PointSet(self.x[order], np.argsort(order)[self.of_row])

    def spread_back(self, values: np.ndarray) -> np.ndarray:
        """Return values of points as values of rows."""
        return values[self.of_row]


@dataclass(frozen=True)
class LabelledPoints:
    """Points at which a labelled row stands.

    Attributes
    ----------
    at : (l,) ascending.
    distributions : (l, c)
        Copies of a point share its label by their weights.
    weight : (l,), or None where every weight is 1.
    """

    at: Int[np.ndarray, " l"]
    distributions: Float[np.ndarray, "l c"]
    weight: Float[np.ndarray, " l"] | None = None

    @classmethod
    def of(
        cls,
        point: Int[np.ndarray, " k"],
        codes: Int[np.ndarray, " k"],
        n_classes: int,
        weight: Float[np.ndarray, " k"] | None = None,
    ) -> LabelledPoints:
        """Gather labelled rows: the point, class and weight of each."""
        at, index = np.unique(point, return_inverse=True)
        mass = np.zeros((len(at), n_classes))
        np.add.at(mass, (index, codes), 1.0 if weight is None else weight)
        total = mass.sum(axis=1)
        plain = weight is None and len(at) == len(point)
        return cls(at, mass / total[:, None], None if plain else total)

    @property
    def codes(self) -> Int[np.ndarray, " l"]:
        """The likeliest class of each."""
        return self.distributions.argmax(axis=1)

    def __len__(self) -> int:
        return len(self.at)


def distinct_rows(
    x: Float[np.ndarray, "m d"],
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " m"]]:
    """Return one row of each group of equal rows, and the group of every row.

    Groups stand in the order of their hashes.
    """
    rows = np.ascontiguousarray(x, dtype=np.float32)
    # An exact integer hash: one number a row is sorted faster than whole rows.
    odd = np.random.default_rng(0).integers(2**63, size=rows.shape[1], dtype=np.uint64) * 2 + 1
    key = np.empty(len(rows), dtype=np.uint64)
    for start in range(0, len(rows), HASHED):
        part = slice(start, start + HASHED)
        bits = (rows[part] + 0.0).view(np.uint32)  # -0 becomes 0
        key[part] = (bits.astype(np.uint64) * odd).sum(axis=1, dtype=np.uint64)
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    if len(first) < len(rows) and not np.array_equal(rows[first][group], rows):
        # Two different rows of one hash: compare the rows themselves.
        whole = (rows + 0.0).view(np.dtype((np.void, 4 * rows.shape[1])))[:, 0]
        _, first, group = np.unique(whole, return_index=True, return_inverse=True)
    return first, group


def locality_order(graph: scipy.sparse.csr_array) -> Int[np.ndarray, " n"]:
    """Return an order of the points in which neighbours stand close together in memory.

    Products with the graph are bound by memory, and twice as fast so.
    """
    order = csgraph.reverse_cuthill_mckee(scipy.sparse.csr_matrix(graph), symmetric_mode=True)
    return order.copy()  # a view that runs backwards


def reached_from(graph: scipy.sparse.csr_array, points: Int[np.ndarray, " l"]) -> np.ndarray:
    """Return which points have a path to one of `points`."""
    _, component = csgraph.connected_components(graph, directed=False)
    return np.isin(component, component[points])
