import numpy as np
import pytest

from diffresnet.errors import InputError
from diffresnet.files.npz import load_npz, save_npz
from diffresnet_lab.fewshot.sampling import sample_tasks
from diffresnet_lab.fewshot.tasks import Tasks

LABELS = np.repeat([2, 3, 5], 12)


def arrays(tasks):
    return [getattr(tasks, name) for name in Tasks.__annotations__]


def test_lists_of_tasks_are_joined_and_cut():
    tasks = sample_tasks(LABELS, 3, 2, 4, tasks=9)
    joined = Tasks.concatenate([tasks[:2], tasks[2:]])
    for a, b in zip(arrays(tasks), arrays(joined), strict=True):
        assert (a == b).all()


def test_ways_become_the_labels_of_the_file():
    tasks = sample_tasks(LABELS, 3, 2, 4, tasks=9)
    assert (tasks.class_labels(tasks.query_labels) == LABELS[tasks.query]).all()


def test_tasks_are_kept_in_a_file(tmp_path):
    tasks = sample_tasks(LABELS, 3, 2, 4, tasks=9)
    tasks.save(tmp_path / "t.npz")
    for a, b in zip(arrays(tasks), arrays(Tasks.load(tmp_path / "t.npz")), strict=True):
        assert (a == b).all()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"seeds": None}, "has no 'seeds'"),
        ({"query": np.zeros((9, 3), int)}, "do not fit together"),
        ({"support_labels": np.full((9, 6), 3)}, "do not fit together"),
        ({"classes": np.zeros((9, 3))}, "do not fit together"),
        ({"seeds": np.zeros(8, int)}, "do not fit together"),
        ({"seeds": np.array(3)}, "do not fit together"),
    ],
)
def test_a_file_that_is_no_list_of_tasks(tmp_path, change, line):
    path = tmp_path / "t.npz"
    sample_tasks(LABELS, 3, 2, 4, tasks=9).save(path)
    parts = {k: v for k, v in (load_npz(path) | change).items() if v is not None}
    save_npz(path, parts)
    with pytest.raises(InputError, match=line):
        Tasks.load(path)
