import contextlib
import functools
import os
import pickle
import struct
import subprocess
from collections import defaultdict

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diffresnet.errors import InputError
from diffresnet_lab.data import restricted_pickle
from diffresnet_lab.data.restricted_pickle import load_matrix, load_neighbours
from planetoid_cases import python2

WRITERS = [
    functools.partial(python2, protocol=0),
    functools.partial(python2, protocol=1),
    functools.partial(python2, protocol=2),
    functools.partial(pickle.dumps, protocol=2),
    functools.partial(pickle.dumps, protocol=4),
]
KINDS = ["<f8", ">f8", "<f4", "<i4", ">i2", "|u1", "<i8", "|b1"]


@pytest.mark.parametrize("dump", WRITERS)
@given(data=st.data())
def test_arrays_come_back_as_they_were(tmp_path_factory, dump, data):
    kind = data.draw(st.sampled_from(KINDS))
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    array = data.draw(hnp.arrays(np.dtype(kind), shape))
    if data.draw(st.booleans()):
        array = np.asfortranarray(array)
    path = tmp_path_factory.mktemp("pickles") / "a"
    path.write_bytes(dump(array))
    back = load_matrix(path)
    np.testing.assert_array_equal(back, array)
    assert back.dtype == array.dtype.newbyteorder("=")


@pytest.mark.parametrize("dump", WRITERS)
def test_sparse_matrices_come_back_as_they_were(tmp_path, dump):
    dense = np.array([[0, 1.5, 0], [0, 0, 0], [2, 0, 3]])
    (tmp_path / "m").write_bytes(dump(sp.csr_matrix(dense)))
    back = load_matrix(tmp_path / "m")
    np.testing.assert_array_equal(back.toarray(), dense)
    assert back.dtype == np.float32


@pytest.mark.parametrize("dump", WRITERS)
@pytest.mark.parametrize("kind", [dict, functools.partial(defaultdict, list)])
def test_neighbours_come_back_as_they_were(tmp_path, dump, kind):
    graph = kind({0: [1, 2, 2], np.int64(3): [], 2: [np.int32(0), 70000, 2**40]})
    (tmp_path / "g").write_bytes(dump(graph))
    assert load_neighbours(tmp_path / "g") == {0: [1, 2, 2], 3: [], 2: [0, 70000, 2**40]}


