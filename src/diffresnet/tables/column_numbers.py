"""Columns of a table as numbers: single ones, vectors in lists, and vectors written as text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

MISSING = ("", "nan", "na", "n/a", "#n/a", "<na>", "null", "none")
"""Texts that stand for a missing number, trimmed and in lower case."""
EXACT = 2**24
"""Largest whole number up to which float32 has all."""
SMALLEST = 1e-30
"""Numbers below it are taken for 0."""
COARSE = 0.002
"""Rounding error, as a share of how far numbers range, from which digits are missing."""
WIDE = 8
"""Length from which lists of whole numbers are vectors, as embeddings in bytes are."""

# What Arrow casts to a float.
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^(?i:[+-]?(inf|infinity|nan))$"
_WHOLE = r"^[+-]?[0-9]+(\.0*)?$"
_WITH_COMMA = r"^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$|^[+-]?[0-9]+,[0-9]+$"
_WITH_UNIT = r"^[$€£¥]?\s*[+-]?[0-9]+([.,][0-9]+)?\s*(%|[a-zA-Zµ°€$£¥/]{1,6})?$"
_BOOLEAN = ("true", "false")
# A list in brackets, of numbers apart by commas or spaces, as Python, NumPy and JSON write it.
_VECTOR = r"^\[[-+0-9.eE,\s]*\]$"


@dataclass(frozen=True)
class Numbers:
    """A column as numbers.

    Attributes
    ----------
    values : (n, d) float32, NaN where a cell is missing.
    is_whole : bool
        Whether all cells are filled with whole numbers.
    exact : (n,) int64, where `values` cannot hold whole numbers exactly.
    is_vector : bool
        Whether each cell holds a list.
    is_long : bool
        Whether the lists are of floats, or of `WIDE` numbers: surely vectors.
    low, high, error : float
        Of single numbers: the least, the greatest, and the largest rounding error of `values`.
    """

    values: Float[np.ndarray, "n d"]
    is_whole: bool = False
    exact: Int[np.ndarray, " n"] | None = None
    is_vector: bool = False
    is_long: bool = False
    low: float = np.inf
    high: float = -np.inf
    error: float = 0.0

    @property
    def is_coarse(self) -> bool:
        """Whether float32 has too few digits for how the numbers vary, as of times in seconds."""
        large = max(abs(self.low), abs(self.high)) > SMALLEST  # below, all are 0 in float32
        return large and np.inf > self.error > COARSE * (self.high - self.low) > 0

    @property
    def whole(self) -> Int[np.ndarray, " n"] | None:
        """(n,) whole numbers, where all cells are filled with them; None otherwise."""
        if self.exact is not None or not self.is_whole:
            return self.exact
        return self.values[:, 0].astype(np.int64)

    @classmethod
    def of_column(cls, whole: np.ndarray | None, values: np.ndarray) -> Numbers:
        """Return a column of single numbers, from floats and, if there are any, whole numbers."""
        large = whole is not None and np.abs(whole).max(initial=0) > EXACT
        single = _single(values)
        finite = values[np.isfinite(values)]
        low, high = finite.min(initial=np.inf), finite.max(initial=-np.inf)
        with np.errstate(invalid="ignore"):  # infinity less infinity
            error = np.nanmax(np.abs(single - values), initial=0.0)
        exact = whole if large else None
        return cls(
            single[:, None], whole is not None, exact, low=low, high=high, error=float(error)
        )

    def fits(self, other: Numbers) -> bool:
        """Return whether the two may be parts of one column."""
        shape = self.is_vector, self.values.shape[1]
        return shape == (other.is_vector, other.values.shape[1])

    @classmethod
    def joined(cls, parts: Sequence[Numbers]) -> Numbers:
        """Return a column of its parts."""
        if len(parts) == 1:
            return parts[0]
        is_whole = all(part.is_whole for part in parts)
        exact = None
        if is_whole and any(part.exact is not None for part in parts):
            exact = np.concatenate([part.whole for part in parts])
        values = np.concatenate([part.values for part in parts])
        return cls(
            values,
            is_whole,
            exact,
            parts[0].is_vector,
            any(part.is_long for part in parts),
            min(part.low for part in parts),
            max(part.high for part in parts),
            max(part.error for part in parts),
        )


def read_numbers(column: pa.ChunkedArray, texts: bool) -> Numbers | None:
    """Read a column as numbers; None if it is not numeric.

    Parameters
    ----------
    texts : bool
        Whether text may be read as numbers, as all of a .csv file has to be.
    """
    column = storage(column)
    kind = column.type
    if is_list(kind):
        return _vectors(column)
    if is_text(kind):
        if holds_text_vectors(column):
            lists = text_vectors(column)
            return None if lists is None else _vectors(lists)
        if not texts:
            return None
        column = filled(column)
        if _all_booleans(column):
            column = pc.cast(pc.equal(pc.utf8_lower(column), "true"), pa.int8())
    elif pa.types.is_boolean(kind):
        column = pc.cast(column, pa.int8())
    elif not is_number(kind):
        return None
    if column.null_count == len(column):
        return None
    try:
        values = pc.cast(column, pa.float64(), safe=False).to_numpy()
    except pa.ArrowInvalid:
        return None
    return Numbers.of_column(_whole_numbers(column, values), values)


def read_part(part: pa.ChunkedArray, texts: bool) -> Numbers | None:
    """Read some rows of a column as numbers, as `read_numbers` would within the whole column.

    None where they may not be numbers, or where the whole column has to be seen to know.
    """
    part = storage(part)
    if is_text(part.type) and texts:
        plain = _plain_numbers(part)
        if plain is not None:
            return plain
    if is_text(part.type) and texts and not holds_text_vectors(part):
        cells = filled(part)
        if cells.null_count == len(cells):
            return Numbers(np.full((len(part), 1), np.nan, dtype=np.float32))
        if _all_booleans(cells):
            return None
    elif is_number(part.type) and part.null_count == len(part):
        return Numbers(np.full((len(part), 1), np.nan, dtype=np.float32))
    return read_numbers(part, texts)


def _plain_numbers(part: pa.ChunkedArray) -> Numbers | None:
    """Read cells that are numbers and nothing else; None where one needs a second look."""
    try:
        values = pc.cast(part, pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return None
    if not np.isfinite(values).all():
        return None
    whole = (values == np.rint(values)).all()
    if whole and np.abs(values).max(initial=0) > EXACT:
        return None
    return Numbers.of_column(values if whole else None, values)


def why_not_numbers(column: pa.ChunkedArray) -> str:
    """Say why a column is not numeric: its first odd cell, blank cells, or its type."""
    column = storage(column)
    if is_text(column.type) and holds_text_vectors(column):
        lists = text_vectors(column)
        if lists is None:
            odd = pc.invert(pc.match_substring_regex(filled(column), _VECTOR))
            at = pc.index(odd, True).as_py()
            return f"data row {at + 1} holds {shortened(column[at].as_py())} among vectors"
        column = lists
    if is_list(column.type):
        return odd_vector(column) or f"type {column.type}"
    cells = filled(column) if is_text(column.type) else column
    if cells.null_count == len(cells):
        return "all its cells are blank"
    if is_text(column.type):
        at = pc.index(_looks_like_number(cells), False).as_py()
        if at >= 0:
            return f"data row {at + 1} holds {shortened(cells[at].as_py())}"
    return f"type {column.type}"


def share_of_numbers(cells: pa.ChunkedArray) -> float:
    """Return which share of the cells of texts, as `filled` returns them, are numbers."""
    return _share(cells, _NUMBER)


def mostly_with_units(cells: pa.ChunkedArray) -> bool:
    """Return whether most cells, as `filled` returns them, are numbers with a sign or unit."""
    return _share(cells, _WITH_UNIT) > 0.5


def holds_prose(column: pa.ChunkedArray) -> bool:
    """Return whether most cells are texts of several words, and hardly two the same."""
    head = column.slice(0, 1000)
    words = _share(head, r"\S+\s+\S+\s+\S+")
    return words > 0.5 and 2 * pc.count_distinct(head).as_py() > len(head)


def mostly_with_commas(cells: pa.ChunkedArray) -> bool:
    """Return whether most cells, as `filled` returns them, are numbers, some with commas inside."""
    return _share(cells, _WITH_COMMA) > 0.1 and _share(cells, f"{_NUMBER}|{_WITH_COMMA}") > 0.5


def odd_vector(column: pa.ChunkedArray) -> str:
    """Say which row of a column of lists has another length than most; "" where none has."""
    if not is_list(column.type) or not is_number(column.type.value_type):
        return ""
    lengths = pc.list_value_length(column)
    most = pc.mode(lengths)[0]["mode"].as_py() if len(lengths) > lengths.null_count else None
    if most is None:
        return ""
    at = pc.index(pc.fill_null(pc.not_equal(lengths, most), False), True).as_py()
    if at < 0:
        return ""
    held = lengths[at].as_py()
    return f"data row {at + 1} has {held} number{'' if held == 1 else 's'} instead of {most}"


def mostly_vectors(column: pa.ChunkedArray) -> bool:
    """Return whether most rows hold lists of one length, of floats or of `WIDE` numbers."""
    column = storage(column)
    if is_text(column.type):
        return holds_text_vectors(column)
    if not is_list(column.type) or not is_number(column.type.value_type):
        return False
    modes = pc.mode(pc.list_value_length(column))
    if not len(modes):
        return False
    length, count = modes[0]["mode"].as_py(), modes[0]["count"].as_py()
    floats = pa.types.is_floating(column.type.value_type)
    return 2 * count > len(column) and length >= (1 if floats else WIDE)


def holds_text_vectors(column: pa.ChunkedArray) -> bool:
    """Return whether most filled cells are vectors written as text, such as "[0.5, -1.0]"."""
    head = filled(column.slice(0, 1000))
    return _share(head, _VECTOR) > 0.5 and pc.any(pc.match_substring_regex(head, r"[0-9]")).as_py()


def text_vectors(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Parse vectors written as text to lists of floats; None if a filled cell is no vector."""
    cells = filled(column)
    if not pc.all(pc.match_substring_regex(cells, _VECTOR)).as_py():
        return None
    parts = []
    for chunk in cells.chunks:
        inner = pc.utf8_trim(pc.utf8_trim_whitespace(chunk), "[] \t\r\n,")
        split = pc.split_pattern_regex(inner, r"[,\s]+")
        try:
            numbers = pc.cast(split.flatten(), pa.float64())
        except pa.ArrowInvalid:
            return None
        lists = pa.LargeListArray if pa.types.is_large_list(split.type) else pa.ListArray
        offsets = np.zeros(len(split) + 1, dtype=np.int64)
        offsets[1:] = np.cumsum(pc.fill_null(pc.list_value_length(split), 0).to_numpy())
        kind = pa.int64() if lists is pa.LargeListArray else pa.int32()
        parts.append(lists.from_arrays(pa.array(offsets, kind), numbers, mask=split.is_null()))
    return pa.chunked_array(parts) if parts else None


