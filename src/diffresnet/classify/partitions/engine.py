"""Where the tasks of a partitioned fit run, and where what they return is kept."""

from __future__ import annotations

import pickle
import shutil
import tempfile
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, ClassVar, TypeVar

import numpy as np

from ...allocator import return_freed_memory
from ...errors import InputError
from ...files.atomic import make_folder

try:
    import fcntl
except ImportError:  # on Windows, where two runs in one folder are not told from each other
    fcntl = None  # type: ignore[assignment]

# Results of fewer bytes stay in memory.
SMALL = 2**16
# A file that says of a folder that all in it is made by a fit.
MARKER = "diffresnet-work"

Record = TypeVar("Record")


class Engine(ABC):
    """Runs tasks, functions of arrays, on handles of what other tasks have returned.

    A handle is given to further tasks, alone or in a list; the result itself may be elsewhere.

    Attributes
    ----------
    steps_at_once : of an iteration, that are told of together.
    """

    steps_at_once: ClassVar[int] = 1

    @abstractmethod
    def submit(self, task: Callable[..., Any], *arguments: Any) -> Any:
        """Run a task, and return a handle of its result."""

    def view(self, task: Callable[..., Any], *arguments: Any) -> Any:
        """Submit a task that picks a small part of a result for one other task."""
        return self.submit(task, *arguments)

    def read(self, task: Callable[..., Any], part: Any) -> Any:
        """Submit the reading of a part of the data, which is not copied."""
        return self.view(task, part)

    def batch(self) -> Engine:
        """Return an engine for many small tasks, which may wait until `start`."""
        return self

    def start(self, handles: Sequence[Any]) -> list[Any]:
        """Return handles of what a batch has made, once it is made."""
        return list(handles)

    @abstractmethod
    def gather(self, handles: Sequence[Any]) -> list[Any]:
        """Wait for results, and return them."""

    def keep(self, name: str, key: str, handles: Sequence[Any]) -> list[Any]:
        """Keep results, dataclasses of arrays, for a next run where that can be; return handles."""
        return list(handles)

    def kept(self, name: str, key: str, record: type[Record]) -> list[Any] | None:
        """Return handles of what a run of the same key has kept, or None."""
        return None


class DiskEngine(Engine):
    """One task after another; results lie in files of a folder, and are mapped where they are read.

    Memory is that of one task. A file is removed with the last handle of it.

    Parameters
    ----------
    folder : path, optional
        What is kept in it stays for a next run. By default one of the system's, which is removed
        at the end.

    Raises
    ------
    InputError
        If the folder holds what no fit has made.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None:
            check_work_folder(folder)
            (make_folder(folder) / MARKER).touch()
        self.folder = folder
        self._results = Path(tempfile.mkdtemp(prefix="results-", dir=folder))
        self._count = 0
        weakref.finalize(self, shutil.rmtree, self._results, ignore_errors=True)

    @classmethod
    @contextmanager
    def alone(cls, folder: Path | None, keeps: bool) -> Iterator[DiskEngine]:
        """Work in a folder as the only run; what one that was killed has left there is removed.

        Parameters
        ----------
        keeps : whether the folder stays when all has ended well.

        Raises
        ------
        InputError
            If another run works in it.
        """
        engine = cls(folder)
        if folder is None:
            yield engine
            return
        with (folder / MARKER).open("a") as marker:
            _lock(marker, folder)
            for left in folder.glob("results-*"):
                if left != engine._results:
                    shutil.rmtree(left, ignore_errors=True)
            yield engine
        if not keeps:
            shutil.rmtree(folder, ignore_errors=True)

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Any:
        buffers: list[pickle.PickleBuffer] = []
        # Arrays leave the pickle, which stays in memory: a file holds numbers alone.
        head = pickle.dumps(_run(task, arguments), protocol=5, buffer_callback=buffers.append)
        self._count += 1
        stored = _Stored(head, buffers, self._results / str(self._count))
        if stored.in_file:
            buffers.clear()
            return_freed_memory()
        return stored

    def view(self, task: Callable[..., Any], *arguments: Any) -> Any:
        return _Deferred(task, arguments)

    def gather(self, handles: Sequence[Any]) -> list[Any]:
        return [_resolved(handle) for handle in handles]

    def keep(self, name: str, key: str, handles: Sequence[Any]) -> list[Any]:
        if self.folder is None or not handles:
            return list(handles)
        place = self.folder / name
        shutil.rmtree(place, ignore_errors=True)
        for number, handle in enumerate(handles):
            record, own = _resolved(handle), place / str(number)
            own.mkdir(parents=True)
            for field in fields(record):
                np.save(own / f"{field.name}.npy", getattr(record, field.name))
        (place / "key").write_text(f"{key} {len(handles)}")  # last: what is there is whole
        return self.kept(name, key, type(_resolved(handles[0]))) or []

    def kept(self, name: str, key: str, record: type[Record]) -> list[Any] | None:
        marker = None if self.folder is None else self.folder / name / "key"
        if marker is None or not marker.exists():
            return None
        written, _, count = marker.read_text().rpartition(" ")
        if written != key:
            return None
        folders = [marker.parent / str(i) for i in range(int(count))]
        try:  # a damaged graph is made again
            for each in folders:
                _map_record(record, each)
        except (OSError, ValueError, EOFError):
            return None
        return [_Deferred(_map_record, (record, each)) for each in folders]


def check_work_folder(folder: Path) -> None:
    """Refuse a folder of work that holds what no fit has made: all in it may be replaced.

    Raises
    ------
    InputError
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{str(folder)!r} is a file; name a folder for the work", "work")
    if folder.is_dir() and not (folder / MARKER).exists() and any(folder.iterdir()):
        raise InputError(
            f"the folder {str(folder)!r} holds other files, where all is replaced; name a new or "
            f"an empty folder for the work",
            "work",
        )


