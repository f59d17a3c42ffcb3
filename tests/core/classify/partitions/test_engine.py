"""Engines: what tasks return is found again, and nothing of it is left behind."""

from dataclasses import dataclass
from operator import attrgetter, itemgetter

import numpy as np
import pytest

from diffresnet.classify.partitions import DiskEngine
from diffresnet.classify.partitions.engine import MARKER


@dataclass(frozen=True)
class Pair:
    left: np.ndarray
    right: np.ndarray


def pair(n):
    return Pair(np.arange(n, dtype=np.float32), np.arange(n)[::-1].copy())


def total(arrays, number):
    return sum(array.sum() for array in arrays) + number


def results(folder):
    return [path for path in folder.rglob("*") if path.is_file() and path.name != MARKER]


@pytest.mark.parametrize("n", [3, 100_000])
def test_results_are_found_again_and_mapped_where_they_are_large(tmp_path, n):
    engine = DiskEngine(tmp_path)
    handle = engine.submit(pair, n)
    (found,) = engine.gather([handle])
    assert np.array_equal(found.left, np.arange(n))
    assert found.left.dtype == np.float32
    assert np.array_equal(found.right, np.arange(n)[::-1])
    files = results(tmp_path)
    assert len(files) == (n > 10_000)


def test_tasks_take_handles_alone_and_in_lists_and_views(tmp_path):
    engine = DiskEngine(tmp_path)
    handles = [engine.submit(pair, n) for n in (10, 50_000)]
    lefts = [engine.view(attrgetter("left"), handle) for handle in handles]
    first = engine.submit(itemgetter(slice(1)), engine.view(np.flip, lefts[1]))
    (found,) = engine.gather([engine.submit(total, [*lefts, first], 1)])
    assert found == pytest.approx(45 + 50_000 * 49_999 // 2 + 49_999 + 1, rel=1e-4)
    assert engine.gather([first])[0].tolist() == [49_999]


def test_what_is_written_to_a_result_is_not_kept(tmp_path):
    engine = DiskEngine(tmp_path)
    handle = engine.submit(pair, 100_000)
    engine.gather([handle])[0].left[:] = -1.0
    assert engine.gather([handle])[0].left[5] == 5.0


def test_files_go_with_their_handles_and_the_folder_with_the_engine(tmp_path):
    engine = DiskEngine(tmp_path)
    handle = engine.submit(pair, 100_000)
    assert results(tmp_path)
    del handle
    assert not results(tmp_path)
    del engine
    assert [path.name for path in tmp_path.iterdir()] == [MARKER]


def test_a_run_of_the_same_key_finds_what_was_kept_and_another_does_not(tmp_path):
    engine = DiskEngine(tmp_path)
    handles = [engine.submit(pair, n) for n in (5, 100_000)]
    kept = engine.keep("pairs", "key 1", handles)
    del engine, handles
    again = DiskEngine(tmp_path)
    for found in (again.gather(kept), again.gather(again.kept("pairs", "key 1", Pair))):
        assert [len(each.left) for each in found] == [5, 100_000]
        assert np.array_equal(found[1].right, np.arange(100_000)[::-1])
    assert again.kept("pairs", "key 2", Pair) is None
    assert again.kept("others", "key 1", Pair) is None
    (tmp_path / "pairs" / "key").unlink()  # as after a run that was stopped while it wrote
    assert again.kept("pairs", "key 1", Pair) is None


def test_an_engine_without_a_folder_keeps_nothing():
    engine = DiskEngine()
    handles = [engine.submit(pair, 5)]
    assert engine.keep("pairs", "key", handles) == handles
    assert engine.kept("pairs", "key", Pair) is None
