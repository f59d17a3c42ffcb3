import numpy as np
import pytest
import torch

from diffresnet_lab.experiments.pde.agreement import (
    compare,
    convergence,
    field_row,
    inner_regions,
    make_case,
)
from diffresnet_lab.experiments.pde.network import (
    SETS,
    FlowTrainingConfig,
    standard_set,
    trained_flow,
)
from diffresnet_lab.experiments.pde.plan import AgreementPlan, RobustnessPlan
from diffresnet_lab.experiments.pde.robustness import (
    ModelScores,
    measure,
    moved_scores,
    ring,
    score_rows,
    split,
)
from diffresnet_lab.experiments.pde.robustness_page import gain_rows, set_table
from diffresnet_lab.pages.plots import FieldRow

BRIEF = FlowTrainingConfig(substeps=2, epochs=80, samples=4)


@pytest.fixture(scope="module")
def case():
    plan = AgreementPlan(
        sets=("circle",), cells=96, samples=512, fine_samples=128, probes=20, training=BRIEF
    )
    return make_case("moon", plan, 0), plan


@pytest.mark.parametrize("name", SETS)
def test_sets_are_centred_and_of_one_scale(name):
    points, classes = standard_set(name, 1)
    np.testing.assert_allclose(points.mean(0), 0, atol=1e-12)
    assert np.mean(points**2) == pytest.approx(1.0)
    assert set(classes) == {0, 1}


@pytest.mark.parametrize("sigma", [0.0, 0.1])
def test_training_is_repeatable_learns_and_keeps_the_global_generator(sigma):
    points, classes = standard_set("moon", 0)
    before = torch.random.get_rng_state()
    one, two = (trained_flow(points, classes, BRIEF, sigma, seed=3) for _ in range(2))
    assert torch.equal(before, torch.random.get_rng_state())
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b)
    field = one.values(one.convection.transport(torch.from_numpy(points), 2))[:, 0].numpy()
    assert ((field > 0.5) == classes).mean() > 0.85


def test_both_solvers_agree_on_a_trained_flow(case):
    moons, plan = case
    rows = compare(moons, 0.2, plan, 0)
    assert [row["equation"] for row in rows] == ["network", "pde"]
    for row in rows:
        assert row["within_percent"] > 85
        assert row["mean_difference"] < 0.03
    silent = compare(moons, 0.0, plan, 0)[0]
    assert silent["largest_standard_error"] < 1e-12
    assert silent["mean_difference"] < 0.02


def test_more_steps_come_nearer_to_the_pde(case):
    moons, plan = case
    errors = convergence(moons, plan)
    assert errors["network"][-1] < errors["network"][0] / 2
    assert errors["strang"][-1] < errors["network"][-1]


def test_the_picture_says_how_many_points_are_right(case):
    row = field_row(*case)
    assert row.fields.shape == (3, 160, 160)
    assert row.titles[0].startswith("σ = 0: ")
    share = float(row.titles[0].split(": ")[1].rstrip("%"))
    assert 80 < share <= 100
    # Noise makes the field less steep.
    steep = [np.abs(np.diff(field, axis=0)).max() for field in row.fields]
    assert steep[0] > steep[1] > steep[2]


@pytest.mark.parametrize("inner", [0, 1])
def test_a_slit_is_seen(inner):
    """Inside a disc the class of the inner ring; at sigma = 0 also along a ray to the edge."""
    at = np.stack(np.meshgrid(*[np.linspace(-2, 2, 41)] * 2, indexing="ij"))
    disc = np.linalg.norm(at, axis=0) < 1
    ray = disc | ((np.abs(at[1]) < 0.2) & (at[0] > 0))
    fields = np.stack([ray, disc, 0.4 * disc]).astype(float)
    row = FieldRow(
        "circle",
        np.array([[0.5, 0.0], [1.5, 0.0]]),
        np.array([inner, 1 - inner]),
        fields if inner else 1 - fields,
        ("", "", ""),
        (0.0, 0.0),
        2.0,
    )
    assert inner_regions(row) == {0.0: "open to the edge", 0.2: "closed", 0.4: "gone"}


