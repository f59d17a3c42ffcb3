"""Which columns of a table are features, and the matrix they make.

Columns are judged by what they hold, not by their names; see `column_roles`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..labels import Labels
from .column_numbers import Numbers, why_not_numbers
from .column_roles import ColumnRole, default_features
from .content import Features, check_finite, listed
from .suspicious_numbers import suspicions

if TYPE_CHECKING:
    from .columns import Columns


def choose_features(
    columns: Columns,
    label_column: str | None,
    features: str | Sequence[str] | None = None,
    *,
    where: str = "the table",
    labels: Labels | None = None,
    id_column: str | None = None,
) -> Features:
    """Choose the features of a table of columns.

    By default: the one column of vectors (an embedding), also where they are written as text; or
    else blocks of like-named numeric columns; or else every numeric column that is no identifier,
    no row number and no copy of the labels.

    Parameters
    ----------
    features : str or sequence of str, optional
        The name of a column, a comma list of names, or a prefix of names; or a sequence of names.
    labels : Labels, optional
        Those of the rows, to tell their copies.
    id_column : str, optional
        The column that names the rows, which is no feature by default.

    Raises
    ------
    InputError
        If a chosen column is absent or not numeric, no safe choice is left, or a cell is missing
        or infinite.
    """
    roles: tuple[ColumnRole, ...] = ()
    if features is None:
        parts, roles = default_features(columns, label_column, where, labels, id_column)
    else:
        parts = {}
        for name in _named(columns.names, label_column, features, where):
            numbers = columns.numbers(name, texts=True)
            if numbers is None:
                why = why_not_numbers(columns.column(name))
                raise InputError(
                    f"column {name!r} of {where} is not numeric ({why}); choose other columns",
                    "features",
                )
            parts[name] = numbers
    names = tuple(
        f"{name}[{i}]" if part.is_vector else name
        for name, part in parts.items()
        for i in range(part.values.shape[1])
    )
    for name, part in parts.items():
        if part.is_coarse:
            raise InputError(
                f"column {name!r} of {where} varies by {part.high - part.low:.3g} around "
                f"{part.low:.3g}, which 32-bit floats cannot hold; subtract {part.low:.3g} from it",
                "features",
            )
    chosen = tuple(parts)
    columns.forget_numbers()
    matrix = _matrix(parts)
    check_finite(matrix, names, where)
    notes = tuple(note for role in roles if (note := role.note) is not None)
    return Features(matrix, names, chosen, (*notes, *suspicions(matrix, names)), roles)


def _matrix(parts: dict[str, Numbers]) -> np.ndarray:
    """Return columns side by side; each is freed once it is there."""
    if len(parts) == 1:
        return parts.popitem()[1].values
    widths = [part.values.shape[1] for part in parts.values()]
    n = len(next(iter(parts.values())).values)
    matrix, at = np.empty((n, sum(widths)), dtype=np.float32), 0
    for name, width in zip(list(parts), widths, strict=True):
        matrix[:, at : at + width] = parts.pop(name).values
        at += width
    return matrix


def _named(
    names: list[str], label_column: str | None, features: str | Sequence[str], where: str
) -> list[str]:
    present = [name for name in names if name != label_column]
    if isinstance(features, str) and features not in names and "," not in features:
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
        if features not in names:
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
