"""Files that are whole or absent: what is checked before long work, and how its result is kept."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from ..errors import InputError

Pathlike = str | os.PathLike[str]


@contextlib.contextmanager
def atomic_write(path: Pathlike) -> Iterator[Path]:
    """Write a file so that others see either the old one or the whole new one.

    Yields an empty temporary file in the same folder, with the same suffix. When the block ends it
    is synced to disk and takes the place of `path`; when the block fails, a full disk or Ctrl-C
    included, it is removed and the old file stands as it was. A link is followed, and the
    permissions of an old file are kept.

    Raises
    ------
    OSError
        If the file cannot be written; it names `path`, never the temporary file.

    Examples
    --------
    >>> with atomic_write("result.txt") as temporary:  # doctest: +SKIP
    ...     temporary.write_text("done")
    """
    target = real(path)
    temporary = target.with_name(f".diffresnet-{secrets.token_hex(8)}{target.suffix}")
    try:
        # Not tempfile, whose files only the owner can read, whatever the umask says.
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        yield temporary
        _sync(temporary, os.O_RDWR)  # some systems sync only what may be written
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(temporary)):
            raise _about(target, error) from error
        raise
    with contextlib.suppress(OSError):  # not every system can sync a folder
        _sync(target.parent, os.O_RDONLY)


def check_writable(path: Pathlike, suffixes: Collection[str] | None = None) -> Path:
    """Refuse early an output that could not be written when the work is done.

    Parameters
    ----------
    suffixes : collection of str, optional
        Endings of the name that have a format, such as ".csv", in any case.

    Raises
    ------
    InputError
        If the ending is another, the folder is missing, or the place is a folder, a device or
        write-protected.
    """
    path = Path(path)
    if suffixes is not None and path.suffix.lower() not in suffixes:
        raise InputError(f"cannot write {str(path)!r}: its name must end in {either(suffixes)}")
    target = real(path)
    try:
        target.lstat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:  # a name too long, links in a circle
        raise InputError(f"cannot write {str(path)!r}: {reason(error)}") from error
    if target.is_dir() or not path.name:
        raise InputError(
            f"cannot write {str(path)!r}: it is a folder; name something new, or a file in it"
        )
    if target.exists() and not target.is_file():
        raise InputError(f"cannot write {str(path)!r}: it is not a regular file")
    if not target.parent.is_dir():
        raise InputError(
            f"cannot write {str(path)!r}: the folder {str(path.parent)!r} does not exist; make it"
        )
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise InputError(f"cannot write {str(path)!r}: no permission to write in its folder")
    if target.exists() and not os.access(target, os.W_OK):
        raise InputError(f"cannot write {str(path)!r}: it is write-protected")
    return path


def refuse_replacing(
    outputs: Mapping[str, Pathlike | None], inputs: Iterable[Pathlike | None]
) -> None:
    """Refuse an output that is another output or an input, by whatever name or link.

    Parameters
    ----------
    outputs : parameter -> its file or folder, or None where it was not given.
    inputs : files, and folders of which all is read, so that nothing may be written in them.

    Raises
    ------
    InputError
    """
    read = {real(path): path for path in inputs if path is not None}
    folders = {place: path for place, path in read.items() if place.is_dir()}
    taken = set(read)
    for name, path in outputs.items():
        if path is None:
            continue
        target = real(path)
        for place, folder in folders.items():
            if target.is_relative_to(place):
                raise InputError(
                    f"{str(path)!r} lies in {str(folder)!r}, all of which is read; name another "
                    f"place",
                    name,
                )
        if target in taken:
            raise InputError(
                f"{str(path)!r} would replace another file that is read or written; name another "
                f"place",
                name,
            )
        taken.add(target)


def make_folder(path: Pathlike) -> Path:
    """Make a folder if it is not there, and refuse early one in which nothing can be written.

    Raises
    ------
    InputError
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {str(path)!r}: {reason(error)}") from error
    check_writable(path / "file")
    return path


def check_readable(path: Pathlike, suffixes: Collection[str] | None = None) -> Path:
    """Refuse a file that is missing, empty, of unknown format, no file at all, or not readable.

    Raises
    ------
    InputError
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"cannot read {str(path)!r}: it is a folder; name a file in it")
    if suffixes is not None and path.suffix.lower() not in suffixes:
        raise InputError(f"cannot read {str(path)!r}: its name must end in {either(suffixes)}")
    if path.exists() and not path.is_file():
        raise InputError(f"cannot read {str(path)!r}: it is not a regular file")
    try:
        with open(path, "rb") as file:
            empty = not file.read(1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise InputError(f"cannot read {str(path)!r}: {reason(error)}") from error
    if empty:
        raise InputError(f"cannot read {str(path)!r}: the file is empty")
    return path


def real(path: Pathlike) -> Path:
    """Return the place that a path leads to; where links run in a circle, one of them."""
    return Path(os.path.realpath(path))


def reason(error: BaseException) -> str:
    """Return what went wrong in one line, without the number and the name of the file."""
    text = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    text = " ".join(text.split())
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _about(target: Path, error: OSError) -> OSError:
    if error.errno is None:
        return OSError(f"{target}: {reason(error)}")
    return OSError(error.errno, error.strerror or str(error), str(target))


def either(names: Collection[str]) -> str:
    """Return endings, or other names, as a message has them: ".a, .b or .c"."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _sync(path: Path, mode: int) -> None:
    descriptor = os.open(path, mode)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
