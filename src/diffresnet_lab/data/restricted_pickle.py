"""Arrays out of Python 2 pickles, with nothing in the file ever called or imported.

A pickle is a program: it names functions and calls them. Here every name stands for a stand-in of
ours, which only records what it is given; the arrays are put together afterwards from those
records, with all that a record claims held against the bytes that are there.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np
import scipy.sparse

from diffresnet.errors import InputError
from diffresnet.files.atomic import Pathlike, check_readable, reason
from diffresnet.files.csr import csr_of_arrays

LARGEST = 2**30
"""Bytes of a file that is read; the largest published one has 13 million."""

T = TypeVar("T")

_KINDS = {f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)} | {"f4", "f8", "b1"}


class _Named:
    """A name that is passed on and never called: ndarray, object, list."""

    __slots__ = ()


class _DType:
    """numpy.dtype(code, align, copy), with the byte order set afterwards."""

    __slots__ = ("code", "order")

    def __init__(self, code: object, *_: object) -> None:
        self.code, self.order = code, "|"

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]

    def real(self) -> np.dtype:
        if self.code not in _KINDS or self.order not in ("<", ">", "|", "="):
            raise ValueError("an array of objects, texts or another type that is no number")
        return np.dtype(f"{self.order}{self.code}")


class _Array:
    """What _reconstruct(ndarray, (0,), "b") and __setstate__ say of an array."""

    __slots__ = ("state",)

    def __init__(self, *_: object) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def real(self) -> np.ndarray:
        _, shape, dtype, columns_first, raw = self.state
        kind = dtype.real()
        content = raw.encode("latin1") if isinstance(raw, str) else raw
        if not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError("a shape that is no shape")
        if not isinstance(content, bytes) or math.prod(shape) * kind.itemsize != len(content):
            raise ValueError("an array of another size than it claims")
        flat = np.frombuffer(content, dtype=kind)
        shaped = flat.reshape(shape, order="F" if columns_first else "C")
        return shaped.astype(kind.newbyteorder("="))


class _Scalar(_Array):
    """numpy's scalar(dtype, bytes)."""

    __slots__ = ()

    def __init__(self, dtype: object, raw: object) -> None:
        self.state = (1, (), dtype, False, raw)