def storage(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the lists of a tensor column, and the values of a dictionary column."""
    if isinstance(column.type, pa.BaseExtensionType):
        return pa.chunked_array(
            [chunk.storage for chunk in column.chunks], column.type.storage_type
        )
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column


def vector_width(column: pa.ChunkedArray) -> int:
    """Return the length of the lists of numbers of a column, where there is one; otherwise 0."""
    if not is_list(column.type) or not is_number(column.type.value_type):
        return 0
    span = pc.min_max(pc.list_value_length(column)).as_py()
    return span["min"] or 0 if span["min"] == span["max"] else 0


def filled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Trim a column of texts, with null where a cell stands for a missing number."""
    trimmed = pc.utf8_trim_whitespace(column)
    marks = pa.array(MISSING, column.type)
    return pc.if_else(pc.is_in(pc.utf8_lower(trimmed), marks), None, trimmed)


def shortened(text: str) -> str:
    """Return a cell as a message quotes it."""
    return repr(textwrap.shorten(text, 40))


def is_number(kind: pa.DataType) -> bool:
    """Return whether a type is one of integers, floats or decimals."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def is_text(kind: pa.DataType) -> bool:
    """Return whether a type is one of texts."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def is_list(kind: pa.DataType) -> bool:
    """Return whether a type is one of lists."""
    kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(is_kind(kind) for is_kind in kinds)


def _vectors(column: pa.ChunkedArray) -> Numbers | None:
    width = vector_width(column)
    if not width:
        return None
    is_long = pa.types.is_floating(column.type.value_type) or width >= WIDE
    return Numbers(_list_values(column, width), is_vector=True, is_long=is_long)


def _list_values(column: pa.ChunkedArray, width: int) -> np.ndarray:
    out = np.full((len(column), width), np.nan, dtype=np.float32)
    start = 0
    for chunk in column.chunks:
        there = chunk.is_valid().to_numpy(zero_copy_only=False)
        values = chunk.drop_null().flatten().to_numpy(zero_copy_only=False)
        out[start : start + len(chunk)][there] = _single(values).reshape(-1, width)
        start += len(chunk)
    return out


def _whole_numbers(column: pa.ChunkedArray, values: np.ndarray) -> np.ndarray | None:
    if column.null_count:
        return None
    try:
        if pa.types.is_integer(column.type):
            return pc.cast(column, pa.int64()).to_numpy()
        if is_text(column.type):
            if not pc.all(pc.match_substring_regex(column, _WHOLE)).as_py():
                return None
            digits = pc.replace_substring_regex(column, r"\.0*$|^\+", "")
            return pc.cast(digits, pa.int64()).to_numpy()
    except pa.ArrowInvalid:  # beyond 64 bits
        pass
    if not np.isfinite(values).all() or (values != np.rint(values)).any():
        return None
    return values.astype(np.int64) if np.abs(values).max(initial=0) < 2**53 else None


def _all_booleans(cells: pa.ChunkedArray) -> bool:
    if cells.null_count == len(cells):
        return False
    return bool(pc.all(pc.is_in(pc.utf8_lower(cells), pa.array(_BOOLEAN, cells.type))).as_py())


def _share(cells: pa.ChunkedArray, pattern: str) -> float:
    """Return which share of the cells of texts that are not null match a pattern."""
    share = pc.mean(pc.match_substring_regex(cells, pattern)).as_py()
    return 0.0 if share is None else float(share)


def _looks_like_number(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.match_substring_regex(cells, _NUMBER)


def _single(values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # reported as infinite, with its place
        return values.astype(np.float32)
