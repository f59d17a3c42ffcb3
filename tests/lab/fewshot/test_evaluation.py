from dataclasses import replace

import numpy as np
import pytest
import torch

from diffresnet.errors import InputError
from diffresnet_lab.fewshot.evaluation import evaluate
from diffresnet_lab.fewshot.feature_transforms import l2_normalize
from diffresnet_lab.fewshot.features import Features, gather
from diffresnet_lab.fewshot.methods.laplacian_shot import LaplacianShot
from diffresnet_lab.fewshot.methods.nearest_prototype import NearestPrototype
from diffresnet_lab.fewshot.sampling import sample_tasks
from fewshot_cases import clusters

FEATURES = clusters()
TASKS = sample_tasks(FEATURES.labels, 4, 2, 5, tasks=23, seed=1)


def test_accuracy_is_the_share_of_queries_that_are_right():
    found = evaluate(NearestPrototype(), FEATURES, TASKS)
    right = TASKS.class_labels(found.predicted) == FEATURES.labels[TASKS.query]
    assert np.allclose(found.accuracy, 100 * right.mean(1))
    assert 40 < found.summary.mean < 100
    assert found.summary.mean == pytest.approx(100 * right.mean())
    assert found.seconds_per_task == found.seconds / 23


def test_names_of_classes_are_never_matched():
    """A method that mixes two classes up is wrong on both."""

    def swapped(batch):
        return NearestPrototype()(batch)[:, :, [1, 0, 2, 3]]

    found = evaluate(NearestPrototype(), FEATURES, TASKS)
    mixed = evaluate(swapped, FEATURES, TASKS)
    assert mixed.summary.mean < found.summary.mean - 20


def test_neither_batches_nor_processes_change_the_answer():
    tell = []
    one = evaluate(LaplacianShot(), FEATURES, TASKS, l2_normalize)
    other = evaluate(LaplacianShot(), FEATURES, TASKS, l2_normalize, batch=5, advance=tell.append)
    assert (one.predicted == other.predicted).all()
    assert tell == [5, 5, 5, 5, 3]
    apart = evaluate(LaplacianShot(), FEATURES, TASKS, l2_normalize, batch=6, jobs=2)
    assert (one.predicted == apart.predicted).all()


def test_the_transform_comes_first():
    expected = NearestPrototype()(l2_normalize(gather(FEATURES.tensor(), TASKS))).argmax(-1)
    found = evaluate(NearestPrototype(), FEATURES, TASKS, l2_normalize)
    assert (found.predicted == expected.numpy()).all()


def test_a_method_sees_no_label_of_a_query():
    seen = []

    def spy(batch):
        seen.append(batch)
        return torch.zeros(len(batch), batch.query.shape[1], batch.ways)

    evaluate(spy, FEATURES, TASKS)
    assert sum(map(len, seen)) == 23
    assert {tuple(batch.labels.shape[1:]) for batch in seen} == {(8,)}
    assert (torch.cat([batch.seeds for batch in seen]).numpy() == TASKS.seeds).all()


def test_tasks_that_diverged_are_counted():
    def failing(batch):
        scores = NearestPrototype()(batch)
        return torch.where(batch.seeds[:, None, None] % 3 == 0, torch.nan, scores)

    found = evaluate(failing, FEATURES, TASKS, batch=5)
    lost = TASKS.seeds % 3 == 0
    assert found.diverged == lost.sum() > 0
    assert (found.predicted[lost] == 0).all()
    assert (found.accuracy[lost] == 25.0).all()
    assert evaluate(NearestPrototype(), FEATURES, TASKS).diverged == 0


def test_differences_are_paired():
    one = evaluate(NearestPrototype(), FEATURES, TASKS)
    other = replace(one, accuracy=one.accuracy - 3.0)
    assert one.minus(other).mean == pytest.approx(3.0)
    assert one.minus(other).ci95 == pytest.approx(0.0, abs=1e-9)
    assert other.minus(one).mean == pytest.approx(-3.0)
    with pytest.raises(InputError, match="same tasks"):
        one.minus(evaluate(NearestPrototype(), FEATURES, TASKS[:4]))


def test_tasks_of_other_features():
    few = Features(FEATURES.features[:50], FEATURES.labels[:50])
    with pytest.raises(InputError, match="rows past the 50 of the features"):
        evaluate(NearestPrototype(), few, TASKS)