class _Matrix:
    """A scipy csr_matrix, by what it keeps in its dictionary."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def real(self) -> scipy.sparse.csr_array:
        parts = {name: self.state[name].real() for name in ("data", "indices", "indptr")}
        shape = self.state["_shape"] if "_shape" in self.state else self.state["shape"]
        shape = [size.real().item() if isinstance(size, _Array) else size for size in shape]
        arrays = {f"x_{name}": array for name, array in parts.items()}
        arrays["x_shape"] = np.array(shape)
        return csr_of_arrays(arrays, "x", np.float32, "the file")


class _Unpickler(pickle._Unpickler):
    # The one written in Python: the one in C takes as much memory as a damaged index asks for.
    stack: list[Any]
    pop_mark: Callable[[], list[Any]]
    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in _NAMES:
            return _NAMES[module, name]
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is no array")

    def load_build(self) -> None:
        """State is given to what the file made, and never to what it named."""
        state = self.stack.pop()
        if not isinstance(self.stack[-1], _DType | _Array | _Matrix):
            raise pickle.UnpicklingError("it sets the state of what is no array")
        self.stack[-1].__setstate__(state)

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._set({key: value} if isinstance(key, int | str | _Scalar) else None)

    def load_setitems(self) -> None:
        items = self.pop_mark()
        plain = all(isinstance(key, int | str | _Scalar) for key in items[::2])
        self._set(dict(zip(items[::2], items[1::2], strict=True)) if plain else None)

    def _set(self, items: dict[Any, Any] | None) -> None:
        # The hash of a tuple of tuples of tuples ... can take for ever.
        if items is None or type(self.stack[-1]) is not dict:
            raise pickle.UnpicklingError("it has a key that is no integer and no text")
        self.stack[-1].update(items)

    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.SETITEM[0]] = load_setitem
    dispatch[pickle.SETITEMS[0]] = load_setitems


def _remade(kind: object, *_: object) -> object:
    """copy_reg._reconstructor, by which protocols 0 and 1 make an object."""
    if kind is not _Matrix:
        raise ValueError("an object that is no matrix")
    return _Matrix()


def _encoded(text: object, encoding: object = "latin1") -> bytes:
    """_codecs.encode, by which Python 3 writes bytes for Python 2."""
    if not isinstance(text, str) or encoding != "latin1":
        raise ValueError("bytes in another encoding than latin1")
    return text.encode("latin1")


def _dictionary(default: object = None) -> dict[Any, Any]:
    """defaultdict(list), and dict(): filled afterwards."""
    if not isinstance(default, _Named | None):
        raise ValueError("a dictionary with a default that is no list")
    return {}


def _empty() -> bytes:
    """bytes(), by which Python 3 writes empty bytes for Python 2; bytes(n) would take n bytes."""
    return b""


_NAMES: dict[tuple[str, str], object] = {
    ("collections", "defaultdict"): _dictionary,
    ("numpy", "ndarray"): _Named(),
    ("numpy", "dtype"): _DType,
    ("_codecs", "encode"): _encoded,
    ("scipy.sparse.csr", "csr_matrix"): _Matrix,
    ("scipy.sparse._csr", "csr_matrix"): _Matrix,
}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):
    _NAMES[_module, "_reconstruct"] = _Array
    _NAMES[_module, "scalar"] = _Scalar
for _module in ("copy_reg", "copyreg"):
    _NAMES[_module, "_reconstructor"] = _remade
for _module in ("__builtin__", "builtins"):
    _NAMES |= {(_module, name): _Named() for name in ("object", "list", "int")}
    _NAMES |= {(_module, "dict"): _dictionary, (_module, "bytes"): _empty}


def load_matrix(path: Pathlike) -> np.ndarray | scipy.sparse.csr_array:
    """The one array, or scipy csr_matrix (as float32), that a pickle holds.

    Raises
    ------
    InputError
        If the file is missing, damaged, or holds anything else; nothing of it has been executed.
    """
    return _load(path, "an array or a sparse matrix", _matrix)


def load_neighbours(path: Pathlike) -> dict[int, list[int]]:
    """The one dictionary of lists of integers that a pickle holds: the neighbours of each node.

    Raises
    ------
    InputError
        If the file is missing, damaged, or holds anything else; nothing of it has been executed.
    """
    return _load(path, "a dictionary of lists of integers", _neighbours)


def _load(path: Pathlike, what: str, real: Callable[[Any], T]) -> T:
    path = check_readable(path)
    if path.stat().st_size > LARGEST:
        raise InputError(f"cannot read {str(path)!r}: it has more than {LARGEST} bytes")
    try:
        content = _Unpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
        return real(content)
    except MemoryError as error:
        raise InputError(f"{str(path)!r} is larger than the memory at hand") from error
    except Exception as error:  # damage may raise anything, from within the unpickler as well
        said = isinstance(error, InputError | pickle.UnpicklingError | ValueError)
        why = f" ({reason(error)[:200]})" if said else ""
        raise InputError(f"{str(path)!r} is damaged, or is no pickle of {what}{why}") from error


def _matrix(content: Any) -> np.ndarray | scipy.sparse.csr_array:
    if not isinstance(content, _Array | _Matrix):
        raise ValueError(f"it holds a {type(content).__name__}")
    return content.real()


def _neighbours(content: Any) -> dict[int, list[int]]:
    if not isinstance(content, dict):
        raise ValueError(f"it holds a {type(content).__name__}")
    return {
        _integer(node): [_integer(other) for other in others] for node, others in content.items()
    }


def _integer(value: Any) -> int:
    if isinstance(value, _Scalar):
        value = value.real().item()
    if type(value) is not int:
        raise ValueError(f"a node that is a {type(value).__name__}, not an integer")
    return value
