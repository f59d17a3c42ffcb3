"""Reader of arrays in Python 2 pickles that neither calls nor imports anything a file names.

A pickle is a program: it names functions and calls them. Here every name stands for a stand-in of
ours, which only records its arguments; the arrays are built afterwards from those records, with
all that a record claims held against the bytes that are there.
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

MAX_BYTES = 2**30
"""Size of the largest file that is read; the largest published one has 13 million bytes."""

T = TypeVar("T")

_NUMBER_CODES = {f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)} | {"f4", "f8", "b1"}


class _Placeholder:
    """Stand-in for a name that is passed on and never called: ndarray, object, list."""

    __slots__ = ()


class _DType:
    """Stand-in for numpy.dtype(code, align, copy), whose byte order is set afterwards."""

    __slots__ = ("code", "order")

    def __init__(self, code: object, *_: object) -> None:
        self.code, self.order = code, "|"

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]

    def build(self) -> np.dtype:
        if self.code not in _NUMBER_CODES or self.order not in ("<", ">", "|", "="):
            raise ValueError("an array of objects, texts or another type that is no number")
        return np.dtype(f"{self.order}{self.code}")


class _Array:
    """Stand-in for an array: _reconstruct(ndarray, (0,), "b"), then __setstate__."""

    __slots__ = ("state",)

    def __init__(self, *_: object) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def build(self) -> np.ndarray:
        _, shape, stand_in, column_major, raw = self.state
        dtype = stand_in.build()
        content = raw.encode("latin1") if isinstance(raw, str) else raw
        if not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError("a shape that is no shape")
        if not isinstance(content, bytes) or math.prod(shape) * dtype.itemsize != len(content):
            raise ValueError("an array of another size than it claims")
        flat = np.frombuffer(content, dtype=dtype)
        array = flat.reshape(shape, order="F" if column_major else "C")
        return array.astype(dtype.newbyteorder("="))


class _Scalar(_Array):
    """Stand-in for numpy's scalar(dtype, bytes)."""

    __slots__ = ()

    def __init__(self, dtype: object, raw: object) -> None:
        self.state = (1, (), dtype, False, raw)


class _Matrix:
    """Stand-in for a scipy csr_matrix, whose state is its dictionary."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def build(self) -> scipy.sparse.csr_array:
        parts = {name: self.state[name].build() for name in ("data", "indices", "indptr")}
        shape = self.state["_shape"] if "_shape" in self.state else self.state["shape"]
        shape = [size.build().item() if isinstance(size, _Array) else size for size in shape]
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
        """Set the state of stand-ins that the file made, and of nothing that it named."""
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


def _reconstructor(kind: object, *_: object) -> object:
    """Stand in for copy_reg._reconstructor, by which protocols 0 and 1 make an object."""
    if kind is not _Matrix:
        raise ValueError("an object that is no matrix")
    return _Matrix()


def _encode(text: object, encoding: object = "latin1") -> bytes:
    """Stand in for _codecs.encode, by which Python 3 writes bytes for Python 2."""
    if not isinstance(text, str) or encoding != "latin1":
        raise ValueError("bytes in another encoding than latin1")
    return text.encode("latin1")


def _dictionary(default: object = None) -> dict[Any, Any]:
    """Stand in for defaultdict(list) and dict(), which are filled afterwards."""
    if not isinstance(default, _Placeholder | None):
        raise ValueError("a dictionary with a default that is no list")
    return {}


def _empty_bytes() -> bytes:
    """Stand in for bytes(), empty bytes of Python 3 for Python 2; bytes(n) would take n bytes."""
    return b""


_NAMES: dict[tuple[str, str], object] = {
    ("collections", "defaultdict"): _dictionary,
    ("numpy", "ndarray"): _Placeholder(),
    ("numpy", "dtype"): _DType,
    ("_codecs", "encode"): _encode,
    ("scipy.sparse.csr", "csr_matrix"): _Matrix,
    ("scipy.sparse._csr", "csr_matrix"): _Matrix,
}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):
    _NAMES[_module, "_reconstruct"] = _Array
    _NAMES[_module, "scalar"] = _Scalar
for _module in ("copy_reg", "copyreg"):
    _NAMES[_module, "_reconstructor"] = _reconstructor
for _module in ("__builtin__", "builtins"):
    _NAMES |= {(_module, name): _Placeholder() for name in ("object", "list", "int")}
    _NAMES |= {(_module, "dict"): _dictionary, (_module, "bytes"): _empty_bytes}


def load_matrix(path: Pathlike) -> np.ndarray | scipy.sparse.csr_array:
    """Read a pickle of one array, or of one scipy csr_matrix (as float32).

    Raises
    ------
    InputError
        If the file is missing, damaged, or holds anything else; nothing of it has been executed.
    """
    return _load(path, "an array or a sparse matrix", _matrix)


def load_neighbours(path: Pathlike) -> dict[int, list[int]]:
    """Read a pickle of one dictionary of lists of integers: the neighbours of each node.

    Raises
    ------
    InputError
        If the file is missing, damaged, or holds anything else; nothing of it has been executed.
    """
    return _load(path, "a dictionary of lists of integers", _neighbours)


def _load(path: Pathlike, description: str, build: Callable[[Any], T]) -> T:
    path = check_readable(path)
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"cannot read {str(path)!r}: it has more than {MAX_BYTES} bytes")
    try:
        content = _Unpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
        return build(content)
    except MemoryError as error:
        raise InputError(f"{str(path)!r} is larger than the memory at hand") from error
    except Exception as error:  # damage may raise anything, from within the unpickler as well
        clear = isinstance(error, InputError | pickle.UnpicklingError | ValueError)
        why = f" ({reason(error)[:200]})" if clear else ""
        raise InputError(
            f"{str(path)!r} is damaged, or is no pickle of {description}{why}"
        ) from error


def _matrix(content: Any) -> np.ndarray | scipy.sparse.csr_array:
    if not isinstance(content, _Array | _Matrix):
        raise ValueError(f"it holds a {type(content).__name__}")
    return content.build()


def _neighbours(content: Any) -> dict[int, list[int]]:
    if not isinstance(content, dict):
        raise ValueError(f"it holds a {type(content).__name__}")
    return {
        _integer(node): [_integer(other) for other in others] for node, others in content.items()
    }


def _integer(value: Any) -> int:
    if isinstance(value, _Scalar):
        value = value.build().item()
    if type(value) is not int:
        raise ValueError(f"a node that is a {type(value).__name__}, not an integer")
    return value