class Call:
    """Pickled as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def named(module, name, *arguments):
    """A pickle that calls a function by its name, importable here or not."""
    raw = b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"("
    for text in arguments:
        raw += b"X" + struct.pack("<I", len(text)) + text.encode()
    return raw + b"tR."


def hostile(marker):
    touch = f"open({str(marker)!r}, 'w').close()"
    shell = f"touch {marker}"
    array = np.zeros(2)
    yield "os.system", pickle.dumps(Call(os.system, shell), 2)
    yield "posix.system", named("posix", "system", shell)
    yield "subprocess", pickle.dumps(Call(subprocess.getoutput, shell), 2)
    yield "eval", pickle.dumps(Call(eval, touch), 2)
    yield "exec", pickle.dumps(Call(exec, touch), 2)
    yield "python 2's eval", named("__builtin__", "eval", touch)
    yield "apply", named("__builtin__", "apply", touch)
    yield "__import__", named("builtins", "__import__", "os")
    yield "getattr", pickle.dumps(Call(getattr, array, "tofile"), 2)
    yield "a dotted name", b"\x80\x04\x8c\x05numpy\x8c\x0dndarray.tofile\x93."
    yield "numpy's runstring", named("numpy.testing", "rundocs", touch)
    yield "numpy's exec_command", named("numpy.distutils.exec_command", "exec_command", shell)
    yield "numpy.load", named("numpy", "load", str(marker))
    yield "numpy.save", pickle.dumps(Call(np.save, str(marker), array), 2)
    yield "memmap", pickle.dumps(Call(np.memmap, str(marker), "uint8", "w+", 0, 8), 2)
    yield "inside of an array", pickle.dumps(np.array([Call(os.system, shell)], dtype=object), 2)
    yield "inside of a list", pickle.dumps({0: [1, Call(os.system, shell)]}, 2)
    yield "as a key", pickle.dumps({Call(os.system, shell): [1]}, 2)
    yield "inside of a call that is allowed", pickle.dumps(Call(dict, Call(eval, touch)), 2)
    yield "as a default factory", pickle.dumps(Call(defaultdict, Call(eval, touch)), 2)
    yield "an old instance", f"(ios\nsystem\nV{shell}\n.".encode()
    yield (
        "by _reconstructor",
        b"ccopy_reg\n_reconstructor\n(cos\nPathLike\nc__builtin__\nobject\nNtR.",
    )
    yield (
        "a state for a function",
        b"\x80\x02ccopy_reg\n_reconstructor\n}X\x01\x00\x00\x00aK\x01sb.",
    )
    yield "a state for a class", b"\x80\x02cnumpy\ndtype\nN}X\x01\x00\x00\x00aK\x01s\x86b."
    yield "a state for the name of a class", b"\x80\x02cscipy.sparse.csr\ncsr_matrix\n}b."
    yield "a key whose hash takes for ever", b"\x80\x02})" + b"2\x86" * 100 + b"K\x01s."
    yield "many such keys", b"\x80\x02}()" + b"2\x86" * 100 + b"K\x01u."
    yield (
        "such a key by a call",
        b"\x80\x02c__builtin__\ndict\n)" + b"2\x86" * 100 + b"K\x01\x86\x85\x85R.",
    )
    yield "a persistent id", b"Pwhatever\n."
    yield "an extension", b"\x80\x02\x82\x01."


HOSTILE = [name for name, _ in hostile("/nowhere")]


@pytest.mark.parametrize("load", [load_matrix, load_neighbours])
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_in_a_file_is_executed(tmp_path, name, load):
    marker, path = tmp_path / "marker", tmp_path / "evil"
    path.write_bytes(dict(hostile(marker))[name])
    before = dict(restricted_pickle._NAMES)
    with pytest.raises(InputError) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert "evil" in str(caught.value)
    assert not marker.exists()
    assert before == restricted_pickle._NAMES
    assert not hasattr(restricted_pickle._reconstructor, "a")
    assert not hasattr(restricted_pickle._DType, "a")


def test_the_hostile_pickles_do_harm_elsewhere(tmp_path):
    marker = tmp_path / "marker"
    pickle.loads(dict(hostile(marker))["eval"])
    assert marker.exists(), "otherwise nothing would have been shown"


def state(shape=(2,), code="f8", raw=b"\0" * 16):
    """An array whose parts need not agree."""

    class Claimed:
        def __reduce__(self):
            kind = Call(np.dtype, code)
            return (
                np.zeros(0).__reduce__()[0],
                (np.ndarray, (0,), b"b"),
                (1, shape, kind, False, raw),
            )

    return Claimed()


@pytest.mark.parametrize(
    "content",
    [
        state(shape=(3,)),
        state(shape=(-2, -1)),
        state(shape=(2**62, 2**62)),
        state(shape=(2.0,)),
        state(shape="ab"),
        state(code="O"),
        state(code="S8"),
        state(code="c16"),
        state(code="f8,f8"),
        state(raw=None),
        {0: [1]},
        [np.zeros(2)],
        np.array(["a"]),
        "text",
        None,
    ],
)
def test_what_is_no_array_of_numbers_is_refused(tmp_path, content):
    path = tmp_path / "a"
    path.write_bytes(pickle.dumps(content, 2))
    with pytest.raises(InputError, match="is damaged, or is no pickle of an array"):
        load_matrix(path)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"indices": np.array([0, 9], np.int32)}, "indices outside"),
        ({"indptr": np.array([0, 5], np.int32)}, "must rise"),
        ({"data": np.array([np.nan, 1])}, "NaN"),
        ({"_shape": (10**12, 2)}, "no shape of a matrix"),
    ],
)
def test_a_sparse_matrix_that_points_outside_of_itself_is_refused(tmp_path, change, word):
    matrix = sp.csr_matrix(np.ones((1, 2)))
    matrix.__dict__.update(change)
    (tmp_path / "m").write_bytes(pickle.dumps(matrix, 2))
    with pytest.raises(InputError, match=word):
        load_matrix(tmp_path / "m")


@pytest.mark.parametrize("content", [{0: 1}, {0: ["1"]}, {"0": [1]}, {0: [True]}, [0], {0: [1.0]}])
def test_what_is_no_dictionary_of_neighbours_is_refused(tmp_path, content):
    (tmp_path / "g").write_bytes(pickle.dumps(content, 2))
    with pytest.raises(InputError, match="no pickle of a dictionary of lists of integers"):
        load_neighbours(tmp_path / "g")


def test_a_huge_index_takes_no_memory(tmp_path):
    (tmp_path / "g").write_bytes(b"\x80\x02}r\xff\xff\xff\x7f.")
    assert load_neighbours(tmp_path / "g") == {}


@given(st.data())
def test_damage_is_an_input_error_or_harmless(tmp_path_factory, data):
    raw = bytearray(python2(sp.csr_matrix(np.eye(3)), data.draw(st.sampled_from([0, 2]))))
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(1, len(raw) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("pickles") / "m"
    path.write_bytes(raw)
    with contextlib.suppress(InputError):
        load_matrix(path)
