import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from diffresnet_lab.experiments.nonlinear.data import CORRUPTIONS, added, cloud, draw_labels
from diffresnet_lab.experiments.nonlinear.flows import (
    FLOWS,
    LINEAR,
    Variant,
    accuracy,
    astray_share,
    moved_along,
)
from diffresnet_lab.experiments.nonlinear.page import (
    RIVALS,
    compared_rows,
    difference_table,
    study_result,
    tally_rows,
)
from diffresnet_lab.experiments.nonlinear.plan import NonlinearPlan
from diffresnet_lab.experiments.nonlinear.study import (
    Difference,
    FlowOutcome,
    differences,
    outcome_rows,
    study,
)
from diffresnet_lab.theory.conductance import PLaplacian

SMALL = NonlinearPlan(
    sets=("moon",),
    corruptions=CORRUPTIONS,
    labels=(1, 5),
    tuning=1,
    draws=2,
    label_draws=4,
    per_class=30,
    shown_times=(0.0, 10.0, 30.0),
    times=(0.0, 10.0, 30.0),
)


@pytest.fixture(scope="module")
def outcomes():
    return study(SMALL, seed=42)


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
        assert o.curves.shape == (2, len(o.times))
        assert ((o.curves >= 0) & (o.curves <= 100)).all()
        assert o.variant in FLOWS[o.flow][1]
    astray = {c: np.mean([o.astray for o in outcomes if o.corruption == c]) for c in CORRUPTIONS}
    assert astray["clean"] < min(astray["outliers"], astray["bridges"]) / 3


def test_all_flows_start_from_the_same_points_and_labels(outcomes):
    unmoved = {o.case: o.unmoved for o in outcomes if o.flow == LINEAR}
    for o in outcomes:
        np.testing.assert_array_equal(o.unmoved, unmoved[o.case])


def test_the_same_seed_gives_the_same_outcomes(outcomes):
    fewer = replace(SMALL, corruptions=("outliers",), labels=(1, 5))
    for o in study(fewer, 42):
        (same,) = [p for p in outcomes if p.case == o.case and p.flow == o.flow]
        np.testing.assert_array_equal(o.curves, same.curves)
        assert o.chosen == same.chosen


def test_a_time_is_not_chosen_on_the_draws_it_is_measured_on(outcomes):
    # More draws to measure on change no choice.
    for o in study(replace(SMALL, corruptions=("bridges",), draws=1), 42):
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
        (1.0, 0.30, 4, "ahead"),  # Student's 97.5% point is 3.18 at 3 degrees of freedom
        (1.0, 0.32, 4, "level"),
        (1.0, 0.40, 30, "ahead"),
        (-1.0, 0.30, 4, "behind"),
        (0.05, 0.0, 4, "level"),
        (5.0, float("nan"), 1, "level"),
    ],
)
def test_verdicts(mean, error, draws, verdict):
    assert Difference(mean, error, draws).verdict == verdict


def outcome(flow, accuracies):
    variant = FLOWS[flow][1][0]
    curves = np.array([[50.0, value] for value in accuracies])
    return FlowOutcome("moon", "clean", 1, flow, variant, (0.0, 1.0), curves, 1, 0.0)


def test_tallies_count_the_verdicts():
    accuracies = {flow: [80.0, 82.0] for flow in FLOWS} | {"p3": [70.0, 72.0], "p1": [90.0, 92.0]}
    outcomes = [outcome(flow, values) for flow, values in accuracies.items()]
    assert differences(outcomes)["moon", "clean", 1, "p1"] == Difference(10.0, 0.0, 2)
    tallies = {row["flow"]: row for row in tally_rows(compared_rows(outcomes))}
    assert list(tallies) == list(RIVALS)
    assert tallies["p1"]["all"] == {"ahead": 1, "level": 0, "behind": 0}
    assert tallies["p3"]["clean"] == {"ahead": 0, "level": 0, "behind": 1}
    assert tallies["gaussian"]["all"] == {"ahead": 0, "level": 1, "behind": 0}


def test_the_page_counts_every_comparison_and_marks_losses(outcomes):
    result = study_result(outcomes, SMALL, 0)
    total = result.values["total"]
    assert sum(total.values()) == result.values["comparisons"] == 3 * 2 * len(RIVALS)
    rows = compared_rows(outcomes)
    tables = [difference_table([r for r in rows if r["labels_per_class"] == n]) for n in (1, 5)]
    cells = [cell for table in tables for row in table.rows for cell in row]
    assert sum(cell.unfavourable for cell in cells) == total["behind"]
    assert [ax.get_title() for ax in result.figures["nonlinear"].axes][:2] == ["Before", "Linear"]
