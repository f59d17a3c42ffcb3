"""What the readers of tables share: errors in one line, and columns that can be told apart."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from ..errors import InputError
from ..files.atomic import reason


@contextlib.contextmanager
def one_line_errors(path: Path, hint: str = "") -> Iterator[None]:
    """Raise what Arrow's readers raise as an `InputError` that names the file.

    Parameters
    ----------
    hint : str
        Put before the reader's own words.
    """
    try:
        yield
    except InputError:
        raise
    except (MemoryError, pa.ArrowMemoryError) as error:
        raise InputError(f"{str(path)!r} is larger than the memory at hand") from error
    except UnicodeDecodeError as error:
        raise InputError(not_utf8(path)) from error
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        if "invalid utf8" in str(error).lower():
            raise InputError(not_utf8(path)) from error
        text = reason(error).removeprefix("CSV parse error: ")
        if len(text) > 200:  # a cell may be a page long, and it is quoted at the end
            text = f"{text[:200]} ..."
        if hint:
            text = f"{hint} ({text})"
        raise InputError(f"cannot read {str(path)!r}: {text}") from error


def not_utf8(path: Path) -> str:
    """Return the message about a file of another encoding."""
    return f"{str(path)!r} is not UTF-8 text; save it as UTF-8"


def check_names(names: list[str], path: Path) -> None:
    """Raise `InputError` if two columns have one name."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"{str(path)!r} has two columns called {twice[0]!r}; rename one")


def with_rows(rows: int, path: Path) -> None:
    """Raise `InputError` if a file has no rows."""
    if rows == 0:
        raise InputError(f"{str(path)!r} has no rows")
