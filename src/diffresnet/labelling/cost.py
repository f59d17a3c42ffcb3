"""How much memory and time a fit takes, before it is begun."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from dataclasses import dataclass, replace

from ..errors import InputError, Note
from .memory import format_memory

NUMBER = 4
"""Bytes of a float32."""

# Measured in benchmarks/cost.py; memory is rather too large than too small.
PROCESS = 580 * 10**6
"""Bytes of the interpreter, its libraries, and what is worked on in parts."""
SEARCHED, DIFFUSING, DIFFUSED = 7, 5, 3
"""Copies of the features: while neighbours are searched, features diffused, and scores."""
CANDIDATES = 3500
"""Bytes of a row that is searched for, by what may be its neighbours, where not all pairs are."""
EDGE, KEPT_EDGE = 120, 60
"""Bytes of a neighbour of a row while the Laplacian is made, and later."""
PANELS = 11
"""Panels of the scores, while they are diffused."""
START = 0.35
"""Seconds of any fit."""
DIFFUSED_NUMBER, COMPARED, PROPAGATED_SCORE, LEARNED = 1.8e-8, 3.7e-10, 2.5e-8, 1.9e-9
"""Seconds of a number that diffuses, of one edge; that is compared, times the root of the rows that
are searched together; that is propagated, of one edge; and that heads learn from, of one class."""
OTHERS = 100
"""Columns that stand for what takes time for each row whatever its columns."""


@dataclass(frozen=True)
class Cost:
    """What a fit of rows takes.

    Attributes
    ----------
    memory : bytes that the process holds at most, with the rows as float32.
    seconds : of one processor.
    """

    memory: int
    seconds: float

    @property
    def time(self) -> str:
        """The seconds in words, to two digits.

        Examples
        --------
        >>> Cost(0, 0.3).time, Cost(0, 94.0).time, Cost(0, 9000.0).time
        ('about 1 second', 'about 94 seconds', 'about 2.5 hours')
        """
        for unit, name in ((3600, "hour"), (60, "minute")):
            if self.seconds >= 2 * unit:
                return f"about {_two_digits(self.seconds / unit):g} {name}s"
        count = max(1, int(_two_digits(self.seconds)))
        return f"about {count} second{'' if count == 1 else 's'}"


class Size(ABC):
    """How large a fit is."""

    @property
    @abstractmethod
    def cost(self) -> Cost:
        """What it takes."""

    @abstractmethod
    def _too_large(self, limit: int) -> str:
        """Say what it takes, and what would fit."""

    def require(self, limit: int | None) -> None:
        """Refuse a fit that takes more than so many bytes; None is no limit.

        Raises
        ------
        InputError
        """
        for note in self.notes(limit):
            raise InputError(note.message, note.parameter)

    def notes(self, limit: int | None) -> tuple[Note, ...]:
        """Return what `require` would raise, as a note."""
        if limit is None or self.cost.memory <= limit:
            return ()
        return (Note(self._too_large(limit), "max_memory"),)


@dataclass(frozen=True)
class FitSize(Size):
    """How large a fit is, and so what it takes.

    Attributes
    ----------
    rows, columns : of the features.
    classes, labels : how many of each.
    neighbours : of each row in the graph.
    fits : how often heads and scores are made: 2 where suspicious labels are overruled.
    """

    rows: int
    columns: int
    classes: int
    labels: int
    neighbours: int = 10
    fits: int = 1

    @property
    def splits(self) -> int:
        """How many splits hold labels out, at most."""
        from ..classify.cross_validation import AFFORDABLE, FEW, FOLDS, MANY

        each = self.labels // self.classes
        if each < 2:
            return 0
        if self.labels > MANY:
            return 1
        folds = min(FOLDS, each)
        cheap = self.rows * self.classes * folds <= AFFORDABLE
        return folds * (3 if self.labels <= FEW and cheap else 1)

    @property
    def propagated_splits(self) -> int:
        """Of how many of these scores are propagated at each weight."""
        from ..classify.cross_validation import PROPAGATED

        return min(self.splits, max(1, PROPAGATED // (self.rows * self.classes)))

    @property
    def cost(self) -> Cost:
        """Return what it takes."""
        return Cost(self._memory(), self.seconds_in(self.rows))

    def _memory(self) -> int:
        from ..classify.cross_validation import COLUMNS, FEW, FOLDS, SIDE_BY_SIDE
        from ..operators.sparse import NARROWEST, PANEL_BYTES
        from ..similarity.backends import EXACT_LIMIT
        from ..similarity.clustered import ROWS_OF_ALL

        scores, edges = self.rows * self.classes, self.rows * self.neighbours
        splits = FOLDS * (3 if self.labels <= FEW else 1)
        side_by_side = max(scores, min(scores * splits, self.rows * COLUMNS, SIDE_BY_SIDE))
        numbers = NUMBER * self.rows * self.columns
        candidates = 0 if self.rows <= EXACT_LIMIT else min(self.rows, ROWS_OF_ALL)
        panel = min(NUMBER * side_by_side, max(PANEL_BYTES, NUMBER * NARROWEST * self.rows))
        search = SEARCHED * numbers + CANDIDATES * candidates
        diffuse = DIFFUSING * numbers + EDGE * edges
        propagate = (
            DIFFUSED * numbers
            + KEPT_EDGE * edges
            + NUMBER * (self.fits * scores + side_by_side)
            + PANELS * panel
        )
        return PROCESS + max(search, diffuse, propagate)

    def seconds_in(self, together: int) -> float:
        """Return the processor seconds where so many rows are searched together."""
        width, edges = self.columns + OTHERS, self.rows * self.neighbours
        propagated = edges * self.classes * (1 + self.propagated_splits)
        learned = self.labels * width * self.classes * (1 + self.splits)
        return (
            START
            + DIFFUSED_NUMBER * edges * width
            + COMPARED * self.rows * together**0.5 * width
            + self.fits * (PROPAGATED_SCORE * propagated + LEARNED * learned)
        )

    def _too_large(self, limit: int) -> str:
        rows, columns = self._fitting("rows", limit), self._fitting("columns", limit)
        fitting = [f"{rows} rows of these columns"] if rows else []
        fitting += [f"{columns} columns of these rows"] if columns else []
        return (
            f"a fit of {self.rows} rows and {self.columns} columns in {self.classes} classes takes "
            f"about {format_memory(self.cost.memory)} of memory, where {format_memory(limit)} may "
            f"be used; {'about ' + ' or '.join(fitting) if fitting else 'no smaller file'} would "
            f"fit; a folder of files, or a .npy file with a folder of work, is labelled in as many "
            f"partitions as it takes"
        )

    def _fitting(self, name: str, limit: int) -> int:
        """Return how many rows, or columns, would fit: rounded down to two digits."""

        def memory(count: int) -> int:
            return replace(self, **{name: count}).cost.memory

        most = bisect_right(range(1, getattr(self, name) + 1), limit, key=memory)
        unit = 10 ** max(0, len(str(most)) - 2)
        return most // unit * unit


# Measured in benchmarks/partitions.py.
ROW, OF_PARTITION, FEWEST = 100, 4500, 1000
"""Bytes of any row, and of one of a partition; and the rows of the smallest that makes sense."""
VISITORS, CLASS = 2, 16
"""Copies of the features of rows that visit a partition at once, and bytes of a class of a row."""
MOVED = 110e-6
"""Seconds of a row that is sent to its partition, kept on disk, and sent back with its answer."""
VISIT, PARTITIONS_A_VISIT = 0.16e-6, 12
"""Seconds of a number that visits another partition, and how many of these make one visit more."""


@dataclass(frozen=True)
class PartitionedSize(Size):
    """How large a fit in partitions is.

    Attributes
    ----------
    whole : of all rows.
    rows : of a partition, about.
    """

    whole: FitSize
    rows: int

    @classmethod
    def within(cls, whole: FitSize, rows: int, limit: int | None) -> PartitionedSize:
        """Return partitions of so many rows, or of fewer where that takes more than the limit."""
        size = cls(whole, rows)
        if limit is None:
            return size
        spare = limit - PROCESS - ROW * whole.rows
        return cls(whole, min(max(spare // size._row_bytes, FEWEST), rows))

    @property
    def cost(self) -> Cost:
        """Return what it takes on one machine; memory also on each worker of a cluster."""
        from ..classify.partitions.build import MOST_VISITS

        whole, together = self.whole, min(self.rows, self.whole.rows)
        memory = PROCESS + ROW * whole.rows + together * self._row_bytes
        visits = whole.rows * min(MOST_VISITS, (whole.rows / together - 1) / PARTITIONS_A_VISIT)
        visiting = VISIT * visits * (whole.columns + OTHERS)
        return Cost(memory, whole.seconds_in(together) + MOVED * whole.rows + visiting)

    def _too_large(self, limit: int) -> str:
        return (
            f"partitions of {self.rows} rows take about {format_memory(self.cost.memory)} of "
            f"memory, where {format_memory(limit)} may be used"
        )

    @property
    def _row_bytes(self) -> int:
        """Bytes that a row of a partition takes while its neighbours are searched."""
        copies = SEARCHED + VISITORS
        return NUMBER * copies * self.whole.columns + CLASS * self.whole.classes + OF_PARTITION


def _two_digits(number: float) -> float:
    return float(f"{number:.2g}")
