from dataclasses import replace

import numpy as np
import pytest
import torch

from diffresnet.flow import flow_map
from diffresnet.nn import DiffResNet
from diffresnet_lab.data.synthetic import circle
from diffresnet_lab.experiments.fig4.page import (
    accuracy_figure,
    features_figure,
    others_rows,
    own_row,
    own_table,
)
from diffresnet_lab.experiments.fig4.plan import Fig4Plan
from diffresnet_lab.experiments.fig4.speed import WAYS, compare, speed_rows
from diffresnet_lab.experiments.fig4.training import (
    EPOCHS,
    SETS,
    first_perfect,
    seeded_network,
    train_set,
    train_together,
    training_rows,
)
from diffresnet_lab.pages.style import svg

SMALL = replace(SETS[0], ntop=8, steps=12)


def small_circle(seed=42):
    return circle(20, seed=seed)


@pytest.fixture(scope="module")
def result():
    """The circle of the paper, from its seed and one other."""
    return train_set(SETS[0], 42, [43], 30)


def test_the_circle_is_the_measured_one(result):
    assert result.without.accuracy[0, EPOCHS] == pytest.approx(51.6)
    assert first_perfect(result.with_diffusion.accuracy[0, : EPOCHS + 1]) == 13


def test_settings_are_those_of_the_paper():
    assert [(t.name, t.ntop, t.steps, t.learning_rate, t.seed) for t in SETS] == [
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
            predicted = scores.argmax(1)
            np.testing.assert_array_equal(together.predicted[index, epoch], predicted.numpy() == 1)
            right = 100.0 * float((predicted == classes).double().mean())
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


def test_the_tables_hold_what_came_out(result):
    row = own_row(result)
    assert (row["without"], row["with"], row["since"]) == (pytest.approx(51.6), 100.0, 13)
    early, late = others_rows(result, 30)
    assert (early["steps"], late["steps"], early["networks"]) == (20, 30, 1)
    assert early["with"][0] == result.with_diffusion.accuracy[1, EPOCHS]
    plan = Fig4Plan(30, 1, 1, (), ())
    assert not any(cell.unfavourable for cell in own_table([row], plan).rows[0][:4])
    lost = row | {"with": 40.0, "late": 39.0, "since": None}
    _, _, diffused, since, later = own_table([lost], plan).rows[0]
    assert (diffused.unfavourable, since.text, later.unfavourable) == (True, "never", True)


def test_the_figures_show_the_features_and_the_paper_s_network(result):
    figure = features_figure(result)
    assert len(figure.axes) == 10
    assert [len(ax.lines) for ax in figure.axes] == 2 * [0, 1, 1, 1, 1]
    curves = accuracy_figure([result])
    with_diffusion, without = curves.axes[0].lines
    assert with_diffusion.get_ydata()[-1] == 100.0
    assert without.get_ydata()[-1] == pytest.approx(51.6)
    svg(figure)
