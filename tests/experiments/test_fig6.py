import json

import numpy as np
import pytest
import torch

from diffresnet_lab.experiments.experiment import Setup
from diffresnet_lab.experiments.fewshot.curves import Plan, preset_of
from diffresnet_lab.experiments.fewshot.runs import Draw
from diffresnet_lab.experiments.fewshot.sources import SOURCES, feature_sets
from diffresnet_lab.experiments.fig6.features import Inside, inside
from diffresnet_lab.experiments.fig6.section import TASK, fig6, placed
from diffresnet_lab.fewshot.features import gather
from diffresnet_lab.fewshot.methods.internal_diffusion import InternalDiffusion
from diffresnet_lab.fewshot.network import initial_weights
from diffresnet_lab.fewshot.objective import TaskObjective
from diffresnet_lab.fewshot.plain import plain_task
from fewshot_files import data_folder

TINY = Plan(sources=SOURCES[:2])


@pytest.fixture(scope="module")
def setup(tmp_path_factory):
    return Setup(data=data_folder(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def of(setup):
    return feature_sets(setup, "novel")[0]


def test_the_rows_are_those_of_the_trained_network(of):
    draw, seed = Draw(1), 3
    found = inside(of, draw, 2, seed)
    tasks = draw.tasks(of, 3, seed)[2:3]
    chosen = preset_of(of, 1)
    assert isinstance(chosen.method, InternalDiffusion)
    objective = TaskObjective.from_batch(
        chosen.transform(gather(of.features.tensor(), tasks)), chosen.method.network_config
    )
    seeds = torch.from_numpy(tasks.seeds)
    weights = initial_weights(seeds, of.features.width, 5, objective.points)
    scores = plain_task(objective, chosen.method.training, weights, 0)
    np.testing.assert_array_equal(found.predicted, scores.argmax(-1).numpy())
    assert found.before.shape == found.after.shape == (80, of.features.width)
    # The diffusion by hand, step by step.
    graph = objective.graph[0].double().numpy()
    x = found.before
    for _ in range(6):
        x = x - 0.5 * (graph.sum(1, keepdims=True) * x - graph @ x)
    np.testing.assert_allclose(found.after, x, rtol=1e-4, atol=1e-5)
    right = (scores[5:].argmax(-1).numpy() == tasks.query_labels[0]).mean()
    assert found.accuracy == pytest.approx(100 * right)


def test_measures_of_two_points_and_a_line():
    classes, labelled = np.array([0, 1, 0, 1]), np.array([True, True, False, False])
    x = np.array([[0.0, 0.0], [4.0, 0.0], [1.0, 0.0], [1.5, 0.0]])
    found = Inside(x, x, classes, labelled, np.array([0, 1, 0, 0]))
    assert found.accuracy == 50.0
    assert found.nearest(x) == 50.0  # 1.5 is nearer to 0 than to 4
    within, between = (1.0 + 2.5) / 2, (4.0 + 1.5 + 3.0 + 0.5) / 4
    assert found.tightness(x) == pytest.approx(within / between)


def test_places_depend_on_the_seed_alone():
    x = np.random.default_rng(0).normal(size=(80, 6))
    assert placed(x, 1).shape == (80, 2)
    np.testing.assert_array_equal(placed(x, 1), placed(x, 1))


def test_the_whole_part(setup):
    part = fig6(setup, TINY)
    json.dumps(part.rows)
    names = [p.name for gallery in part.section.galleries for p in gallery]
    assert names == ["fig6", "fig6_cifarfs_resnet18"]
    assert [(row["shots"], row["diffused"]) for row in part.rows[:4]] == [
        (1, False), (1, True), (5, False), (5, True)
    ]  # fmt: skip
    assert TASK == 0
    assert "γ = 0.5, r = 6" in part.section.text[2]
    (table,) = part.section.tables
    assert len(table.rows) == 4
