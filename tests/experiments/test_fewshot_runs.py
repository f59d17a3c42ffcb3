from dataclasses import replace

import numpy as np
import pytest

from diffresnet.errors import InputError
from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.fewshot import runs
from diffresnet_lab.experiments.fewshot.plan import TaskPlan
from diffresnet_lab.experiments.fewshot.runs import (
    TaskConfig,
    accuracy_difference,
    failed_tasks,
    run_method,
    task_configs,
)
from diffresnet_lab.experiments.fewshot.sources import SOURCES, feature_sets
from diffresnet_lab.fewshot.evaluation import Outcome, evaluate
from diffresnet_lab.fewshot.registry import configure_method
from fewshot_files import DRAWINGS, GIVEN, data_folder


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    config = RunConfig(data=data_folder(tmp_path_factory.mktemp("data")))
    return feature_sets(config, TaskPlan((1,), tuple(SOURCES), "novel"))


@pytest.fixture(scope="module")
def tasks(sets):
    return TaskConfig(sets[0], 1, queries=5)


def outcome(accuracy, predicted=None):
    accuracy = np.array(accuracy, dtype=float)
    predicted = np.zeros((len(accuracy), 3), int) if predicted is None else predicted
    return Outcome(predicted, accuracy, 1.0)


def simple_shot(tasks, transforms="paper"):
    return configure_method("nearest_prototype", tasks.method_config(transforms))


def test_titles_say_what_differs(sets, tasks):
    assert (tasks.title, tasks.full_title) == ("1 shot", f"{GIVEN.title}, 1 shot")
    drawings = TaskConfig(replace(sets[0], source=DRAWINGS), 5, alpha=2.0)
    assert drawings.title == "20 classes, 5 shots, unequal"


@pytest.mark.parametrize("jobs", [1, 2])
def test_neither_shards_nor_threads_change_the_answer(tasks, tmp_path, monkeypatch, jobs):
    monkeypatch.setattr(runs, "SHARD", 4)
    configured = simple_shot(tasks)
    features = tasks.feature_set.features
    whole = evaluate(configured.method, features, tasks.sample(10, 3), configured.transform)
    config = RunConfig(seed=3, shards=tmp_path)
    first = run_method(config, configured, tasks, 10, jobs)
    np.testing.assert_array_equal(first.predicted, whole.predicted)
    np.testing.assert_array_equal(first.accuracy, whole.accuracy)
    assert len(list(tmp_path.rglob("*.npz"))) == 3
    again = run_method(config, configured, tasks, 10, jobs)
    np.testing.assert_array_equal(again.accuracy, whole.accuracy)
    assert again.seconds == first.seconds  # read, not run


def test_a_stopped_run_goes_on(tasks, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "SHARD", 4)
    config = RunConfig(shards=tmp_path)
    run_method(config, simple_shot(tasks), tasks, 8)
    evaluated = []
    monkeypatch.setattr(
        runs,
        "evaluate",
        lambda m, f, part, *a, **k: evaluated.append(len(part)) or evaluate(m, f, part),
    )
    run_method(config, simple_shot(tasks), tasks, 12)
    assert evaluated == [1, 4]  # one to warm up


def test_a_damaged_shard_is_refused(tasks, tmp_path):
    config = RunConfig(shards=tmp_path)
    run_method(config, simple_shot(tasks), tasks, 3)
    (shard,) = tmp_path.rglob("*.npz")
    np.savez(shard, predicted=np.zeros((2, 25), np.int16), seconds=1.0, diverged=0)
    with pytest.raises(InputError, match="delete it"):
        run_method(config, simple_shot(tasks), tasks, 3)


def test_tasks_that_diverged_are_kept(tasks, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "SHARD", 4)
    config = RunConfig(shards=tmp_path)
    configured = configure_method("external", tasks.method_config("none"))
    wild = replace(configured, method=replace(configured.method, mu=1e9))
    first = run_method(config, wild, tasks, 6)
    assert 0 < first.diverged <= 6
    assert run_method(config, wild, tasks, 6).diverged == first.diverged
    assert run_method(config, simple_shot(tasks), tasks, 6).diverged == 0


def test_each_shard_is_of_one_configuration(sets, tasks, tmp_path):
    config = RunConfig(shards=tmp_path)
    other_set = replace(tasks, feature_set=sets[1])
    unequal = replace(tasks, alpha=2.0)
    other_method = configure_method("laplacian_shot", tasks.method_config("none"))
    run_method(config, simple_shot(tasks), tasks, 3)
    run_method(config, simple_shot(other_set), other_set, 3)
    run_method(config, simple_shot(tasks, "none"), tasks, 3)
    run_method(config, simple_shot(tasks), unequal, 3)
    run_method(RunConfig(seed=1, shards=tmp_path), simple_shot(tasks), tasks, 3)
    run_method(config, other_method, tasks, 3)
    assert len(list(tmp_path.iterdir())) == 6
    run_method(config, other_method, tasks, 3)
    assert len(list(tmp_path.iterdir())) == 6


def test_lists_of_other_lengths_are_compared_where_both_are():
    difference = accuracy_difference(outcome([50.0, 60.0, 70.0]), outcome([40.0, 40.0]))
    assert difference.mean == 15.0
    assert difference.ci95 == pytest.approx(1.96 * np.std([10.0, 20.0], ddof=1) / np.sqrt(2))


def test_a_task_with_one_class_for_all_has_failed():
    predicted = np.array([[0, 0, 0], [0, 1, 0], [2, 2, 2], [1, 0, 2]])
    assert failed_tasks(outcome([20.0] * 4, predicted)) == 50.0


def test_small_classes_are_asked_for_fewer_queries(sets):
    (balanced,) = task_configs(sets[0], (5,))
    (unequal,) = task_configs(sets[0], (5,), alpha=2.0)
    assert (balanced.queries, unequal.queries) == (15, GIVEN.unequal_queries)
    assert DRAWINGS.unequal_queries < 15
    assert DRAWINGS.task_count(1000) == 200
