from dataclasses import replace

import numpy as np
import pytest
import torch

from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.fewshot.plan import TaskPlan
from diffresnet_lab.experiments.fewshot.runs import all_task_configs
from diffresnet_lab.experiments.fig6 import page
from diffresnet_lab.experiments.fig6.page import EXPERIMENT
from diffresnet_lab.experiments.fig6.study import (
    HiddenFeatures,
    TaskFeatures,
    embedded,
    hidden_features,
)
from diffresnet_lab.fewshot.features import gather
from diffresnet_lab.fewshot.methods.internal_diffusion import InternalDiffusion
from diffresnet_lab.fewshot.network import initial_weights
from diffresnet_lab.fewshot.objective import TaskObjective
from diffresnet_lab.fewshot.plain import plain_task
from fewshot_files import GIVEN, OWN, data_folder

PLAN = TaskPlan((1,), (GIVEN.name, OWN.name), "novel")
SEED = 3


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return RunConfig(data=data_folder(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def task_configs(config):
    return all_task_configs(config, PLAN)


@pytest.fixture(scope="module")
def hidden(task_configs):
    return hidden_features(task_configs[0], 2, SEED)


def test_features_are_those_of_the_trained_network(task_configs, hidden):
    task_config = task_configs[0]
    tasks = task_config.sample(3, SEED)[2:3]
    configured, features = task_config.diff_resnet(), task_config.feature_set.features
    assert isinstance(configured.method, InternalDiffusion)
    objective = TaskObjective.from_batch(
        configured.transform(gather(features.tensor(), tasks)), configured.method.network_config
    )
    weights = initial_weights(torch.from_numpy(tasks.seeds), features.width, 5, objective.points)
    scores = plain_task(objective, configured.method.training, weights, 0)
    np.testing.assert_array_equal(hidden.predicted, scores.argmax(-1).numpy())
    assert hidden.before.shape == hidden.after.shape == (80, features.width)
    # The diffusion by hand, step by step.
    graph = objective.graph[0].double().numpy()
    x = hidden.before
    for _ in range(6):
        x = x - 0.5 * (graph.sum(1, keepdims=True) * x - graph @ x)
    np.testing.assert_allclose(hidden.after, x, rtol=1e-4, atol=1e-5)
    right = (scores[5:].argmax(-1).numpy() == tasks.query_labels[0]).mean()
    assert hidden.accuracy == pytest.approx(100 * right)


def test_measures_of_two_points_and_a_line():
    classes, labelled = np.array([0, 1, 0, 1]), np.array([True, True, False, False])
    x = np.array([[0.0, 0.0], [4.0, 0.0], [1.0, 0.0], [1.5, 0.0]])
    hidden = HiddenFeatures(x, x, classes, labelled, np.array([0, 1, 0, 0]))
    assert hidden.accuracy == 50.0
    assert hidden.prototype_accuracy(x) == 50.0  # 1.5 is nearer to 0 than to 4
    within, between = (1.0 + 2.5) / 2, (4.0 + 1.5 + 3.0 + 0.5) / 4
    assert hidden.distance_ratio(x) == pytest.approx(within / between)


def test_the_embedding_depends_on_the_seed_alone():
    x = np.random.default_rng(0).normal(size=(80, 6))
    assert embedded(x, 1).shape == (80, 2)
    np.testing.assert_array_equal(embedded(x, 1), embedded(x, 1))


def test_each_feature_set_has_a_figure(config, task_configs, hidden, monkeypatch):
    results = [TaskFeatures(each, hidden) for each in task_configs]
    monkeypatch.setattr(page, "task_features", lambda *_: results)
    report = EXPERIMENT.report(config, plan=PLAN)
    assert list(report.figures) == ["fig6", "fig6_cifarfs_resnet18"]
    assert [(row["backbone"], row["diffused"]) for row in report.rows] == [
        (backbone, diffused)
        for backbone in (GIVEN.backbone, OWN.backbone)
        for diffused in (False, True)
    ]
    before = report.figures["fig6"].axes[0]
    assert sum(len(marks.get_offsets()) for marks in before.collections) == 80


def test_a_quick_look_is_of_validation_classes():
    quick, full = EXPERIMENT.planned(True), EXPERIMENT.planned(False)
    assert (quick.classes, full.classes) == ("val", "novel")
    assert replace(quick, classes="novel", sources=full.sources, shots=full.shots) == full
