"""Which columns of a table are features, and the matrix they make.

Columns are judged by what they hold, not by their names; see `column_roles`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ..errors import InputError
from ..labels import Labels
from .column_numbers import read_numbers, why_not_numbers
from .column_roles import ColumnRole, default_features
from .content import Features, check_finite, listed


def choose_features(
    table: pa.Table,
    label_column: str | None,
    features: str | Sequence[str] | None = None,
    *,
    texts: bool = False,
    where: str = "the table",
    labels: Labels | None = None,
) -> Features:
    """Choose the features of a table of columns.

    By default: the one column of vectors (an embedding), also where they are written as text; or
    else blocks of like-named numeric columns; or else every numeric column that is no identifier,
    no row number and no copy of the labels.

    Parameters
    ----------
    features : str or sequence of str, optional
        The name of a column, a comma list of names, or a prefix of names; or a sequence of names.
    texts : bool
        Whether columns of text may hold numbers, as all of a .csv file do.
    labels : Labels, optional
        Those of the rows, to tell their copies.

    Raises
    ------
    InputError
        If a chosen column is absent or not numeric, no safe choice is left, or a cell is missing
        or infinite.
    """
    roles: tuple[ColumnRole, ...] = ()
    if features is None:
        parts, roles = default_features(table, label_column, texts, where, labels)
    else:
        parts = {}
        for name in _named(table, label_column, features, where):
            numbers = read_numbers(table[name], texts=True)
            if numbers is None:
                raise InputError(
                    f"column {name!r} of {where} is not numeric "
                    f"({why_not_numbers(table[name])}); choose other columns",
                    "features",
                )
            parts[name] = numbers
    blocks = [part.values for part in parts.values()]
    matrix = np.hstack(blocks) if len(blocks) > 1 else blocks[0]
    names = tuple(
        f"{name}[{i}]" if part.is_vector else name
        for name, part in parts.items()
        for i in range(part.values.shape[1])
    )
    check_finite(matrix, names, where)
    notes = tuple(note for role in roles if (note := role.note) is not None)
    return Features(matrix, names, tuple(parts), notes, roles)


def _named(
    table: pa.Table, label_column: str | None, features: str | Sequence[str], where: str
) -> list[str]:
    present = [name for name in table.column_names if name != label_column]
    if isinstance(features, str) and features not in table.column_names and "," not in features:
        chosen = [name for name in present if name.startswith(features)]
        if not chosen or not features:
            raise InputError(
                f"no column of {where} is called {features!r} or starts so; "
                f"the columns are {listed(present)}",
                "features",
            )
        return chosen
    if isinstance(features, str):
        chosen = [features]
        if features not in table.column_names:
            chosen = [name.strip() for name in features.split(",") if name.strip()]
    else:
        chosen = list(features)
    for name in chosen:
        if name == label_column:
            raise InputError(
                f"column {name!r} of {where} holds the labels; it is no feature", "features"
            )
        if name not in present:
            raise InputError(
                f"{where} has no column {name!r}; the columns are {listed(present)}", "features"
            )
    if not chosen or len(set(chosen)) < len(chosen):
        raise InputError(f"name every column once, not {listed(chosen)}", "features")
    return chosen
