import importlib
import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
import torch

from diffresnet_lab.experiments.catalogue import experiment
from diffresnet_lab.experiments.nonlinear import moons_picture, nonlinear_section
from diffresnet_lab.experiments.nonlinear.data import added, cloud, draw_labels
from diffresnet_lab.experiments.nonlinear.flows import (
    FLOWS,
    LINEAR,
    Variant,
    accuracy,
    astray_share,
    moved_along,
)
from diffresnet_lab.experiments.nonlinear.section import findings, headline, tally
from diffresnet_lab.experiments.nonlinear.study import (
    Difference,
    Outcome,
    StudySettings,
    differences,
    outcome_rows,
    study,
)
from diffresnet_lab.pages.style import svg
from diffresnet_lab.theory.conductance import PLaplacian

STUDY = importlib.import_module("diffresnet_lab.experiments.nonlinear.study")
SMALL = StudySettings(sets=("moon",), tuning=1, draws=2, label_draws=4, per_class=40)


@pytest.fixture(scope="module", autouse=True)
def short_flows():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(STUDY, "STRENGTHS", {"plane": (0, 10, 30, 100)})
        patch.setattr("diffresnet_lab.experiments.nonlinear.SHOWN_STRENGTHS", (0.0, 10.0, 30.0))
        yield


@pytest.fixture(scope="module")
def outcomes():
    return study(SMALL)


class TestData:
    points = np.random.default_rng(0).standard_normal((30, 2))
    classes = np.repeat([0, 1, 2], 10)

    def test_nothing_is_added_to_clean_points(self):
        rng = np.random.default_rng(0)
        assert added(self.points, self.classes, "clean", rng).shape == (0, 2)

    def test_outliers_fill_the_box(self):
        found = added(self.points, self.classes, "outliers", np.random.default_rng(0), share=100)
        assert found.shape == (3000, 2)
        low, high = self.points.min(0), self.points.max(0)
        assert (found >= low).all()
        assert (found <= high).all()
        np.testing.assert_allclose(found.mean(0), (low + high) / 2, atol=0.1)

    def test_bridges_lie_between_points_of_different_classes(self):
        found = added(self.points, self.classes, "bridges", np.random.default_rng(0))
        assert len(found) == 3
        for point in found:
            a, b = self.points[:, None], self.points[None]
            detour = np.linalg.norm(a - point, axis=-1) + np.linalg.norm(b - point, axis=-1)
            on_line = np.abs(detour - np.linalg.norm(a - b, axis=-1)) < 1e-9
            assert on_line[self.classes[:, None] != self.classes[None]].any()

    @pytest.mark.parametrize("name", ["xor", "moon"])
    def test_a_cloud_is_drawn_anew_and_again(self, name):
        first, again, other = (
            cloud(name, "outliers", np.random.default_rng(seed), per_class=30) for seed in (1, 1, 2)
        )
        assert first.n == 60
        assert len(first.points) == 66
        np.testing.assert_array_equal(first.points, again.points)
        assert not np.allclose(first.points, other.points)
        np.testing.assert_allclose(first.walk.sum(axis=1), 1.0)
        np.testing.assert_allclose(first.degree @ first.walk, first.degree)
        assert abs(first.even - first.even.T).max() < 1e-12
        assert first.even.sum() == pytest.approx(first.walk.sum())

    def test_labels_are_so_many_of_each_subset(self):
        subsets = np.repeat(np.arange(4), 9)
        drawn = draw_labels(subsets, 2, 5, np.random.default_rng(0))
        assert drawn.shape == (5, 8)
        for row in drawn:
            assert np.bincount(subsets[row]).tolist() == [2, 2, 2, 2]
            assert len(set(row)) == 8


class TestMeasures:
    def test_accuracy_is_that_of_the_nearest_labelled_point(self):
        rng = np.random.default_rng(0)
        z, classes = rng.standard_normal((24, 3)), rng.integers(3, size=20)
        labelled = np.stack([rng.choice(20, 4, replace=False) for _ in range(6)])
        expected = []
        for rows in labelled:
            for i in set(range(20)) - set(rows):
                nearest = min(rows, key=lambda j, i=i: np.linalg.norm(z[i] - z[j]))
                expected.append(classes[nearest] == classes[i])
        found = accuracy(torch.from_numpy(z), classes, labelled)
        assert found == pytest.approx(100 * np.mean(expected))

    def test_astray_counts_edges_to_others_and_to_added_points(self):
        points = cloud("moon", "bridges", np.random.default_rng(3), per_class=30)
        w = points.walk.toarray()
        owner = np.concatenate([points.classes, np.full(6, -1)])
        wrong = w[:60][owner[:60, None] != owner[None]].sum()
        z = torch.from_numpy(points.points)
        share = astray_share(points, z, Variant(PLaplacian(2.0)))
        assert share == pytest.approx(wrong / w[:60].sum())

    def test_a_path_starts_unmoved_and_keeps_its_centre_of_mass(self):
        points = cloud("xor", "clean", np.random.default_rng(0), per_class=30)
        first, last = moved_along(points, Variant(PLaplacian(1.5)), (0.0, 5.0))
        shift = first.numpy() - points.points
        np.testing.assert_allclose(shift, shift[:1].repeat(60, axis=0), atol=1e-12)
        np.testing.assert_allclose(points.degree @ last.numpy(), 0.0, atol=0.05)
        assert float(last.var()) < float(first.var())