def _lock(marker: IO[str], folder: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError(
            f"another run works in {str(folder)!r}; wait for it, or name another folder for the "
            f"work",
            "work",
        ) from error
    except OSError:  # a file system without locks
        return


def _map_record(record: type[Record], folder: Path) -> Record:
    names = [field.name for field in fields(record)]  # type: ignore[arg-type]
    return record(*(np.load(folder / f"{name}.npy", mmap_mode="c") for name in names))


def _run(task: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    return task(*(_resolved(argument) for argument in arguments))


def _resolved(value: Any) -> Any:
    """Return the result of a handle, or of every one in a list."""
    if isinstance(value, list | tuple):
        return type(value)(_resolved(each) for each in value)
    if isinstance(value, _Stored):
        return value.load()
    return _run(value.task, value.arguments) if isinstance(value, _Deferred) else value


@dataclass(frozen=True)
class _Deferred:
    """A task that runs where its result is read."""

    task: Callable[..., Any]
    arguments: tuple[Any, ...]


class _Stored:
    """A result: its pickle without the arrays, and these in a file where they are not small."""

    def __init__(self, head: bytes, buffers: Sequence[pickle.PickleBuffer], path: Path) -> None:
        self._head, self._path = head, path
        raw = [buffer.raw() for buffer in buffers]
        self._ends = np.cumsum([0, *(_padded(each.nbytes) for each in raw)])
        self._sizes = [each.nbytes for each in raw]
        self._buffers: list[Any] | None = None
        self.in_file = bool(self._ends[-1] > SMALL)
        if not self.in_file:
            self._buffers = [bytearray(each) for each in raw]
            return
        with path.open("wb") as file:
            for each, size in zip(raw, self._sizes, strict=True):
                file.write(each)
                file.write(bytes(_padded(size) - size))
        weakref.finalize(self, path.unlink, missing_ok=True)

    def load(self) -> Any:
        """Return the result; its arrays are mapped, and what is written to them is not kept."""
        buffers = self._buffers
        if buffers is None:
            whole = np.memmap(self._path, np.uint8, "c")
            starts = zip(self._ends[:-1].tolist(), self._sizes, strict=True)
            buffers = [whole[start : start + size] for start, size in starts]
        return pickle.loads(self._head, buffers=buffers)


def _padded(size: int) -> int:
    """Return a size that leaves the next array aligned."""
    return -(-size // 64) * 64
