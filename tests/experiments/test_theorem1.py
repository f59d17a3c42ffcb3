import numpy as np
import pytest
import torch

from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.theorem1.line import shown_line
from diffresnet_lab.experiments.theorem1.page import EXPERIMENT
from diffresnet_lab.experiments.theorem1.plan import Theorem1Plan
from diffresnet_lab.experiments.theorem1.random_sets import bands
from diffresnet_lab.experiments.theorem1.xor import fewest_intervals, xor_flow
from diffresnet_lab.theory import class_intervals, separating_flow

PLAN = Theorem1Plan(steps=(0, 1, 2), dimensions=(2, 10), counts=(3, 10), sets=1, lines=1)


@pytest.fixture(scope="module")
def parts():
    return EXPERIMENT.run(RunConfig(), plan=PLAN)


def test_two_steps_are_the_fewest_that_separate_the_discs():
    flow = xor_flow(steps=4)
    assert flow.first == 2
    assert [each.separated for each in flow.directions] == [False, False, True, True, True]
    classes = flow.motion.data.classes
    assert (flow.network.predict(flow.motion.positions[-1]) == classes).all()
    assert len(flow.network.blocks) == 1


def test_the_direction_of_fewest_intervals_is_no_worse_than_others():
    flow = xor_flow(steps=4)
    points, classes = flow.motion.positions[0], flow.motion.data.classes
    fewest = len(class_intervals(points @ fewest_intervals(points, classes), classes))
    for angle in np.linspace(0.0, np.pi, 60, endpoint=False):
        projected = points @ np.array([np.cos(angle), np.sin(angle)])
        # Off the grid by no more than an eighth of a degree: the count may differ by a few.
        assert len(class_intervals(projected, classes)) >= fewest
    assert fewest == 7


def test_xor_is_separable_after_the_flow_only(parts):
    rows = parts["xor"].rows
    assert not any(row["separable_before"] for row in rows)
    assert all(row["separable_after"] for row in rows)
    assert all(row["strength"] <= row["strength_bound"] for row in rows)
    assert all(row["distance"] >= row["distance_bound"] for row in rows)
    assert all(row["blocks"] == row["runs"] - 2 for row in rows)
    assert rows[0]["blocks"] == 5
    assert rows[-1]["blocks"] == 1
    names = [row["direction"] for row in rows if row["step"] == 2]
    assert names == ["fewest runs", "discs apart"]
    assert parts["xor"].values["first"] == 2
    assert (parts["xor"].values["before"], parts["xor"].values["after"]) == (0, len(rows))


def test_every_random_set_is_separated_within_the_bounds(parts):
    rows = parts["random"].rows
    assert all(row["separated"] == row["sets"] for row in rows)
    assert all(row["within_bound"] for row in rows)
    assert all(row["blocks"] == row["runs"] - 2 for row in rows if row["classes"] == 2)
    assert max(row["strength_of_bound"] for row in rows) <= 1.0 + 1e-9
    assert min(row["distance_of_bound"] for row in rows) >= 1.0 - 1e-6


def test_every_line_is_folded_within_the_bound(parts):
    rows = parts["line"].rows
    assert all(row["separated"] == row["sets"] for row in rows)
    assert all(row["blocks"] <= 2 * (row["runs"] - 2) for row in rows)
    assert all(row["blocks"] == row["runs"] - 2 for row in rows if row["classes"] == 2)


def test_bands_are_what_they_are_called():
    points, labels, band, direction = bands(np.random.default_rng(0), 4, 12, 3)
    runs = class_intervals(points @ direction, labels)
    assert len(runs) == 12
    assert runs.gap >= 0.1
    assert (np.diff(runs.classes) != 0).all()
    assert np.bincount(band).tolist() == [3] * 12


def test_the_shown_lines_are_ten_units_long():
    points, labels = shown_line((0, 1, 0), seed=1)
    assert points.min() == pytest.approx(0.0, abs=1e-12)
    assert points.max() == pytest.approx(10.0)
    net = separating_flow(points, labels, [1.0])
    _, positions = net.trajectory(torch.from_numpy(points))
    assert positions.shape == (2, 36, 1)
