import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet_lab.nodes.splits import random_split, split_seeds


@st.composite
def labelled(draw):
    """Labels of 2 to 4 classes (not always 0, 1, ...), some of them -1, and sizes that fit."""
    train, validation = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    codes = draw(st.lists(st.integers(0, 9), min_size=2, max_size=4, unique=True))
    counts = [train + validation + draw(st.integers(1, 5)) for _ in codes]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = np.concatenate([np.repeat(codes, counts), np.full(draw(st.integers(0, 5)), -1)])
    return rng.permutation(labels), train, validation, draw(st.integers(0, 2**31 - 1))


@given(labelled())
def test_every_labelled_node_is_in_one_part(case):
    labels, train, validation, seed = case
    split = random_split(labels, seed, train, validation)
    together = np.concatenate([split.train, split.validation, split.test])
    np.testing.assert_array_equal(np.sort(together), np.flatnonzero(labels >= 0))
    for part in (split.train, split.validation, split.test):
        assert (np.diff(part) > 0).all()
    for part, each in ((split.train, train), (split.validation, validation)):
        codes, counts = np.unique(labels[part], return_counts=True)
        np.testing.assert_array_equal(codes, np.unique(labels[labels >= 0]))
        assert (counts == each).all()


@given(labelled())
def test_the_seed_decides(case):
    labels, train, validation, seed = case
    one, other = (random_split(labels, seed, train, validation) for _ in range(2))
    np.testing.assert_array_equal(one.train, other.train)
    np.testing.assert_array_equal(one.validation, other.validation)


def test_other_seeds_draw_others():
    labels = np.repeat([0, 1], 100)
    drawn = {tuple(random_split(labels, seed).train) for seed in range(5)}
    assert len(drawn) == 5


def test_no_global_random_state():
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    random_split(np.repeat([0, 1], 60), seed=3)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 2**31 - 1))
def test_more_splits_begin_with_the_same(few, more, master):
    few, more = sorted((few, more))
    assert split_seeds(more, master)[:few] == split_seeds(few, master)


def test_the_papers_master_seed():
    # np.random.RandomState(42).randint(0, 2**31 - 1), as the benchmark draws them.
    assert split_seeds(2) == [1608637542, 1273642419]


def test_seeds_differ():
    assert len(set(split_seeds(1000))) == 1000


@pytest.mark.parametrize("count", [1, 49, 50])
def test_a_class_too_small(count):
    labels = np.concatenate([np.zeros(200, int), np.full(count, 7)])
    with pytest.raises(InputError, match=f"^class 7 has {count} nodes?; a split takes 20 of each"):
        random_split(labels, 0)


def test_a_class_just_large_enough():
    labels = np.concatenate([np.zeros(200, int), np.full(51, 7)])
    split = random_split(labels, 0)
    assert (labels[split.test] == 7).sum() == 1


def test_no_labels():
    with pytest.raises(InputError, match="no node has a label"):
        random_split(np.full(9, -1), 0)


@pytest.mark.parametrize(("train", "validation"), [(0, 30), (20, 0), (-1, 5)])
def test_parts_of_nothing(train, validation):
    with pytest.raises(InputError, match="at least 1"):
        random_split(np.repeat([0, 1], 60), 0, train, validation)