def test_the_ring_is_what_it_says():
    moved = ring(np.ones((3, 2)), 0.2) - 1.0
    assert moved.shape == (32, 3, 2)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=2), 0.2)
    assert len(np.unique(np.round(moved[:, 0], 9), axis=0)) == 32


def test_moves_against_a_half_plane():
    """Right by x > 0: an attack of size e turns exactly the points nearer than e."""
    x = np.linspace(0.01, 0.4, 40)
    points, classes = np.stack([x, 0 * x], 1), np.ones(40, dtype=int)
    found = moved_scores(
        lambda at: (at[:, 0] > 0).astype(float), points, classes, np.random.default_rng(0)
    )
    assert found["clean"] == 100
    assert found["attack 0.1"] == pytest.approx(100 * (x > 0.1).mean())
    assert found["attack 0.2"] == pytest.approx(100 * (x > 0.2).mean())
    assert found["shake 0.3"] < found["shake 0.1"] < 100
    assert found["certified 0.1"] == found["broken"] == 0  # without noise nothing is proved


def test_too_large_a_radius_is_found_out():
    """The check of the proofs can fail: a radius ten times too large is contradicted."""
    x = np.linspace(0.01, 0.4, 40)
    points, classes = np.stack([x, 0 * x], 1), np.ones(40, dtype=int)

    def smooth(at):
        from scipy.special import ndtr

        return ndtr(at[:, 0] / 0.2)

    rng = np.random.default_rng(0)
    assert moved_scores(smooth, points, classes, rng, radius=0.199)["broken"] == 0
    assert moved_scores(smooth, points, classes, rng, radius=2.0)["broken"] > 0


def test_splits_are_balanced_and_apart():
    classes = np.repeat([0, 1], 50)
    train, test = split(classes, 10, 60, 0)
    assert np.bincount(classes[train]).tolist() == [10, 10]
    assert not set(train) & set(test)
    assert len(test) == 60
    assert not np.array_equal(train, split(classes, 10, 60, 1)[0])


def test_measures_of_a_noisy_network_obey_the_proofs():
    points, classes = standard_set("moon", 0)
    network = trained_flow(points, classes, BRIEF, 0.1, seed=0)
    plan = RobustnessPlan(("circle",), 1, (20,), 100, 96, BRIEF)
    found = measure(network, 0.2, plan, points[::20], classes[::20], 0)
    assert found["broken"] == 0
    assert found["slope"] < found["slope bound"]
    assert found["certified 0.05"] <= found["attack 0.05"] <= found["clean"]


def test_rows_are_paired_with_the_plain_network():
    plain, noisy = (
        ModelScores("moon", 20, "plain", 0.0),
        ModelScores("moon", 20, "noise at test", 0.1),
    )
    for of_plain, of_noisy in ((90.0, 91.0), (80.0, 83.0)):
        plain.add({"clean": of_plain})
        noisy.add({"clean": of_noisy})
    rows = list(score_rows([plain, noisy]))
    assert rows[0]["over_plain"] is None
    assert (rows[1]["mean"], rows[1]["over_plain"]) == (87.0, 2.0)
    assert rows[1]["over_plain_error"] == pytest.approx(1.0)


def test_gains_are_means_over_sets_and_losses_are_marked():
    results = []
    for name in SETS:
        for model, sigma, value in (
            ("plain", 0.0, 90.0),
            *(("noise at test", s, 80.0) for s in (0.1, 0.2)),
            *(("noise in training", s, 95.0) for s in (0.1, 0.2)),
        ):
            scores = ModelScores(name, 20, model, sigma)
            for seed in range(2):
                names = ("clean", "shake 0.3", "attack 0.1", "attack 0.2")
                scores.add(dict.fromkeys(names, value + seed))
            results.append(scores)
    gains = {(row["sigma"], row["model"]): row["gain"] for row in gain_rows(results)}
    assert gains[0.2, "noise at test"] == pytest.approx(-10.0)
    assert gains[0.1, "noise in training"] == pytest.approx(5.0)
    shown = set_table(results, "moon").rows
    assert [line[1].unfavourable for line in shown] == [False, True, True, False, False]
    assert [line[1].best for line in shown] == [False, False, False, True, True]
    assert [line[1].detail for line in shown[:2]] == ["", "−10.0 ± 0.0"]
