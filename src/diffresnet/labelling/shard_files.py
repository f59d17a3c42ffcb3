"""What the files of a folder hold that is labelled in partitions: their labels, and features."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from ..errors import InputError, Note
from ..files.atomic import Pathlike, real
from ..files.compressed import ending
from ..labels import Labels, Marks, encode_labels, label_notes, no_labels
from ..progress import Progress
from ..tables.arrays import Arrays
from ..tables.column_roles import COPIES_LABELS, ColumnRole, copies_labels, distinct_pairs
from ..tables.content import NOVELTY, Content, earlier_flags, listed
from ..tables.formats import COLUMN_FORMATS, read_content
from ..tables.formats.image_folder import IMAGE_ENDINGS
from ..tables.formats.npy import map_array
from ..tables.labelled_table import LabelledTable
from ..tables.second_file import read_labels

SHARDS = (".npy", *COLUMN_FORMATS)
"""Endings of the files that a folder may consist of."""
MOST_PAIRS = 10_000
"""Distinct pairs of a label and a number beyond which a column is taken for no copy of labels."""


def is_shard_folder(path: Path) -> bool:
    """Return whether a folder holds tables, or arrays, of one format and nothing else."""
    return path.is_dir() and bool(shard_paths(path))


def refuse_mixed_folder(path: Path) -> None:
    """Refuse a folder of tables or arrays with something else in it, and name that.

    Raises
    ------
    InputError
    """
    visible = sorted(each for each in path.iterdir() if not each.name.startswith("."))
    kinds = {each: ending(each) for each in visible if each.is_file()}
    tables = [each for each in kinds if kinds[each] in SHARDS]
    # Images beside a table, and the files of a saved data set, are read otherwise.
    if not tables or any(kind in (*IMAGE_ENDINGS, ".arrow") for kind in kinds.values()):
        return
    odd = [each for each in visible if kinds.get(each) != kinds[tables[0]]]
    if odd and not any(each.is_dir() for each in odd):
        raise InputError(
            f"{str(odd[0])!r} lies beside {tables[0].name!r}: a folder that is labelled holds "
            f"files of one format and nothing else but hidden files; move it out"
        )


def shard_paths(path: Path) -> tuple[Path, ...]:
    """Return the files of a folder in the order of their names; none if they are of two kinds."""
    if not path.is_dir():
        return (path,)
    paths: list[Path] = []
    for each in path.iterdir():
        if each.name.startswith("."):
            continue
        # The first image of a folder says enough.
        if ending(each) not in SHARDS or ending(each) != ending((paths or [each])[0]):
            return ()
        paths.append(each)
    return tuple(sorted(paths)) if all(each.is_file() for each in paths) else ()


@dataclass(frozen=True)
class Reading:
    """How the tables of a folder are read: as the first of them.

    Attributes
    ----------
    label_column, id_column : names, or None.
    features : columns that hold the features, as `LabelledTable.read` takes them.
    unlabelled : marks of rows without a label.
    """

    label_column: str
    id_column: str | None
    features: str | tuple[str, ...] | None
    unlabelled: Marks


@dataclass(frozen=True, kw_only=True)
class ShardFiles:
    """The files of a folder, or an array, which were read once for their labels.

    Attributes
    ----------
    path : Path
    paths : of the files.
    sizes : rows of each.
    feature_names : of the features.
    column_roles : what each column of the first table was taken for, where features were not named.
    given : Labels of all rows.
    like : the column of given labels, whose type those of an output have; None where there is none.
    notes : what a user should know of them, one line each.
    reading : how tables are read.
    """

    path: Path
    paths: tuple[Path, ...]
    sizes: tuple[int, ...]
    feature_names: tuple[str, ...]
    column_roles: tuple[ColumnRole, ...] = field(default=(), repr=False)
    given: Labels = field(repr=False)
    like: pa.ChunkedArray | None = field(repr=False)
    notes: tuple[Note, ...] = field(repr=False)
    reading: Reading

    def __len__(self) -> int:
        return sum(self.sizes)

    @property
    def is_arrays(self) -> bool:
        """Whether the files are .npy."""
        return ending(self.paths[0]) == ".npy"

    def spans(self) -> Iterator[tuple[Path, slice]]:
        """Yield every file and its rows among all."""
        ends = np.cumsum([0, *self.sizes]).tolist()
        for path, (first, end) in zip(self.paths, pairwise(ends), strict=True):
            yield path, slice(first, end)

    def features_of(self, path: Path) -> Callable[[], np.ndarray]:
        """Return what reads the features of a file; a worker elsewhere may do it."""
        return (
            partial(map_array, path) if self.is_arrays else partial(_features, path, self.reading)
        )

    def table_of(self, path: Path) -> LabelledTable:
        """Read a table, none of whose rows has a label."""
        return replace(_read_table(path, self.reading), like=self.like)

    def blank(self, among: Bool[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
        """Return which of some rows are zeros alone; files without one are not read again."""
        blank = among.copy()
        for path, rows in self.spans():
            some = np.flatnonzero(among[rows])
            if len(some):
                blank[rows.start + some] = ~self.features_of(path)()[some].any(axis=1)
        return blank


def read_arrays(
    path: Path,
    labels: Pathlike | None,
    label_column: str,
    unlabelled: Marks,
    progress: Progress,
) -> ShardFiles:
    """Read the labels of arrays from their file, one for each row in order."""
    paths = shard_paths(path)
    if labels is None:
        raise InputError(
            f"{str(path)!r} holds features and no labels; name a second file that has them",
            "labels",
        )
    if path.is_dir() and real(labels).parent == real(path):
        raise InputError(
            f"{str(labels)!r} lies in {str(path)!r}, all of which is read as features; move it out",
            "labels",
        )
    from ..classify.partitions.shards import check_shard

    columns, sizes = None, []
    for each in paths:
        array = map_array(each)
        columns = check_shard(repr(str(each)), array, columns)
        sizes.append(len(array))
    with progress(f"reading {labels}", None):
        rows = Arrays({"features": np.broadcast_to(np.float32(0), (sum(sizes), 1))})
        second = read_labels(labels, path, rows, label_column)
        given = encode_labels(second.values, unlabelled, second.where)
    assert columns is not None
    return ShardFiles(
        path=path,
        paths=paths,
        sizes=tuple(sizes),
        feature_names=tuple(f"features[{i}]" for i in range(columns)),
        given=given,
        like=second.column,
        notes=(*second.notes, *label_notes(given)),
        reading=Reading(label_column, None, None, unlabelled),
    )


def read_tables(path: Path, reading: Reading, writes: bool, progress: Progress) -> ShardFiles:
    """Read the labels of tables, whose features are those of the first.

    Parameters
    ----------
    writes : whether columns of answers will stand beside theirs.
    """
    paths = shard_paths(path)
    values: list[np.ndarray] = []
    copies = LabelCopies()
    names: tuple[str, ...] = ()
    roles: tuple[ColumnRole, ...] = ()
    notes: tuple[Note, ...] = ()
    likes: list[pa.ChunkedArray | None] = []
    where = f"the labels {reading.label_column!r} of {str(path)!r}"
    with progress(f"reading the labels of {len(paths)} files", len(paths)) as advance:
        for each in paths:
            content = read_content(each)
            if earlier_flags(content) is not None:
                raise InputError(
                    f"{str(each)!r} is an earlier output, where given and predicted labels are in "
                    f"one column; label the files that it was made of"
                )
            key = content.label_key(reading.label_column)
            if key is None:
                raise InputError(
                    f"{str(each)!r} has no column {reading.label_column!r} of labels; blank cells "
                    f"are rows without one",
                    "label_column",
                )
            values.append(content.label_values(key, where).astype(object))
            table = _read_table(
                each, reading, content, None if names else _alone(values[0], reading)
            )
            if writes:
                table.check_names([NOVELTY])
            if not names:
                assert table.chosen is not None
                names, roles, notes = table.feature_names, table.chosen.roles, table.chosen.notes
                reading = replace(reading, features=table.chosen.columns)
            elif len(table.feature_names) != len(names):
                raise InputError(
                    f"{str(each)!r} has {len(table.feature_names)} features, where "
                    f"{str(paths[0])!r} has {len(names)}; label files of equal vectors together",
                    "features",
                )
            if roles and reading.features == names:  # no vectors, and not named by a user
                copies.add(table.features, values[-1])
            likes.append(None if table.like is None else table.like[:1])
            advance(1)
    every, sizes = np.concatenate(values), tuple(map(len, values))
    given = encode_labels(every, reading.unlabelled, where)
    spans = pairwise(np.cumsum([0, *sizes]).tolist())
    labelled = [bool(given.labelled[a:b].any()) for a, b in spans]
    like = next((each for each, some in zip(likes, labelled, strict=True) if some), None)
    copied = {names[column] for column in copies.of(every, given)}
    if copied:
        copy = partial(ColumnRole, is_feature=False, reason=COPIES_LABELS, doubt=True)
        roles = tuple(copy(role.name) if role.name in copied else role for role in roles)
        notes = (*(role.note for role in roles if role.name in copied and role.note), *notes)
        names = tuple(name for name in names if name not in copied)
        reading = replace(reading, features=names)
        if not names:
            raise InputError(
                f"{notes[0].message}; no other column of {str(path)!r} is one", "features"
            )
    first = Note(f"features are those of {paths[0].name!r}, the first file")
    constant = [role.name for role in roles if role.is_constant]
    if constant:
        one = len(constant) == 1
        notes = (
            Note(
                f"{'column' if one else 'columns'} {listed(constant)} {'is' if one else 'are'} the "
                f"same in all rows of the first file, and no feature: name the features where "
                f"other files differ",
                "features",
            ),
            *notes,
        )
    return ShardFiles(
        path=path,
        paths=paths,
        sizes=sizes,
        feature_names=names,
        column_roles=roles,
        given=given,
        like=like,
        notes=(first, *notes, *label_notes(given)),
        reading=reading,
    )


class LabelCopies:
    """Columns of whole numbers that copy the labels, judged over the tables of a folder.

    The first table alone may hold too few labels to show it.
    """

    def __init__(self) -> None:
        # Distinct pairs of a label as it stands, by its number, and a number of each column.
        self._pairs: dict[int, Int[np.ndarray, "p 2"]] | None = None
        self._numbers: dict[Any, int] = {}

    def add(self, features: Float[np.ndarray, "m d"], labels: np.ndarray) -> None:
        """Take the features and labels of the next table."""
        if self._pairs is None:
            none = np.empty((0, 2), dtype=np.int64)
            self._pairs = dict.fromkeys(range(features.shape[1]), none)
        if not self._pairs:
            return
        codes = np.array(
            [self._numbers.setdefault(each, len(self._numbers)) for each in _without_nan(labels)]
        )
        for column, pairs in list(self._pairs.items()):
            values = features[:, column]
            if (values == np.rint(values)).all():
                new = distinct_pairs(codes, values.astype(np.int64))
                pairs = np.unique(np.concatenate([pairs, new]), axis=0)
                if len(pairs) <= MOST_PAIRS:
                    self._pairs[column] = pairs
                    continue
            del self._pairs[column]

    def of(self, labels: np.ndarray, given: Labels) -> list[int]:
        """Return the columns that copy the labels of all tables, which are these."""
        codes = np.full(len(self._numbers), -1)
        if self._pairs:
            at = [self._numbers[each] for each in _without_nan(labels)]
            codes[at] = given.codes
        found = []
        for column, pairs in (self._pairs or {}).items():
            of_classes = np.column_stack([codes[pairs[:, 0]], pairs[:, 1]])
            if copies_labels(np.unique(of_classes, axis=0), len(given.rows)):
                found.append(column)
        return found


def _without_nan(labels: np.ndarray) -> list[Any]:
    """Return labels with None for NaN, which equals nothing."""
    return [None if each != each else each for each in labels.tolist()]


def _alone(values: np.ndarray, reading: Reading) -> Labels | None:
    """Return the labels of one file by themselves; None where that is for all files to say."""
    try:
        return encode_labels(values, reading.unlabelled)
    except InputError:
        return None


def _read_table(
    path: Path, reading: Reading, content: Content | None = None, labels: Labels | None = None
) -> LabelledTable:
    """Read a table; its labels are known, or no row has one."""
    content = read_content(path) if content is None else content
    return LabelledTable.read(
        path,
        content=content,
        label_column=reading.label_column,
        id_column=reading.id_column,
        features=reading.features,
        known=no_labels(content.count_rows()) if labels is None else labels,
    )


def _features(path: Path, reading: Reading) -> np.ndarray:
    return _read_table(path, reading).features
