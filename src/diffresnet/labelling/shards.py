"""Label the rows of a folder of files, or of an array, that need not fit into memory."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from ..errors import InputError, Note
from ..files.atomic import Pathlike, check_writable, either, real
from ..files.compressed import ending
from ..labels import Labels, Marks
from ..progress import Progress
from ..tables.column_roles import ColumnRole
from ..tables.content import FLAGS, RowResult
from ..tables.formats import COLUMN_FORMATS, check_format, format_of
from ..tables.formats.format import ColumnFormat
from .abstain import Abstention
from .class_shares import prior_of
from .cost import Cost, FitSize, PartitionedSize
from .result import error_probability, row_notes
from .shard_files import (
    SHARDS,
    Reading,
    ShardFiles,
    is_shard_folder,
    read_arrays,
    read_tables,
    shard_paths,
)

if TYPE_CHECKING:
    from ..classify import DiffusionClassifier
    from ..classify.class_prior import ClassPrior
    from ..classify.partitions import Engine, Shards

FLAGGED = np.array(FLAGS)
GIVEN, PREDICTED, NOVEL, UNREACHED, ABSTAINED = range(len(FLAGS))
WRITTEN = 100_000
"""Rows that are written at once."""


@dataclass(frozen=True, kw_only=True)
class ShardPlan:
    """A folder of files, or an array, that was read once and checked, to be labelled by `run`.

    Attributes
    ----------
    files : ShardFiles
    out : where to write, or None.
    work : folder of the graph and of what is worked on.
    keeps : whether the graph stays there.
    dask : address of a scheduler, or None for this machine.
    size : how large the fit is.
    max_memory : bytes that the process may hold, or None for no limit.
    class_prior : shares of the classes, or None.
    abstention : which labels are left out, or None.
    """

    files: ShardFiles
    out: Path | None
    work: Path | None
    keeps: bool
    dask: str | None
    size: PartitionedSize
    max_memory: int | None
    class_prior: ClassPrior = field(repr=False)
    abstention: Abstention | None
    device: str
    seed: int
    progress: Progress = field(repr=False)

    def __len__(self) -> int:
        return len(self.files)

    @property
    def given(self) -> Labels:
        """The labels of the files."""
        return self.files.given

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features."""
        return self.files.feature_names

    @property
    def column_roles(self) -> tuple[ColumnRole, ...]:
        """What each column of the first table is taken for, where features are not named."""
        return self.files.column_roles

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
            "shards": len(self.files.paths),
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
            unlabelled=self.files.reading.unlabelled,
            device=self.device,
            random_state=self.seed,
        )
        with self._engine() as engine:
            model.fit(self._shards(engine), self.given.values())
            return self._written(model)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a user should know, one line each; a fit that does not fit into memory first."""
        return (*self.size.notes(self.max_memory), *self.files.notes)

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
            notes=(*self.notes, *row_notes(self.given.labelled, self.files.blank(~model.reached_))),
        )
        if self.abstention is not None:
            free = np.flatnonzero(flags != GIVEN)
            flags[free[self.abstention.rows(result.error_probability(free))]] = ABSTAINED
        if self.out is not None:
            with self.progress(f"writing {self.out}", len(self.files.paths)) as advance:
                self._write(self.out, model.transduction_, result, advance)
        return result

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
        files = self.files
        if files.is_arrays:
            return Shards.of(files.paths, **own)
        parts = tuple(files.features_of(path) for path in files.paths)
        key = f"{file_key(files.paths)} {files.reading.features}"
        return Shards(parts, files.sizes, len(files.feature_names), key=key, **own)

    def _write(
        self,
        out: Path,
        labels: np.ndarray,
        result: ShardResult,
        advance: Callable[..., None],
    ) -> None:
        def answers(rows: slice) -> tuple[np.ndarray, ...]:
            values, flags = labels[rows], result.flags[rows]
            left = flags == ABSTAINED
            if left.any():
                values = values.astype(object)
                values[left] = None
            return values, result.confidence[rows], FLAGGED[flags], result.novelty[rows]

        files = self.files
        # Of one type throughout, also where a part has no label.
        own = RowResult.of(np.array(self.given.classes, dtype=object), result.confidence, FLAGGED)
        like = pa.chunked_array([pa.array(own.values)]) if files.like is None else files.like
        if not files.path.is_dir():
            chosen = format_of(out, COLUMN_FORMATS)
            assert isinstance(chosen, ColumnFormat)
            stretches = (slice(i, i + WRITTEN) for i in range(0, len(self), WRITTEN))
            parts = (RowResult.of(*answers(rows)) for rows in stretches)
            chosen.write_parts(out, (chosen.result_table(part, like) for part in parts))
            advance(1)
            return
        whole = out.with_name(f".diffresnet-{secrets.token_hex(8)}")
        whole.mkdir()
        try:
            for path, rows in files.spans():
                if files.is_arrays:
                    chosen = format_of("a.parquet")
                    assert isinstance(chosen, ColumnFormat)
                    table = chosen.result_table(RowResult.of(*answers(rows)), like)
                    chosen.write_table(whole / f"{path.stem}.parquet", table)
                else:
                    files.table_of(path).write(whole / path.name, *answers(rows))
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
    _check_out(path, out, is_folder)
    if ending(shard_paths(path)[0]) == ".npy":
        files = read_arrays(path, labels, label_column, unlabelled, progress)
    else:
        if labels is not None:
            raise InputError("the labels of a folder of tables are in the tables", "labels")
        named = features if features is None or isinstance(features, str) else tuple(features)
        reading = Reading(label_column, id_column, named, unlabelled)
        files = read_tables(path, reading, out is not None, progress)
    from ..classify.partitions.engine import check_work_folder
    from ..classify.partitions.shards import ROWS

    given = files.given
    given.require_classes(f"the labels of {str(path)!r}")
    shares = prior_of(class_prior, given)
    whole = FitSize(len(files), len(files.feature_names), len(given.classes), len(given.rows))
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
        files=files,
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
