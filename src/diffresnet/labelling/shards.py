"""Label the rows of a folder of files, or of an array, that need not fit into memory."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from ..errors import InputError, Note
from ..files.atomic import Pathlike, check_writable, either, real
from ..files.compressed import ending
from ..labels import Labels, Marks, encode_labels, label_notes, no_labels
from ..progress import Progress
from ..tables.arrays import Arrays
from ..tables.column_roles import COPIES_LABELS, ColumnRole, copies_labels, distinct_pairs
from ..tables.content import FLAGS, NOVELTY, Content, RowResult, earlier_flags, listed
from ..tables.formats import COLUMN_FORMATS, check_format, format_of, read_content
from ..tables.formats.format import ColumnFormat
from ..tables.formats.image_folder import IMAGE_ENDINGS
from ..tables.formats.npy import map_array
from ..tables.labelled_table import LabelledTable
from ..tables.second_file import read_labels
from .abstain import Abstention
from .class_shares import prior_of
from .cost import Cost, FitSize, PartitionedSize
from .result import error_probability, row_notes

if TYPE_CHECKING:
    from ..classify import DiffusionClassifier
    from ..classify.class_prior import ClassPrior
    from ..classify.partitions import Engine, Shards

SHARDS = (".npy", *COLUMN_FORMATS)
"""Endings of the files that a folder may consist of."""
FLAGGED = np.array(FLAGS)
GIVEN, PREDICTED, NOVEL, UNREACHED, ABSTAINED = range(len(FLAGS))
WRITTEN = 100_000
"""Rows that are written at once."""
MOST_PAIRS = 10_000
"""Distinct pairs of a label and a number beyond which a column is taken for no copy of labels."""


def is_shard_folder(path: Path) -> bool:
    """Return whether a folder holds tables, or arrays, of one format and nothing else."""
    return path.is_dir() and bool(_shard_paths(path))


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


def _shard_paths(path: Path) -> list[Path]:
    """Return the files of a folder in the order of their names; none if they are of two kinds."""
    paths: list[Path] = []
    for each in path.iterdir():
        if each.name.startswith("."):
            continue
        # The first image of a folder says enough.
        if ending(each) not in SHARDS or ending(each) != ending((paths or [each])[0]):
            return []
        paths.append(each)
    return sorted(paths) if all(each.is_file() for each in paths) else []


@dataclass(frozen=True, kw_only=True)
class ShardPlan:
    """A folder of files, or an array, that was read once and checked, to be labelled by `run`.

    Attributes
    ----------
    path : Path
    paths : of the files.
    sizes : rows of each.
    feature_names : of the features.
    column_roles : what each column of the first table was taken for, where features were not named.
    given : Labels of all rows.
    like : the column of given labels, whose type those of an output have; None where there is none.
    out : where to write, or None.
    work : folder of the graph and of what is worked on.
    keeps : whether the graph stays there.
    dask : address of a scheduler, or None for this machine.
    size : how large the fit is.
    max_memory : bytes that the process may hold, or None for no limit.
    class_prior : shares of the classes, or None.
    abstention : which labels are left out, or None.
    table_notes : what a user should know of the tables, one line each.
    reading : how tables are read.
    """

    path: Path
    paths: tuple[Path, ...]
    sizes: tuple[int, ...]
    feature_names: tuple[str, ...]
    column_roles: tuple[ColumnRole, ...] = field(repr=False)
    given: Labels = field(repr=False)
    like: pa.ChunkedArray | None = field(repr=False)
    out: Path | None
    work: Path | None
    keeps: bool
    dask: str | None
    size: PartitionedSize
    max_memory: int | None
    class_prior: ClassPrior = field(repr=False)
    abstention: Abstention | None
    table_notes: tuple[Note, ...] = field(repr=False)
    reading: Reading
    device: str
    seed: int
    progress: Progress = field(repr=False)

    def __len__(self) -> int:
        return sum(self.sizes)

    @property
    def rows(self) -> int:
        """Rows of a partition, about."""
        return self.size.rows

    @property
    def cost(self) -> Cost:
        """Memory that the work takes on this machine, or on each worker, and its seconds."""
        return self.size.cost

    def counts(self) -> dict[str, Any]:
        """Return how much was read, and what the fit is expected to take.

        Keys: rows, shards, features, labelled, classes, partitions, memory_bytes,
        processor_seconds.
        """
        cost = self.cost
        return {
            "rows": len(self),
            "shards": len(self.paths),
            "features": len(self.feature_names),
            "labelled": len(self.given.rows),
            "classes": len(self.given.classes),
            "partitions": max(1, round(len(self) / self.rows)),
            "memory_bytes": cost.memory,
            "processor_seconds": round(cost.seconds, 1),
        }

    def run(self) -> ShardResult:
        """Label every row, and write what is to be written.

        Raises
        ------
        InputError
            If no partition of a size that makes sense fits into the memory.
        """
        from ..classify import DiffusionClassifier

        self.size.require(self.max_memory)
        model = DiffusionClassifier(
            class_prior=self.class_prior,
            unlabelled=self.reading.unlabelled,
            device=self.device,
            random_state=self.seed,
        )
        with self._engine() as engine:
            model.fit(self._shards(engine), self.given.values())
            return self._written(model)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a user should know, one line each; a fit that does not fit into memory first."""
        return (*self.size.notes(self.max_memory), *self.table_notes)

    def _written(self, model: DiffusionClassifier) -> ShardResult:
        """Write the answers, if they are to be written."""
        flags = np.where(model.reached_, PREDICTED, UNREACHED).astype(np.int8)
        flags[model.novel_ & (flags == PREDICTED)] = NOVEL
        flags[self.given.labelled] = GIVEN
        result = ShardResult(
            given=self.given,
            reached=model.reached_,
            flags=flags,
            confidence=model.confidence_,
            novelty=model.novelty_,
            novel=model.novel_,
            shares=None if self.class_prior is None else model.class_shares_,
            partitions=max(1, round(len(self) / self.rows)),
            recall=model.recall_,
            notes=(*self.notes, *row_notes(self.given.labelled, self._blank(model.reached_))),
        )
        if self.abstention is not None:
            free = np.flatnonzero(flags != GIVEN)
            flags[free[self.abstention.rows(result.error_probability(free))]] = ABSTAINED
        if self.out is not None:
            with self.progress(f"writing {self.out}", len(self.paths)) as advance:
                self._write(self.out, model.transduction_, result, advance)
        return result

    def _features_of(self, path: Path) -> Callable[[], np.ndarray]:
        if ending(path) == ".npy":
            return partial(map_array, path)
        return partial(_read_features, path, self.reading)

    def _blank(self, reached: Bool[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
        """Return the rows of zeros that no label reaches; files of others are not read again."""
        blank = ~reached
        ends = np.cumsum([0, *self.sizes]).tolist()
        for path, (first, end) in zip(self.paths, pairwise(ends), strict=True):
            rows = np.flatnonzero(blank[first:end])
            if len(rows):
                blank[first + rows] = ~self._features_of(path)()[rows].any(axis=1)
        return blank

    @contextmanager
    def _engine(self) -> Iterator[Engine]:
        """Yield where the work is done; its folder is removed at the end, unless it is to stay."""
        from ..classify.partitions import DaskEngine, DiskEngine

        if self.dask is not None:
            with DaskEngine.connect(self.dask) as cluster:
                yield cluster
            return
        with DiskEngine.alone(self.work, self.keeps) as engine:
            yield engine

    def _shards(self, engine: Engine) -> Shards:
        from ..classify.partitions import Shards
        from ..classify.partitions.shards import file_key

        own: dict[str, Any] = {"engine": engine, "rows": self.rows, "progress": self.progress}
        if ending(self.paths[0]) == ".npy":
            return Shards.of(self.paths, **own)
        parts = tuple(self._features_of(path) for path in self.paths)
        columns, key = len(self.feature_names), f"{file_key(self.paths)} {self.reading.features}"
        return Shards(parts, self.sizes, columns, key=key, **own)

    def _write(
        self,
        out: Path,
        labels: np.ndarray,
        result: ShardResult,
        advance: Callable[..., None],
    ) -> None:
        def answers(first: int, end: int) -> tuple[np.ndarray, ...]:
            part = slice(first, end)
            values, flags = labels[part], result.flags[part]
            left = flags == ABSTAINED
            if left.any():
                values = values.astype(object)
                values[left] = None
            return values, result.confidence[part], FLAGGED[flags], result.novelty[part]

        # Of one type throughout, also where a part has no label.
        own = RowResult.of(np.array(self.given.classes, dtype=object), result.confidence, FLAGGED)
        like = pa.chunked_array([pa.array(own.values)]) if self.like is None else self.like
        if not self.path.is_dir():
            chosen = format_of(out, COLUMN_FORMATS)
            assert isinstance(chosen, ColumnFormat)
            parts = (RowResult.of(*answers(i, i + WRITTEN)) for i in range(0, len(self), WRITTEN))
            chosen.write_parts(out, (chosen.result_table(part, like) for part in parts))
            advance(1)
            return
        ends = np.cumsum([0, *self.sizes]).tolist()
        whole = out.with_name(f".diffresnet-{secrets.token_hex(8)}")
        whole.mkdir()
        try:
            for path, span in zip(self.paths, pairwise(ends), strict=True):
                if ending(path) == ".npy":
                    chosen = format_of("a.parquet")
                    assert isinstance(chosen, ColumnFormat)
                    table = chosen.result_table(RowResult.of(*answers(*span)), like)
                    chosen.write_table(whole / f"{path.stem}.parquet", table)
                else:
                    table = replace(_read_table(path, self.reading), like=self.like)
                    table.write(whole / path.name, *answers(*span))
                advance(1)
            os.replace(whole, out)
        except BaseException:
            shutil.rmtree(whole, ignore_errors=True)
            raise


@dataclass(frozen=True, kw_only=True)
class ShardResult:
    """What labelling a folder of files, or an array, has come to.

    Attributes
    ----------
    given : Labels of all rows.
    reached : (n,) bool
    flags : (n,) int8, places in `FLAGGED`.
    confidence : (n,)
    novelty : (n,)
        How much a row looks like none of the classes, from 0 to 1; 0 where its label is given.
    novel : (n,) bool
        Which rows look like none of them, whatever their flag.
    shares : (c,) of the classes among the rows, or None where no prior asked for any.
    partitions : how many.
    recall : share of the true neighbours that were found, measured on a sample.
    notes : what a user should know, one line each.
    """

    given: Labels = field(repr=False)
    reached: Bool[np.ndarray, " n"] = field(repr=False)
    flags: Int[np.ndarray, " n"] = field(repr=False)
    confidence: Float[np.ndarray, " n"] = field(repr=False)
    novelty: Float[np.ndarray, " n"] = field(repr=False)
    novel: Bool[np.ndarray, " n"] = field(repr=False)
    shares: Float[np.ndarray, " c"] | None = field(repr=False)
    partitions: int
    recall: float
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return len(self.flags)

    def counts(self) -> dict[str, Any]:
        """Return how many rows there are of each kind, as `LabelResult.counts` does.

        Keys: rows, labelled, classes, predicted, novel, unreached, abstained, mean_confidence,
        expected_error, partitions, recall.
        """
        count = np.bincount(self.flags, minlength=len(FLAGGED)).tolist()
        predicted = self.confidence[np.isin(self.flags, (PREDICTED, NOVEL))]
        told = np.flatnonzero(~np.isin(self.flags, (GIVEN, ABSTAINED)))
        return {
            "rows": len(self),
            "labelled": len(self.given.rows),
            "classes": len(self.given.classes),
            "predicted": len(predicted),
            "novel": int(self.novel.sum()),
            "unreached": count[UNREACHED],
            "abstained": count[ABSTAINED],
            "mean_confidence": float(predicted.mean()) if len(predicted) else None,
            "expected_error": float(self.error_probability(told).mean()) if len(told) else None,
            "partitions": self.partitions,
            "recall": self.recall,
        }

    def error_probability(self, rows: Int[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        """Return the probability that the label of each of some rows is wrong."""
        return error_probability(self.confidence[rows], self.novelty[rows], self.novel[rows])

    def class_shares(self) -> dict[str, float] | None:
        """Return the shares of the classes among the rows; None where no prior asked for any."""
        if self.shares is None:
            return None
        return dict(zip(map(str, self.given.names), self.shares.tolist(), strict=True))


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


def plan_shards(
    path: Path,
    out: Pathlike | None = None,
    *,
    label_column: str = "label",
    labels: Pathlike | None = None,
    features: str | Sequence[str] | None = None,
    id_column: str | None = None,
    unlabelled: Marks = None,
    work: Pathlike | None = None,
    dask: str | None = None,
    device: str = "auto",
    seed: int = 0,
    max_memory: int | None = None,
    class_prior: ClassPrior = None,
    abstention: Abstention | None = None,
    progress: Progress,
) -> ShardPlan:
    """Read the labels of a folder of files, or of an array, and check what is to be written.

    Parameters
    ----------
    path : a folder of tables or .npy files, in the order of their names; or a .npy file.
    out : a new folder with a file for each; for a .npy file, a file of columns.
    labels : for .npy files, a file with a label for every row, in order.
    work : folder that the graph is kept in; by default OUT.work until the answers are written.
    dask : address of a scheduler, whose workers see the files under the same names.
    max_memory : bytes; it decides how large partitions are.
    class_prior : shares of the classes among all rows.
    abstention : which labels are left out, or None.
    """
    is_folder = path.is_dir()
    paths = tuple(_shard_paths(path)) if is_folder else (path,)
    is_array = ending(paths[0]) == ".npy"
    _check_out(path, out, is_folder)
    if is_array:
        reading = Reading(label_column, None, None, unlabelled)
        found = _of_arrays(path, paths, labels, reading, progress)
    else:
        if labels is not None:
            raise InputError("the labels of a folder of tables are in the tables", "labels")
        named = features if features is None or isinstance(features, str) else tuple(features)
        reading = Reading(label_column, id_column, named, unlabelled)
        found = _of_tables(path, paths, reading, out is not None, progress)
    from ..classify.partitions.engine import check_work_folder
    from ..classify.partitions.shards import ROWS

    found["given"].require_classes(f"the labels of {str(path)!r}")
    shares = prior_of(class_prior, found["given"])
    columns, classes = len(found["feature_names"]), len(found["given"].classes)
    whole = FitSize(sum(found["sizes"]), columns, classes, len(found["given"].rows))
    own = None if out is None else Path(f"{Path(out)}.work")
    folder = own if work is None else Path(work)
    if folder is not None and dask is None:
        check_work_folder(folder)
        if out is not None and is_folder and real(folder).is_relative_to(real(out)):
            raise InputError(
                f"{str(work)!r} lies in {str(out)!r}, a folder for the answers alone; name another "
                f"place",
                "work",
            )
    return ShardPlan(
        path=path,
        paths=paths,
        out=None if out is None else Path(out),
        work=folder,
        keeps=work is not None,
        dask=dask,
        size=PartitionedSize.within(whole, ROWS, max_memory),
        max_memory=max_memory,
        class_prior=shares,
        abstention=abstention,
        device=device,
        seed=seed,
        progress=progress,
        **found,
    )


def refuse_for_shards(path: Path, **options: Any) -> None:
    """Refuse what is not done in partitions, and what cannot be."""
    for name, value in options.items():
        if value not in (None, False, ()):
            raise InputError("what is labelled in partitions has no such thing; leave it out", name)
    if not is_shard_folder(path) and ending(path) != ".npy":
        raise InputError(
            f"only a folder of files of one format ({either(SHARDS)}) or a .npy file is labelled "
            f"in partitions; split {str(path)!r}, or leave out its folder of work and its cluster"
        )


def _check_out(path: Path, out: Pathlike | None, is_folder: bool) -> None:
    if out is None:
        return
    if not is_folder:
        check_writable(check_format(out, COLUMN_FORMATS))
    elif Path(out).exists():
        raise InputError(f"{str(out)!r} exists; the answers go to a new folder", "out")
    else:
        check_writable(out)


def _of_arrays(
    path: Path,
    paths: Sequence[Path],
    labels: Pathlike | None,
    reading: Reading,
    progress: Progress,
) -> dict[str, Any]:
    """Read the labels of arrays from their file."""
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
        second = read_labels(labels, path, rows, reading.label_column)
        given = encode_labels(second.values, reading.unlabelled, second.where)
    assert columns is not None
    return {
        "sizes": tuple(sizes),
        "feature_names": tuple(f"features[{i}]" for i in range(columns)),
        "column_roles": (),
        "given": given,
        "like": second.column,
        "reading": reading,
        "table_notes": (*second.notes, *label_notes(given)),
    }


def _of_tables(
    path: Path, paths: Sequence[Path], reading: Reading, writes: bool, progress: Progress
) -> dict[str, Any]:
    """Read the labels of tables, whose features are those of the first.

    Parameters
    ----------
    writes : whether columns of answers will stand beside theirs.
    """
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
        raise InputError(f"{notes[0].message}; no other column of {str(path)!r} is one", "features")
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
    return {
        "sizes": sizes,
        "feature_names": names,
        "column_roles": roles,
        "given": given,
        "like": like,
        "reading": reading,
        "table_notes": (first, *notes, *label_notes(given)),
    }


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
            if _are_whole(values):
                new = distinct_pairs(codes, values.astype(np.int64))
                pairs = np.unique(np.concatenate([pairs, new]), axis=0)
            if _are_whole(values) and len(pairs) <= MOST_PAIRS:
                self._pairs[column] = pairs
            else:
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


def _are_whole(values: Float[np.ndarray, " m"]) -> bool:
    return bool((values == np.rint(values)).all())


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


def _read_features(path: Path, reading: Reading) -> np.ndarray:
    return _read_table(path, reading).features