def test_there_is_an_outcome_for_every_case_and_flow(outcomes):
    keys = {(*o.case, o.flow) for o in outcomes}
    assert len(keys) == len(outcomes) == 3 * 2 * len(FLOWS)
    for o in outcomes:
        assert o.curves.shape == (2, len(o.strengths))
        assert ((o.curves >= 0) & (o.curves <= 100)).all()
        assert o.variant in FLOWS[o.flow][1]
        assert (o.astray == pytest.approx(0, abs=0.05)) == (o.corruption == "clean")


def test_all_flows_start_from_the_same_points_and_labels(outcomes):
    unmoved = {o.case: o.unmoved for o in outcomes if o.flow == LINEAR}
    for o in outcomes:
        np.testing.assert_array_equal(o.unmoved, unmoved[o.case])


def test_the_same_seed_gives_the_same_outcomes(outcomes):
    fewer = replace(SMALL, corruptions=("outliers",), labels=(1, 5))
    for o in study(fewer):
        (same,) = [p for p in outcomes if p.case == o.case and p.flow == o.flow]
        np.testing.assert_array_equal(o.curves, same.curves)
        assert o.chosen == same.chosen


def test_a_strength_is_not_chosen_on_the_draws_it_is_measured_on(outcomes):
    # More draws to measure on change no choice.
    for o in study(replace(SMALL, corruptions=("bridges",), draws=1)):
        (same,) = [p for p in outcomes if p.case == o.case and p.flow == o.flow]
        assert (o.chosen, o.variant) == (same.chosen, same.variant)
        np.testing.assert_array_equal(o.curves[0], same.curves[0])


def test_rows_hold_the_differences_and_are_json(outcomes):
    rows = list(outcome_rows(outcomes))
    json.dumps(rows)
    linear = {
        (r["corruption"], r["labels_per_class"]): r["accuracy"] for r in rows if r["flow"] == LINEAR
    }
    for row in rows:
        expected = row["accuracy"] - linear[row["corruption"], row["labels_per_class"]]
        assert row["difference"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("mean", "error", "draws", "verdict"),
    [
        (1.0, 0.30, 4, 1),  # Student's 97.5% point is 3.18 at 3 degrees of freedom
        (1.0, 0.32, 4, 0),
        (1.0, 0.40, 30, 1),
        (-1.0, 0.30, 4, -1),
        (0.05, 0.0, 4, 0),
        (5.0, float("nan"), 1, 0),
    ],
)
def test_verdicts(mean, error, draws, verdict):
    assert Difference(mean, error, draws).verdict == verdict


def made(flow, values):
    variant = FLOWS[flow][1][0]
    curves = np.array([[50.0, value] for value in values])
    return Outcome("moon", "clean", 1, flow, variant, (0.0, 1.0), curves, 1, 0.0)


def test_words_follow_the_numbers():
    values = {flow: [80.0, 82.0] for flow in FLOWS}
    losing = [made(flow, v) for flow, v in ({**values, "p3": [70.0, 72.0]}).items()]
    assert tally(losing, "p3") == (0, 0, 1)
    assert tally(losing, "p1") == (0, 1, 0)
    assert "clearly ahead in 0, even in 5 and clearly behind in 1" in headline(losing)
    assert "the largest loss, −10.0 ± 0.0 points (p = 3 on moon, clean" in findings(losing)[1]
    winning = [made(flow, v) for flow, v in ({**values, "p1": [90.0, 92.0]}).items()]
    assert "p = 1 gains more often than it loses" in findings(winning)[1]
    assert differences(winning)["moon", "clean", 1, "p1"] == Difference(10.0, 0.0, 2)
    lost = {**{flow: [70.0, 72.0] for flow in FLOWS}, LINEAR: [80.0, 82.0]}
    every = [made(flow, v) for flow, v in lost.items()]
    assert "Every nonlinear flow loses more often than it gains" in findings(every)[1]


def test_the_section_shows_every_case_and_marks_losses(outcomes):
    section = nonlinear_section(outcomes, SMALL, moons_picture(0))
    assert len(section.tables) == 6
    for table in section.tables:
        assert len(table.rows) == 3
        assert all(len(cells) == len(table.header) - 1 for _, cells in table.rows)
    (moons,), (curves,) = section.galleries
    assert (moons.name, curves.name) == ("nonlinear", "nonlinear_accuracy")
    shown = [ax for ax in moons.figure.axes if ax.get_title()]
    assert [ax.get_title() for ax in shown][:2] == ["Before", "Linear"]
    assert len(curves.figure.axes) == 2
    for picture in (moons, curves):
        assert ET.fromstring(svg(picture.figure)).tag == "{http://www.w3.org/2000/svg}svg"
    losses = [c.loss for t in section.tables for _, cells in t.rows for c in cells]
    assert sum(losses) == sum(
        d.verdict < 0
        for (*_, f), d in differences(outcomes).items()
        if f not in (LINEAR, "linear_symmetric")
    )


def test_it_is_in_the_catalogue():
    assert experiment("nonlinear").name == "nonlinear"
