"""Arrays in .npz files, read without trust in the file: no pickle, no claimed size believed."""

from __future__ import annotations

import math
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from ..errors import InputError
from .atomic import Pathlike, atomic_write, check_readable, reason

LARGEST = 64 * 2**30
"""Bytes that one file may unpack to."""

_DEFLATE_RATIO = 1040  # deflate cannot shrink further than 1032 to 1
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    NotImplementedError,  # an unknown way of compression
    OSError,
    OverflowError,
    RuntimeError,  # an encrypted member
    SyntaxError,
    TypeError,
    ValueError,
)


def load_npz(path: Pathlike, suffixes: tuple[str, ...] | None = (".npz",)) -> dict[str, np.ndarray]:
    """All arrays of an .npz file, by name.

    Every array's claimed shape is held against the bytes that are there before memory is taken.

    Parameters
    ----------
    suffixes : endings that the file name may have; None is any.

    Raises
    ------
    InputError
        If the file is missing, no .npz file, damaged, larger than memory, or holds pickled
        objects.
    """
    path = check_readable(path, suffixes)
    name = str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = [_check_member(archive, member, name) for member in archive.infolist()]
            if sum(sizes) > _most():
                raise InputError(
                    f"{name!r} unpacks to {sum(sizes) / 2**30:.3g} GiB, more than fits in memory"
                )
            arrays: dict[str, np.ndarray] = {}
            for member in archive.infolist():
                key = member.filename.removesuffix(".npy")
                if key in arrays:
                    raise InputError(f"{name!r} holds two arrays called {key!r}")
                with archive.open(member) as file:
                    arrays[key] = npy.read_array(file, allow_pickle=False)
                    file.read()  # the checksum is compared at the end of the member
            return arrays
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(f"{name!r} is larger than the memory at hand") from error
    except _BROKEN as error:
        raise InputError(f"{name!r} is no .npz file, or is damaged: {reason(error)}") from error


def save_npz(path: Pathlike, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name, compressed and atomically; any name is allowed.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    # numpy.savez takes the names as keywords, and cannot write arrays called "file".
    with (
        atomic_write(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for key, array in arrays.items():
            with archive.open(f"{key}.npy", "w", force_zip64=True) as file:
                npy.write_array(file, np.asanyarray(array), allow_pickle=False)


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> int:
    """Return the bytes that one member unpacks to, once its header agrees with them."""
    if not member.filename.endswith(".npy"):
        raise InputError(f"{name!r} holds {member.filename!r}, which is no array")
    key = member.filename.removesuffix(".npy")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"array {key!r} of {name!r} is compressed in a way numpy does not write")
    if member.file_size > _DEFLATE_RATIO * (member.compress_size + 64):
        raise InputError(f"array {key!r} of {name!r} claims more bytes than are there")
    with archive.open(member) as file:
        shape, dtype = _header(file)
        start = file.tell()
    if dtype.hasobject:
        raise InputError(
            f"array {key!r} of {name!r} holds pickled Python objects, which are never loaded; "
            f"save it as numbers or as text (dtype=str)"
        )
    claimed = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or dtype.itemsize == 0 or claimed != member.file_size - start:
        raise InputError(
            f"array {key!r} of {name!r} claims shape {shape}, {claimed} bytes, but "
            f"{member.file_size - start} are there; the file is damaged"
        )
    return member.file_size


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    version = npy.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = npy.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, _, dtype = npy.read_array_header_2_0(file)
    else:
        raise ValueError(f"version {version} of the .npy format is not read")
    return shape, dtype


def _most() -> int:
    try:
        return min(LARGEST, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):  # not every system counts its pages
        return LARGEST


def is_npz(path: Pathlike) -> bool:
    """Whether the name says .npz."""
    return Path(path).suffix.lower() == ".npz"
