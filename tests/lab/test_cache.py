import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
import torch

from diffresnet.errors import InputError
from diffresnet_lab.cache import RunCache, digest


@dataclass(frozen=True)
class Config:
    hidden: int = 64
    dropout: float = 0.5


@dataclass(frozen=True)
class OtherConfig:
    hidden: int = 64
    dropout: float = 0.5


def square(number):
    return {"square": np.array(number**2), "seconds": np.array(0.5)}


def squares(*numbers):
    return {f"{number:04}": joblib.delayed(square)(number) for number in numbers}


def values(results):
    return {name: int(arrays["square"]) for name, arrays in results.items()}


def test_runs_are_computed_once_and_come_in_their_order(tmp_path):
    cache, done = RunCache.open(tmp_path, "squares", Config()), []
    assert cache.missing(squares(3, 4)) == ["0003", "0004"]
    assert values(cache.run(squares(4), advance=done.append)) == {"0004": 16}
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    results = cache.run(squares(3, 4, 5), jobs=2, advance=done.append)
    assert list(values(results).items()) == [("0003", 9), ("0004", 16), ("0005", 25)]
    assert done == ["0004", "0004", "0003", "0005"]
    assert len(list(tmp_path.rglob("*.npz"))) == 3
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_a_stop_loses_what_was_not_done(tmp_path):
    cache = RunCache.open(tmp_path, "squares")

    def fails():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.run({**squares(1, 2), "0003": joblib.delayed(fails)(), **squares(4)})
    assert cache.missing(squares(1, 2, 3, 4)) == ["0003", "0004"]


def test_without_a_folder_nothing_is_kept():
    cache = RunCache.open(None, "squares", Config())
    assert cache == RunCache()
    assert values(cache.run(squares(2))) == {"0002": 4}
    assert cache.missing(squares(2)) == ["0002"]


@pytest.mark.parametrize(
    "damage",
    [lambda path: path.write_bytes(path.read_bytes()[:-40]), lambda path: path.write_bytes(b"")],
)
def test_a_damaged_shard_is_named(tmp_path, damage):
    cache = RunCache.open(tmp_path, "squares")
    cache.run(squares(1))
    (path,) = tmp_path.rglob("*.npz")
    damage(path)
    with pytest.raises(InputError, match="delete it, and it is made again") as caught:
        cache.run(squares(1))
    assert str(path) in str(caught.value)
    path.unlink()
    assert values(cache.run(squares(1))) == {"0001": 1}


def test_arrays_that_no_run_writes_are_damage(tmp_path):
    cache = RunCache.open(tmp_path, "squares")
    cache.run(squares(1))
    seen = []
    cache.run(squares(1), valid=lambda name, arrays: seen.append((name, sorted(arrays))) or True)
    assert seen == [("0001", ["seconds", "square"])]
    with pytest.raises(InputError, match="its arrays are not those of a run; delete it"):
        cache.run(squares(1), valid=lambda name, arrays: False)


def test_a_long_title_fits_into_a_file_system(tmp_path):
    one, other = (RunCache.open(tmp_path, 300 * "x" + end) for end in "ab")
    one.run(squares(1))
    assert len(one.folder.name) < 100
    assert one.folder != other.folder


CONTENTS = {
    "a number": 1,
    "another": 2,
    "a float": 1.0,
    "text": "1",
    "nothing": None,
    "a truth": True,
    "a path": Path("1"),
    "an array": np.arange(3),
    "of other numbers": np.arange(1, 4),
    "of another shape": np.arange(3)[:, None],
    "of another kind": np.arange(3, dtype=np.float32),
    "a matrix": sp.csr_array(np.eye(3)),
    "a wider one": sp.csr_array(np.eye(3, 4)),
    "a config": Config(),
    "changed": Config(hidden=8),
    "another class": OtherConfig(),
    "a list": [1, [2]],
    "nested otherwise": [[1], 2],
    "one of more": [1, 2, None],
    "a mapping": {"a": 1, "b": 2},
    "with other keys": {"a": 1, "c": 2},
}


def test_other_contents_have_other_digests():
    assert len({digest(content) for content in CONTENTS.values()}) == len(CONTENTS)
    assert digest(1, 2) != digest(2, 1)
    assert digest("ab", "c") != digest("a", "bc")


def test_the_same_values_have_the_same_digest():
    assert digest({"a": 1, "b": (2, 3)}) == digest({"b": [2, 3], "a": 1})
    assert digest(np.int64(3), np.float64(0.1)) == digest(3, 0.1)
    assert digest(torch.arange(3)) == digest(np.arange(3))
    array = np.arange(12).reshape(3, 4)
    assert digest(array[:, ::2]) == digest(array[:, ::2].copy())


def test_it_does_not_depend_on_the_process():
    code = (
        "import numpy as np; from diffresnet_lab.cache import digest; "
        "print(digest({'x': [1, 2.5, None, 'text'], 'y': np.arange(4)}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest({"y": np.arange(4), "x": (1, 2.5, None, "text")})


@pytest.mark.parametrize("content", [object(), {1, 2}, np.array([None]), lambda: 1])
def test_what_has_no_values_is_refused(content):
    with pytest.raises(TypeError, match="has no digest"):
        digest([content])
