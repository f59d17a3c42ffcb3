"""What each column of a table is, judged by what it holds: a feature, an identifier, a copy, ..."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from ..errors import InputError, Note
from ..labels import Labels
from .column_numbers import (
    Numbers,
    filled,
    holds_prose,
    is_text,
    mostly_vectors,
    mostly_with_commas,
    mostly_with_units,
    share_of_numbers,
    why_not_numbers,
)
from .content import AUDITED, listed

if TYPE_CHECKING:
    from .columns import Columns

JUDGED = 20
"""Rows from which a column is judged by its values; fewer show too little."""
BLOCK = 8
"""Like-named columns, such as emb_0, emb_1, ..., that make a block."""
PLOTTED = 3
"""Vectors of so few numbers are made for plots, where there are longer ones."""
OUTWEIGHS = 1000.0
"""A column of whole numbers so many times as wide as the others holds no counts."""

HINTS = 3
"""Columns that an error says more of."""
NUMBERS = 0.9
"""Share of numbers from which a column is one of numbers, and its other cells are mistakes."""

INDEX_NAME = re.compile(r"|Unnamed: \d+|__index_level_\d+__")
"""What pandas calls the index of a frame that it wrote."""

HOLDS_LABELS, IS_CONSTANT = "holds the labels", "is the same in every row"
COPIES_LABELS = "is a copy of the labels"

_NUMBERED_NAME = re.compile(r"(.*?)\d+\W*")


@dataclass(frozen=True)
class ColumnRole:
    """What a column is taken for, and why.

    Attributes
    ----------
    name : str
    is_feature : bool
    reason : str
        Goes on from the name: "holds vectors of 384 numbers", "numbers the rows".
    doubt : bool
        Whether a user should know: it could be read otherwise.
    parameter : str
        What says how it is read.
    """

    name: str
    is_feature: bool
    reason: str
    doubt: bool = False
    parameter: str = "features"

    @property
    def is_label(self) -> bool:
        """Whether it holds the labels."""
        return self.reason == HOLDS_LABELS

    @property
    def is_constant(self) -> bool:
        """Whether it is left out for being the same in every row."""
        return self.reason == IS_CONSTANT

    @property
    def note(self) -> Note | None:
        """A note where there is a doubt."""
        if not self.doubt:
            return None
        taken = "is taken as a feature" if self.is_feature else "is taken as no feature"
        return Note(f"column {self.name!r} {self.reason}: it {taken}", self.parameter)


def default_features(
    columns: Columns,
    label_column: str | None,
    where: str,
    labels: Labels | None,
    id_column: str | None = None,
) -> tuple[dict[str, Numbers], tuple[ColumnRole, ...]]:
    """Choose the features of a table, and say what each column is taken for.

    Raises
    ------
    InputError
        If there are several columns of vectors, a column of vectors that cannot be read, nothing
        numeric, or only columns that are likelier something else.
    """
    roles: dict[str, ColumnRole] = {}
    numbers: dict[str, Numbers] = {}
    packed: list[str] = []
    audited = set(AUDITED) if set(AUDITED) <= set(columns.names) else set()
    for name in columns.names:
        if name == label_column:
            roles[name] = ColumnRole(name, False, HOLDS_LABELS)
        elif name == id_column:
            roles[name] = ColumnRole(name, False, "names the rows")
        elif INDEX_NAME.fullmatch(name):
            roles[name] = ColumnRole(name, False, "is the index of a data frame")
        elif name in audited:
            roles[name] = ColumnRole(name, False, "is what an audit said of a label")
        else:
            read = columns.numbers(name)
            column = None if read is not None else columns.column(name)
            if read is not None:
                numbers[name] = read
            elif mostly_vectors(column):
                raise InputError(
                    f"column {name!r} of {where} holds vectors, but {why_not_numbers(column)}; "
                    f"mend or drop the row, or choose other columns",
                    "features",
                )
            else:
                roles[name] = _not_numeric(name, column, columns.texts, where)
                if _may_be_packed_vectors(column):
                    packed.append(name)
    chosen = _choose(numbers, roles, where, labels)
    if packed and not any(numbers[name].is_vector for name in chosen):
        raise InputError(
            f"column {packed[0]!r} of {where} holds equally many bytes in every row, perhaps "
            f"vectors; write them as lists of numbers, or choose the features",
            "features",
        )
    if not chosen:
        said = [str(role.note.message) for role in roles.values() if role.note]
        more = f"; and {len(said) - HINTS} more" if len(said) > HINTS else ""
        doubts = "; ".join(said[:HINTS]) + more
        hint = f" ({doubts})" if doubts else ""
        what = "is no safe choice of features" if numbers else "are no features"
        raise InputError(
            f"no column of {where} is {'surely a feature' if numbers else 'numeric'} besides the "
            f"label, so that there {what}; the columns are {listed(columns.names)}{hint}",
            "features",
        )
    for name in chosen:
        width = numbers[name].values.shape[1]
        reason = f"holds vectors of {width} numbers" if numbers[name].is_vector else "is numeric"
        roles.setdefault(name, ColumnRole(name, True, reason))
    ordered = tuple(roles[name] for name in columns.names if name in roles)
    return {name: numbers[name] for name in chosen}, ordered


def _choose(
    numbers: dict[str, Numbers],
    roles: dict[str, ColumnRole],
    where: str,
    labels: Labels | None,
) -> list[str]:
    """Return the names of the features; add the roles of the other numeric columns."""
    vectors = [name for name, part in numbers.items() if part.is_vector]
    singles = [name for name in numbers if name not in vectors]
    surest = [name for name in vectors if numbers[name].is_long]
    vectors = surest if surest or singles else vectors
    for name in set(numbers) - set(vectors) - set(singles):
        roles[name] = ColumnRole(name, False, "holds short lists of whole numbers")
    widths = {name: numbers[name].values.shape[1] for name in vectors}
    if max(widths.values(), default=0) > PLOTTED:
        for name in vectors:
            if widths[name] <= PLOTTED:
                reason = f"holds {widths[name]} numbers a row, as for a plot"
                roles[name] = ColumnRole(name, False, reason, doubt=True)
        vectors = [name for name in vectors if name not in roles]
    if len(vectors) > 1:
        raise InputError(
            f"columns {listed(vectors)} of {where} all hold vectors; choose one", "features"
        )
    if vectors:
        for name in singles:
            roles[name] = ColumnRole(name, False, f"stands beside the vectors {vectors[0]!r}")
        return vectors
    for name in singles:
        reason = _other_than_feature(numbers[name], labels)
        if reason:
            roles[name] = ColumnRole(name, False, reason, doubt=True)
    left = [name for name in singles if name not in roles]
    block = _blocks(left)
    if block:
        inside = f"{block[0]} ... {block[-1]}"
        for name in left:
            if name not in block:
                roles[name] = ColumnRole(
                    name, False, f"stands beside the block {inside}", doubt=True
                )
        return block
    with np.errstate(invalid="ignore"):  # infinite cells are refused later, with their place
        spreads = {
            name: float(np.nanstd(numbers[name].values.astype(np.float64)))
            for name in left
            if len(numbers[name].values) >= JUDGED
        }
    for name, spread in spreads.items():
        if spread == 0 and not numbers[name].is_coarse:
            roles[name] = ColumnRole(name, False, IS_CONSTANT)
    left = [name for name in left if name not in roles]
    for name in left:
        reason = _outweighs(name, spreads, numbers[name]) if name in spreads else ""
        if reason:
            roles[name] = ColumnRole(name, False, reason, doubt=True)
    return [name for name in left if name not in roles]


def _other_than_feature(part: Numbers, labels: Labels | None) -> str:
    """Say what a column is, where that is no feature; "" where it may be one."""
    whole, n = part.whole, len(part.values)
    if whole is None or n < JUDGED:
        return ""
    distinct = np.unique(whole)
    if labels is not None and len(labels) == n:
        few = len(distinct) <= len(labels.classes) + 1
        if few and copies_labels(distinct_pairs(labels.codes, whole), len(labels.rows)):
            return COPIES_LABELS
    steps = np.diff(whole)
    if len(distinct) == n and distinct[-1] - distinct[0] == n - 1:
        return "numbers the rows"
    if len(distinct) == n:
        return "holds another whole number in every row, as identifiers do"
    if 2 * len(distinct) > n and ((steps >= 0).all() or (steps <= 0).all()):
        return "counts along the rows"
    return ""


def distinct_pairs(
    codes: Int[np.ndarray, " n"], whole: Int[np.ndarray, " n"]
) -> Int[np.ndarray, "p 2"]:
    """Return the distinct pairs of a code, -1 or above, and a number."""
    numbers, place = np.unique(whole, return_inverse=True)
    keys = np.unique((codes + 1) * len(numbers) + place)
    return np.column_stack([keys // len(numbers) - 1, numbers[keys % len(numbers)]])


def copies_labels(pairs: Int[np.ndarray, "p 2"], labelled: int) -> bool:
    """Return whether equal labels have equal numbers, and others others, beyond coincidence.

    Parameters
    ----------
    pairs : distinct pairs of a class and a number, the class -1 where a row has no label.
    labelled : how many rows have one.
    """
    given, others = pairs[pairs[:, 0] >= 0], pairs[pairs[:, 0] < 0, 1]
    classes, numbers = (len(np.unique(side)) for side in given.T)
    if not classes == numbers == len(given) or classes < 2 or labelled < classes + 2:
        return False
    new = len(np.setdiff1d(others, given[:, 1]))
    # Of two classes a good feature may do the same; one more number for the rest may not.
    return new <= 1 and (classes > 2 or new == len(others) == 1)


def _blocks(names: list[str]) -> list[str]:
    """Return columns that are alike but for a number in their names, if `BLOCK` or more are."""
    stems: dict[str, list[str]] = {}
    for name in names:
        match = _NUMBERED_NAME.fullmatch(name)
        if match:
            stems.setdefault(match[1], []).append(name)
    inside = {name for group in stems.values() if len(group) >= BLOCK for name in group}
    return [name for name in names if name in inside]


def _outweighs(name: str, spreads: dict[str, float], part: Numbers) -> str:
    """Say that a column of whole numbers is too wide for a count; "" of any other."""
    others = [spread for each, spread in spreads.items() if each != name and spread > 0]
    if part.whole is None or not others or spreads[name] <= OUTWEIGHS * np.median(others):
        return ""
    times = spreads[name] / float(np.median(others))
    return f"holds whole numbers {times:,.0f} times as wide as the others, as identifiers do"


def _not_numeric(name: str, column: pa.ChunkedArray, texts: bool, where: str) -> ColumnRole:
    """Return the role of a column that is not numeric; a doubt where it may have been meant so."""
    why = why_not_numbers(column)
    if is_text(column.type) and texts:
        cells = filled(column)
        if mostly_with_commas(cells):
            return ColumnRole(
                name, False, f"holds commas inside numbers ({why}); remove them", doubt=True
            )
        if len(column) >= JUDGED and share_of_numbers(cells) >= NUMBERS:
            raise InputError(
                f"column {name!r} of {where} is of numbers, but {why}; mend the cell, blank it and "
                f"fill it, or choose other columns",
                "features",
            )
        if share_of_numbers(cells) > 0.5:
            return ColumnRole(name, False, f"is not numeric, as {why} among numbers", doubt=True)
        if mostly_with_units(cells):
            return ColumnRole(
                name, False, f"holds numbers with a unit ({why}); remove the unit", doubt=True
            )
    if is_text(column.type) and holds_prose(column):
        return ColumnRole(
            name, False, "holds texts, which can be encoded", doubt=True, parameter="text"
        )
    return ColumnRole(name, False, f"is not numeric ({why})")


def _may_be_packed_vectors(column: pa.ChunkedArray) -> bool:
    """Return whether a column holds bytes, as many in each row as at least eight floats have."""
    kind = column.type
    if pa.types.is_fixed_size_binary(kind):
        return bool(kind.byte_width >= 4 * BLOCK)
    if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        return False
    span = pc.min_max(pc.binary_length(column)).as_py()
    return span["min"] is not None and span["min"] == span["max"] >= 4 * BLOCK
