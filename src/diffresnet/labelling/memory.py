"""How much memory there is, and sizes of it as a user writes and reads them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import InputError

UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
"""Letter behind a number -> bytes; G is a gibibyte."""
AVAILABLE, UNLIMITED = "auto", "none"

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([KMGT]?)", re.IGNORECASE)


def parse_max_memory(value: int | str | None) -> int | None:
    """Return a limit in bytes, None for no limit; "auto" is what this process may have.

    Raises
    ------
    InputError
        If it is neither "auto", "none", None, nor a size such as "4G" or a number of bytes.

    Examples
    --------
    >>> parse_max_memory("1.5G") == 1.5 * 2**30
    True
    """
    if value is None or value == UNLIMITED:
        return None
    if value == AVAILABLE:
        return available_memory()
    size = None if isinstance(value, bool) else _SIZE.fullmatch(str(value).strip())
    limit = 0 if size is None else int(float(size[1]) * UNITS[size[2].upper()])
    if limit <= 0:
        raise InputError(
            f"memory is a number of bytes above 0, such as 4G (with K, M, G or T), auto for what "
            f"there is, or none for no limit; not {str(value)!r}",
            "max_memory",
        )
    return limit


def format_memory(size: float) -> str:
    """Return a size to two digits, such as "3.4 GiB".

    Examples
    --------
    >>> format_memory(3.44 * 2**30), format_memory(412 * 2**20), format_memory(100 * 2**30)
    ('3.4 GiB', '410 MiB', '100 GiB')
    """
    unit, name = next(((UNITS[u], u) for u in "TGM" if size >= 0.995 * UNITS[u]), (2**10, "K"))
    number = float(f"{size / unit:.2g}")
    return f"{number:.1f} {name}iB" if number < 10 else f"{number:.0f} {name}iB"


def available_memory() -> int | None:
    """Return how many bytes this process may hold in all, with those it holds; None if unknown.

    That is what the machine has free, or a container leaves where that is less.
    """
    free = [size for size in (_free_of_machine(), *_left_by_groups()) if size is not None]
    if free:
        return max(0, min(free)) + _resident()
    with suppress(AttributeError, OSError, ValueError):  # not on every system
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _free_of_machine(root: Path = Path("/proc")) -> int | None:
    """Return what new work may take without swapping, on Linux."""
    return _entry(root / "meminfo", "MemAvailable:", 2**10)


def _resident(root: Path = Path("/proc")) -> int:
    """Return what this process holds, on Linux."""
    return _entry(root / "self/status", "VmRSS:", 2**10) or 0


def _left_by_groups(root: Path = Path("/")) -> Iterator[int | None]:
    """Yield what the limit of every control group that this process is in leaves free.

    A limit counts for all processes of a group and of those inside it. Pages of files count too,
    which the system gives up when it needs room.
    """
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, place = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        mount = root / ("sys/fs/cgroup/memory" if controllers else "sys/fs/cgroup")
        limit, usage, prefix = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
            if controllers
            else ("memory.max", "memory.current", "")
        )
        inner = mount / place.lstrip("/")
        # In a container its own group may be the root of what it sees.
        for group in {mount, inner, *(p for p in inner.parents if p.is_relative_to(mount))}:
            most, used = _number(group / limit), _number(group / usage)
            if most is None or used is None:
                continue
            files = sum(
                _entry(group / "memory.stat", f"{prefix}{kind}_file") or 0
                for kind in ("active", "inactive")
            )
            yield most - used + files


def _lines(path: Path) -> list[str]:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text().splitlines()
    return []


def _number(path: Path) -> int | None:
    """Return the number that a file holds; None where it holds "max", or is not there."""
    lines = _lines(path)
    return int(lines[0]) if lines and lines[0].isdecimal() else None


def _entry(path: Path, name: str, unit: int = 1) -> int | None:
    """Return the number behind a name that a line begins with."""
    for line in _lines(path):
        words = line.split()
        if len(words) > 1 and words[0] == name and words[1].isdecimal():
            return int(words[1]) * unit
    return None
