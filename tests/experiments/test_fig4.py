from dataclasses import replace

import numpy as np
import pytest
import torch

from diffresnet.flow import flow_map
from diffresnet.nn import DiffResNet
from diffresnet_lab.data.synthetic import circle
from diffresnet_lab.experiments.fig4 import EXPERIMENT, speed_rows, training_rows
from diffresnet_lab.experiments.fig4.section import training_section
from diffresnet_lab.experiments.fig4.speed import WAYS, compare
from diffresnet_lab.experiments.fig4.speed_section import speed_section
from diffresnet_lab.experiments.fig4.training import (
    EPOCHS,
    TASKS,
    first_perfect,
    seeded_network,
    train_set,
    train_together,
)
from diffresnet_lab.pages.figures import Panel, accuracy_curves, feature_grid
from diffresnet_lab.pages.style import svg

SMALL = replace(TASKS[0], ntop=8, steps=12)


def small_circle(seed=42):
    return circle(20, seed=seed)


@pytest.fixture(scope="module")
def result():
    """The circle of the paper, from its seed and one other."""
    return train_set(TASKS[0], 42, [43], 30)


def test_the_circle_is_the_measured_one(result):
    assert result.without.accuracy[0, EPOCHS] == pytest.approx(51.6)
    assert first_perfect(result.with_diffusion.accuracy[0, : EPOCHS + 1]) == 13


def test_settings_are_those_of_the_paper():
    assert [(t.name, t.ntop, t.steps, t.learning_rate, t.seed) for t in TASKS] == [
        ("circle", 50, 200, 1.0, 42),
        ("moon", 25, 60, 1.0, 40),
        ("spiral", 25, 900, 0.8, 42),
    ]


@pytest.mark.parametrize("diffusing", [False, True])
def test_networks_together_do_what_each_does_alone(diffusing):
    """The stack of weights equals DiffResNet, trained alone and diffused step by step."""
    data = small_circle()
    laplacian = SMALL.laplacian(data)
    diffusion = flow_map(laplacian, SMALL.flow).matmul if diffusing else None
    seeds, epochs = (42, 7), 15
    together = train_together(data, diffusion, seeds, 0.7, epochs)
    points, classes = torch.from_numpy(data.points), torch.from_numpy(data.classes)
    for index, seed in enumerate(seeds):
        torch.manual_seed(seed)
        network = DiffResNet(2, 2, gamma=1.0, steps=SMALL.steps if diffusing else 0).double()
        for epoch in range(epochs + 1):
            # A new optimiser at every step: its momentum never builds up.
            optimizer = torch.optim.SGD(network.parameters(), 0.7, momentum=0.9, weight_decay=5e-4)
            features = network.features(points, laplacian)
            scores = network.classifier(features)
            loss = torch.nn.functional.cross_entropy(scores, classes)
            assert together.loss[index, epoch] == pytest.approx(float(loss.detach()), abs=1e-10)
            said = scores.argmax(1)
            np.testing.assert_array_equal(together.predicted[index, epoch], said.numpy() == 1)
            right = 100.0 * float((said == classes).double().mean())
            assert together.accuracy[index, epoch] == pytest.approx(right)
            if index == 0:
                np.testing.assert_allclose(
                    together.features[epoch], features.detach().numpy(), atol=1e-10
                )
                a, b, c = together.lines[epoch]
                np.testing.assert_allclose(
                    together.features[epoch] @ (a, b) + c,
                    (scores[:, 1] - scores[:, 0]).detach().numpy(),
                    atol=1e-10,
                )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def test_initial_weights_leave_the_global_state_alone():
    before = torch.random.get_rng_state()
    first = seeded_network(5).state_dict()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(v, first[k]) for k, v in seeded_network(5).state_dict().items())


@pytest.mark.parametrize(
    ("accuracy", "expected"),
    [([100, 100], 0), ([50, 100, 99.9, 100], 3), ([50, 100, 99], None), ([50], None)],
)
def test_first_perfect(accuracy, expected):
    assert first_perfect(np.array(accuracy, dtype=float)) == expected


def test_rows_of_the_training(result):
    rows = list(training_rows([result]))
    assert len(rows) == 2 * 31
    last = rows[30 + 1 + EPOCHS]
    assert (last["set"], last["diffusion"], last["step"]) == ("circle", True, EPOCHS)
    assert last["accuracy"] == 100.0
    other = result.with_diffusion.accuracy[1, EPOCHS]
    assert last["others_lowest"] == last["others_highest"] == last["others_median"] == other


def test_every_way_trains_alike():
    task = replace(SMALL, draw=small_circle)
    found = compare(task, 42, repeats=1)
    assert set(found.seconds) == set(WAYS)
    assert found.other_predictions == 0
    assert found.loss_difference < 1e-12
    assert found.ratio("plain loop") == 1.0
    rows = list(speed_rows(found))
    assert [row["way"] for row in rows] == list(WAYS)
    assert all(row["seconds_per_network"] > 0.0 for row in rows)
    section = speed_section([found], 1)
    assert "no predictions differ" in section.text[1]
    ((name, _), *_) = section.tables[0].rows
    assert "PyTorch" in name


def test_the_section_shows_what_was_found(result):
    section = training_section([result])
    own, others = section.tables
    assert [cell.value for cell in own.rows[0][1]] == ["51.6", "100.0", "13"]
    assert own.rows[0][1][1].best
    assert [name for name, _ in others.rows] == ["circle, 20 steps", "circle, 30 steps"]
    ((features,), (curves,)) = section.galleries
    assert (features.name, curves.name) == ("fig4", "fig4_accuracy")
    assert "it is no confirmation" in section.text[1]


def test_a_loss_is_marked(result):
    swapped = replace(result, without=result.with_diffusion, with_diffusion=result.without)
    section = training_section([swapped])
    assert section.tables[0].rows[0][1][1].loss
    assert not section.tables[0].rows[0][1][1].best
    assert section.tables[0].rows[0][1][2].value == "never"


def test_feature_grid_draws_points_and_the_line():
    points = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 1.0]])
    line = np.array([2.0, 0.0, -2.0])  # x = 1
    figure = feature_grid({"row": [Panel("a", points), Panel("b", points, line)]}, np.arange(3) % 2)
    first, second = figure.axes
    assert not first.lines
    np.testing.assert_allclose(second.lines[0].get_xdata(), 1.0)
    assert [len(dots.get_offsets()) for dots in second.collections] == [2, 1]
    low, high = second.get_xlim()
    assert low < 0.0
    assert high > 2.0
    svg(figure)


def test_feature_grid_takes_one_place_and_no_slope():
    svg(feature_grid({"row": [Panel("a", np.zeros((2, 2)), np.zeros(3))]}, np.arange(2)))


def test_accuracy_curves_show_the_first_run():
    runs = np.array([[50.0, 60.0, 100.0], [50.0, 50.0, 50.0]])
    figure = accuracy_curves({"a": {"with": runs, "without": runs[::-1]}, "b": {"with": runs}})
    assert [line.get_ydata()[-1] for line in figure.axes[0].lines] == [100.0, 50.0]
    svg(figure)


def test_the_experiment_has_its_parts():
    assert list(EXPERIMENT.parts) == ["training", "speed"]
