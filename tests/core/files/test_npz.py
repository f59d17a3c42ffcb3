import contextlib
import io
import pickle
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from diffresnet.errors import InputError
from diffresnet.files import npz
from diffresnet.files.npz import load_npz, save_npz


def member(shape, dtype="<f4", data=b"", version=b"\x01\x00"):
    header = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY" + version + len(header).to_bytes(2, "little") + header + data


def archive(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


@given(
    st.dictionaries(
        st.sampled_from(["file", "features", "a.npy", "x/y", "é", "arr_0"]),
        arrays.arrays(
            st.one_of(
                arrays.floating_dtypes(),
                arrays.integer_dtypes(),
                arrays.unicode_string_dtypes(),
                arrays.boolean_dtypes(),
            ),
            arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        ),
    )
)
@settings(max_examples=30, deadline=None)
def test_round_trip(tmp_path_factory, members):
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    save_npz(path, members)
    back = load_npz(path)
    assert back.keys() == members.keys()
    for key, array in members.items():
        assert back[key].dtype == array.dtype
        assert back[key].shape == array.shape
        assert back[key].tobytes() == array.tobytes()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_reads_what_numpy_writes(tmp_path, save):
    x = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    save(tmp_path / "a.npz", x=x)
    np.testing.assert_array_equal(load_npz(tmp_path / "a.npz")["x"], x)


def test_numpy_reads_what_is_written(tmp_path):
    save_npz(tmp_path / "a.npz", {"file": np.arange(3), "label": np.array(["a", "é"])})
    with np.load(tmp_path / "a.npz") as file:
        np.testing.assert_array_equal(file["file"], [0, 1, 2])
        assert file["label"].tolist() == ["a", "é"]


class Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('a pickle was loaded')",))


def test_pickles_are_never_loaded(tmp_path):
    np.savez(tmp_path / "a.npz", features=np.eye(2), meta=np.array([Evil()], dtype=object))
    with pytest.raises(InputError, match=r"'meta'.*pickled Python objects"):
        load_npz(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(InputError, match=r"is no .npz file"):
        load_npz(tmp_path / "b.npz")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (member((10**9, 10**6)), "claims shape"),
        (member((-1, -4), data=bytes(16)), "claims shape"),
        (member((10**12,), "|S0"), "claims shape"),
        (member((2, 2), data=bytes(15)), "claims shape"),
        (member((2, 2), data=bytes(17)), "claims shape"),
        (member((2,), data=bytes(8), version=b"\x09\x00"), "version"),
        (member((2,), "no type", bytes(8)), "damaged"),
        (member("ab", data=bytes(8)), "damaged"),
        (b"", "damaged"),
        (b"\x93NUMPY\x01\x00\xff\xff", "damaged"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path, data, message):
    with pytest.raises(InputError, match=message):
        load_npz(archive(tmp_path / "a.npz", {"x.npy": data}))


def test_other_archives_are_refused(tmp_path):
    good = member((1,), data=bytes(4))
    for members, options, message in [
        ({"readme.txt": b"hello"}, {}, "which is no array"),
        ({"x.npy": good}, {"compression": zipfile.ZIP_LZMA}, "compressed in a way"),
    ]:
        with pytest.raises(InputError, match=message):
            load_npz(archive(tmp_path / "a.npz", members, **options))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.writestr("x.npy", good)
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("x.npy", good)
    with pytest.raises(InputError, match="two arrays called 'x'"):
        load_npz(tmp_path / "a.npz")


def test_a_bomb_is_refused_by_what_it_claims(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros(2**20))
    monkeypatch.setattr(npz, "LARGEST", 2**20)
    with pytest.raises(InputError, match="more than fits in memory"):
        load_npz(tmp_path / "a.npz")


def test_too_little_memory_is_said(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    np.savez(tmp_path / "a.npz", x=np.zeros(2))
    monkeypatch.setattr(npz.npy, "read_array", fail)
    with pytest.raises(InputError, match="larger than the memory"):
        load_npz(tmp_path / "a.npz")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damage_is_an_input_error_or_harmless(tmp_path_factory, data):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=np.arange(6.0).reshape(2, 3), names=np.array(["a", "b"]))
    raw = bytearray(buffer.getvalue())
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(1, len(raw) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    path.write_bytes(raw)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's, on headers that Python 2 could have written
        with contextlib.suppress(InputError):
            load_npz(path)
