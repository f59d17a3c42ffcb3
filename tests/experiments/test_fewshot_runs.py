from dataclasses import replace

import numpy as np
import pytest

from diffresnet_lab.experiments.experiment import Setup
from diffresnet_lab.experiments.fewshot import runs
from diffresnet_lab.experiments.fewshot.runs import Draw, ahead, draws, failed, known, run
from diffresnet_lab.experiments.fewshot.sources import SOURCES, feature_sets
from diffresnet_lab.fewshot.config import FewShotConfig
from diffresnet_lab.fewshot.evaluation import Outcome, evaluate
from diffresnet_lab.fewshot.registry import configure_method
from fewshot_files import data_folder


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    return feature_sets(Setup(data=data_folder(tmp_path_factory.mktemp("data"))), "novel")


def outcome(accuracy, predicted=None):
    accuracy = np.array(accuracy, dtype=float)
    return Outcome(
        np.zeros((len(accuracy), 3), int) if predicted is None else predicted, accuracy, 1.0
    )


def simple_shot(of, tricks="paper"):
    return configure_method("nearest_prototype", FewShotConfig(1, tricks, of.mean))


def test_shards_change_nothing(sets, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "SHARD", 4)
    of, draw = sets[0], Draw(1, queries=5)
    chosen = simple_shot(of)
    whole = evaluate(chosen.method, of.features, draw.tasks(of, 10, 3), chosen.transform)
    setup = Setup(seed=3, shards=tmp_path)
    first = run(setup, of, chosen, draw, 10, jobs=2)
    np.testing.assert_array_equal(first.predicted, whole.predicted)
    np.testing.assert_array_equal(first.accuracy, whole.accuracy)
    assert len(list(tmp_path.rglob("*.npz"))) == 3
    again = run(setup, of, chosen, draw, 10, jobs=2)
    np.testing.assert_array_equal(again.accuracy, whole.accuracy)
    assert again.seconds == first.seconds  # read, not run


def test_a_stopped_run_goes_on(sets, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "SHARD", 4)
    of, draw, setup = sets[0], Draw(1, queries=5), Setup(shards=tmp_path)
    run(setup, of, simple_shot(of), draw, 8)
    seen = []
    monkeypatch.setattr(
        runs, "evaluate", lambda m, f, part, *a, **k: seen.append(len(part)) or evaluate(m, f, part)
    )
    run(setup, of, simple_shot(of), draw, 12)
    assert seen == [1, 4]  # one to warm up


def test_tasks_that_diverged_are_remembered(sets, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "SHARD", 4)
    of, draw, setup = sets[0], Draw(1, queries=5), Setup(shards=tmp_path)
    chosen = configure_method("external", FewShotConfig(1, "none", of.mean))
    wild = replace(chosen, method=replace(chosen.method, mu=1e9))
    first = run(setup, of, wild, draw, 6)
    assert 0 < first.diverged <= 6
    assert run(setup, of, wild, draw, 6).diverged == first.diverged
    assert run(setup, of, simple_shot(of), draw, 6).diverged == 0


def test_shards_know_what_they_are_of(sets, tmp_path):
    draw, setup = Draw(1, queries=5), Setup(shards=tmp_path)
    run(setup, sets[0], simple_shot(sets[0]), draw, 3)
    run(setup, sets[1], simple_shot(sets[1]), draw, 3)
    run(setup, sets[0], simple_shot(sets[0], "none"), draw, 3)
    run(setup, sets[0], simple_shot(sets[0]), Draw(1, queries=5, alpha=2.0), 3)
    run(Setup(seed=1, shards=tmp_path), sets[0], simple_shot(sets[0]), draw, 3)
    other = configure_method("laplacian_shot", FewShotConfig(1, "none", sets[0].mean))
    run(setup, sets[0], other, draw, 3)
    assert len(list(tmp_path.iterdir())) == 6
    run(setup, sets[0], other, draw, 3)
    assert len(list(tmp_path.iterdir())) == 6


def test_unequal_lists_are_compared_where_both_are(sets):
    found = ahead(outcome([50.0, 60.0, 70.0]), outcome([40.0, 40.0]))
    assert found.mean == 15.0
    assert found.ci95 == pytest.approx(1.96 * np.std([10.0, 20.0], ddof=1) / np.sqrt(2))


def test_a_task_with_one_class_for_all_has_failed():
    predicted = np.array([[0, 0, 0], [0, 1, 0], [2, 2, 2], [1, 0, 2]])
    assert failed(outcome([20.0] * 4, predicted)) == 50.0


def test_small_classes_are_asked_for_fewer_queries(sets):
    (balanced,) = draws(sets[0], (5,))
    (unequal,) = draws(sets[0], (5,), alpha=2.0)
    assert (balanced.queries, unequal.queries) == (15, SOURCES[0].unequal)
    assert SOURCES[2].unequal < 15


def test_names_that_there_are_not_are_told():
    assert known(["tim", "no_such", "pt_map"]) == (["tim", "pt_map"], ["no_such"])
