"""Sparse matrices from arrays that nobody vouches for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.sparse

from ..errors import InputError

WIDEST = 2**31 - 1
"""Columns that a matrix may have: more is damage, and would fill the memory of what uses it."""


def csr_of_arrays(
    arrays: Mapping[str, np.ndarray], prefix: str, dtype: type[np.floating], where: str
) -> scipy.sparse.csr_array:
    """Build the matrix of PREFIX_data, _indices, _indptr and _shape, every index checked.

    Raises
    ------
    InputError
        If an array is missing or no such array, or an index points outside of the matrix.
    """
    for part in ("data", "indices", "indptr", "shape"):
        key = f"{prefix}_{part}"
        if key not in arrays:
            raise InputError(f"{where} has no array {key!r}; a CSR matrix needs all four")
        if arrays[key].ndim != 1:
            raise InputError(f"array {key!r} of {where} must have one dimension")
        if part != "data" and arrays[key].dtype.kind not in "iu":
            raise InputError(f"array {key!r} of {where} must be integers, not {arrays[key].dtype}")
    data = finite_numbers(arrays[f"{prefix}_data"], f"{prefix}_data", dtype, where)
    indices, indptr = arrays[f"{prefix}_indices"], arrays[f"{prefix}_indptr"]
    shape = tuple(int(size) for size in arrays[f"{prefix}_shape"])
    if len(shape) != 2 or min(shape) < 0 or max(shape) > WIDEST:
        raise InputError(f"array '{prefix}_shape' of {where} gives no shape of a matrix: {shape}")
    if len(indptr) != shape[0] + 1:
        raise InputError(
            f"array '{prefix}_indptr' of {where} has {len(indptr)} entries; the {shape[0]} rows "
            f"of '{prefix}_shape' need {shape[0] + 1}"
        )
    if len(indices) != len(data):
        raise InputError(
            f"{where} has {len(data)} values but {len(indices)} column indices in '{prefix}_*'"
        )
    # In 64 bits with a sign: differences of unsigned numbers would wrap round.
    indptr = indptr.astype(np.int64)
    if indptr[0] != 0 or indptr[-1] != len(data) or (np.diff(indptr) < 0).any():
        raise InputError(
            f"array '{prefix}_indptr' of {where} must rise from 0 to {len(data)}, the number of "
            f"values"
        )
    if len(indices) and (indices.min() < 0 or indices.max() >= shape[1]):
        raise InputError(
            f"array '{prefix}_indices' of {where} has indices outside 0 to {shape[1] - 1}"
        )
    index = np.int32 if len(data) <= WIDEST else np.int64
    matrix = scipy.sparse.csr_array(
        (data, indices.astype(index), indptr.astype(index)), shape=shape
    )
    with np.errstate(over="ignore"):  # reported as infinite
        matrix.sum_duplicates()
    finite_numbers(matrix.data, f"{prefix}_data", matrix.dtype.type, where)  # of the sums
    return matrix


def finite_numbers(array: np.ndarray, key: str, dtype: type[np.floating], where: str) -> np.ndarray:
    """Convert an array to a type of floats; `InputError` unless it is real and stays finite."""
    if array.dtype.kind not in "fiub":
        raise InputError(f"array {key!r} of {where} must be real numbers, not {array.dtype}")
    with np.errstate(over="ignore"):  # reported as infinite
        numbers = array.astype(dtype)
    if not np.isfinite(numbers).all():
        raise InputError(
            f"array {key!r} of {where} has values that are NaN, infinite or too large; mend them"
        )
    return numbers
