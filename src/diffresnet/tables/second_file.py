"""Labels in a file of their own, joined to the rows of a table by an id or by their order."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from ..errors import InputError, Note
from ..files.atomic import Pathlike, check_readable
from ..files.compressed import ending
from .content import Content, listed
from .formats import READ_FORMATS, check_format, read_content
from .formats.npy import map_array
from .row_names import read_ids


@dataclass(frozen=True)
class SecondFile:
    """Labels of a second file, one for each row of the first, None where it has none.

    Attributes
    ----------
    values : (n,) as `encode_labels` takes them.
    where : what to call them in messages.
    column : the column that holds them, whose type those of an output have.
    notes : how the two files were joined.
    """

    values: np.ndarray = field(repr=False)
    where: str
    column: pa.ChunkedArray | None = field(default=None, repr=False)
    notes: tuple[Note, ...] = ()


def read_labels(
    labels: Pathlike,
    path: Path,
    content: Content,
    label_column: str = "label",
    id_column: str | None = None,
    skip_unknown: bool = False,
) -> SecondFile:
    """Read labels for the rows of a table from a second file.

    Where both have a column of one name whose values tell the rows apart, rows with equal values
    belong together, and rows of the table that the second file lacks have no label. Otherwise
    there is a label for each row, in order.

    Parameters
    ----------
    labels : path
        A table with a column `label_column`, or with one column besides ids; or .npy, or an array
        in .npz, (n,).
    path, content
        Of the table.
    id_column : str, optional
        The column that tells rows apart; by default one that does.
    skip_unknown : bool
        Leave out labels of rows that are not in the table.

    Raises
    ------
    InputError
        If the labels are not as said above, or do not belong to the rows.
    """
    where = repr(str(labels))
    check_readable(check_format(labels, READ_FORMATS))
    rows = content.count_rows()
    if ending(labels) == ".npy":
        values = map_array(Path(labels))
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.ndim != 1:
            raise InputError(
                f"the labels {where} must be one for each row, but they are of shape "
                f"{values.shape}",
                "labels",
            )
        _check_count(len(values), rows, path, where)
        return SecondFile(np.asarray(values), f"the labels {where}", notes=(_in_order(where),))
    second = read_content(labels)
    key = _label_key(second, label_column, id_column, content, where)
    called = f"the labels {key!r} of {where}"
    values, column = second.label_values(key, called), second.label_column(key)
    shared = _id_column(content, second, key, id_column, path, where)
    if shared is None:
        _check_count(len(values), rows, path, where)
        return SecondFile(values, called, column, (_in_order(where),))
    place, notes = _places(content, second, shared, (str(path), str(labels)), skip_unknown)
    joined = np.full(rows, None, dtype=object)
    joined[place[place >= 0]] = values.astype(object)[place >= 0]
    by = Note(f"the labels of {where} belong to the rows of equal {shared!r}", "id_column")
    return SecondFile(joined, called, column, (by, *notes))


def _in_order(where: str) -> Note:
    return Note(f"the labels of {where} are taken in the order of the rows")


def _check_count(labels: int, rows: int, path: Path, where: str) -> None:
    if labels != rows:
        raise InputError(
            f"{where} has {labels} labels and {str(path)!r} has {rows} rows; give a label for each "
            f"row, or both files a column of ids",
            "labels",
        )


def _label_key(
    second: Content, label_column: str, id_column: str | None, content: Content, where: str
) -> str:
    key = second.label_key(label_column)
    if key is None and label_column == "label":
        others = [name for name in second.names if name != id_column and name not in content.names]
        key = others[0] if len(others) == 1 else None
    if key is None:
        raise InputError(
            f"{where} has no {second.noun} {label_column!r}; name the one that holds the labels: "
            f"{listed(second.names)}",
            "label_column",
        )
    return key


def _id_column(
    content: Content,
    second: Content,
    label_key: str,
    id_column: str | None,
    path: Path,
    where: str,
) -> str | None:
    """Return the column by which rows are joined; None where they are in order."""
    both = [name for name in second.names if name in content.names and name != label_key]
    if id_column is not None:
        if id_column not in both:
            raise InputError(
                f"{str(path)!r} and {where} do not both have a column {id_column!r}; they share "
                f"{listed(both) or 'none'}",
                "id_column",
            )
        return id_column
    own = {name: read_ids(content, name) for name in both}
    other = {name: read_ids(second, name) for name in both}
    # Where the second file repeats an id of the first, its rows are named and refused later.
    found = [name for name in both if _all_differ(own[name]) and _known(other[name], own[name])]
    found = [name for name in found if _all_differ(other[name])] or found
    if len(found) > 1:
        raise InputError(
            f"columns {listed(found)} of {str(path)!r} and {where} all tell rows apart; choose one",
            "id_column",
        )
    if not found:
        _refuse_another_order(own, other, path, where)
    return found[0] if found else None


def _all_differ(ids: list[str | None] | None) -> bool:
    return ids is not None and None not in ids and len(set(ids)) == len(ids)


def _known(ids: list[str | None] | None, of: list[str | None] | None) -> bool:
    """Return whether most ids are among others."""
    if ids is None or of is None:
        return False
    known = set(of)
    return 2 * sum(each in known for each in ids) > len(ids)


def _refuse_another_order(
    own: dict[str, list[str | None] | None],
    other: dict[str, list[str | None] | None],
    path: Path,
    where: str,
) -> None:
    """Refuse two files of which a column shows that their rows stand in another order."""
    for name, values in own.items():
        theirs = other[name]
        if values is None or theirs is None or len(values) != len(theirs) or values == theirs:
            continue
        if sorted(map(str, values)) == sorted(map(str, theirs)):
            raise InputError(
                f"column {name!r} shows that the rows of {where} stand in another order than those "
                f"of {str(path)!r}, and does not tell them apart; mend values that are there "
                f"twice",
                "labels",
            )


def _places(
    content: Content, second: Content, name: str, paths: tuple[str, str], skip_unknown: bool
) -> tuple[np.ndarray, list[Note]]:
    """Return the row of each label, -1 for those that are left out."""
    own, other = read_ids(content, name), read_ids(second, name)
    if own is None or other is None:
        raise InputError(f"column {name!r} holds no ids: they are texts or whole numbers")
    row_of = _row_of(own, paths[0], name, blank=True)  # rows without an id have no label
    _row_of(other, paths[1], name, blank=False)
    place = np.array([row_of.get(each, -1) for each in other], dtype=np.int64)
    unknown = np.flatnonzero(place < 0)
    if len(unknown) and not skip_unknown:
        raise InputError(
            f"{len(unknown)} labels of {paths[1]!r} are of rows that {paths[0]!r} has not, such as "
            f"{other[unknown[0]]!r} in {name!r}; mend them, or leave them out",
            "skip_unknown",
        )
    notes = []
    if len(unknown):
        notes.append(Note(f"{len(unknown)} of {len(place)} labels are of no row: skipped"))
    return place, notes


def _row_of(ids: list[str | None], path: str, name: str, blank: bool) -> dict[str | None, int]:
    """Return the row of each id; raise `InputError` where one is there twice, or is not there."""
    rows: dict[str | None, int] = {}
    for row, each in enumerate(ids):
        if each in rows or (each is None and not blank):
            what = "no id" if each is None else f"the id {each!r} of another row"
            raise InputError(
                f"data row {row + 1} of {path!r} has {what} in {name!r}; mend it, or choose "
                f"another column",
                "id_column",
            )
        if each is not None:
            rows[each] = row
    return rows
