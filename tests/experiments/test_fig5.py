import json
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from citation_cases import write_graph
from diffresnet.errors import InputError
from diffresnet_lab.experiments.experiment import Setup
from diffresnet_lab.experiments.fig5 import DepthPlan, fig5
from diffresnet_lab.experiments.fig5.depth import (
    CURVES,
    DepthRuns,
    build,
    depth_runs,
    hidden,
    stable_gamma,
)
from diffresnet_lab.experiments.fig5.section import depth_section, finding, mean_losses
from diffresnet_lab.experiments.fig5.study import Point, clustered_error, depth_rows, loss
from diffresnet_lab.nodes.models.diff_resnet import PUBLISHED
from diffresnet_lab.nodes.models.gcn import GCN, GCNConfig
from diffresnet_lab.nodes.protocol import Protocol
from diffresnet_lab.nodes.training import EarlyStoppingConfig
from node_cases import node_data

PROTOCOL = Protocol(splits=2, inits=2, train_per_class=4, validation_per_class=5)
PLAN = DepthPlan(2, 1, (2, 32), ("cora",))


def point(curve, depth, *by_split, dataset="cora"):
    runs = [
        DepthRuns(np.array([accuracy]), *(np.array([0.1 * k]) for k in range(1, 6)), 1.0)
        for accuracy in by_split
    ]
    return Point(dataset, curve, depth, 0.08, runs)


def made(gcn=30.0, blocks=78.0, steps=81.0):
    ends = {"blocks": blocks, "steps": steps, "gcn": gcn}
    return [
        point(curve, depth, accuracy - 1, accuracy + 1)
        for curve, end in ends.items()
        for depth, accuracy in ((2, 80.0), (32, end))
    ]


def test_the_networks_are_as_deep_as_they_say():
    data = node_data()
    gamma = stable_gamma(data)
    assert gamma <= 0.9 * data.laplacian.max_step()
    blocks, steps, gcn = (CURVES[name](data, 4, 6) for name in ("blocks", "steps", "gcn"))
    assert (blocks.blocks, blocks.steps, blocks.width, blocks.gamma) == (4, 1, 6, gamma)
    assert (steps.blocks, steps.steps, steps.width, steps.gamma) == (1, 4, 6, gamma)
    assert (gcn.depth, gcn.hidden) == (4, 6)
    assert {each.dropout for each in (blocks, steps, gcn)} == {PUBLISHED["cora"].dropout}
    words = sp.csr_array((len(data), 3703), dtype=np.float32)
    flat = replace(data, name="citeseer", features=words, classes=6)
    assert stable_gamma(flat) == min(0.20, 0.9 * data.laplacian.max_step())


@pytest.mark.parametrize("curve", list(CURVES))
@pytest.mark.parametrize("depth", [2, 3, 5])
def test_hidden_features_are_those_before_the_last_layer(curve, depth):
    data = node_data()
    model = build(data, CURVES[curve](data, depth, 6), [1, 2])
    x = hidden(model)
    assert x.shape == (2, len(data), 6)
    with torch.no_grad():
        expected = model.eval()(torch.arange(len(data)))
        if isinstance(model, GCN):
            spread = torch.from_numpy(data.normalized_adjacency.toarray()).float()
            scores = spread @ (x @ model.weights[-1]) + model.biases[-1][:, None]
        else:
            scores = x @ model.head + model.head_bias[:, None]
    torch.testing.assert_close(scores, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("curve", list(CURVES))
def test_one_split_is_the_same_from_its_shard(curve, tmp_path):
    data, training = node_data(), EarlyStoppingConfig(0.02, epochs=15)
    settings = CURVES[curve](data, 3, 6)
    state = torch.random.get_rng_state()
    found = depth_runs(data, settings, PROTOCOL, training, 1, tmp_path)
    assert torch.equal(state, torch.random.get_rng_state())
    (path,) = tmp_path.rglob("*.npz")
    assert path.name == "0001.npz"
    again = depth_runs(data, settings, PROTOCOL, training, 1, tmp_path)
    afresh = depth_runs(data, settings, PROTOCOL, training, 1)
    assert again.seconds == found.seconds  # only a reading has the first run's seconds
    for name in ("accuracy", "before", "after", "spread_before", "spread_after", "epochs"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
        np.testing.assert_array_equal(getattr(afresh, name), getattr(found, name))
        assert getattr(found, name).shape == (2,)
    assert ((found.before >= 0) & (found.before <= 2)).all()
    assert (found.before != found.after).all()


def test_other_settings_have_other_shards(tmp_path):
    data, training = node_data(), EarlyStoppingConfig(epochs=2)
    settings = GCNConfig(2, 4, 0.1)
    for case in (
        (data, settings, PROTOCOL, training, 0),
        (node_data(seed=3), settings, PROTOCOL, training, 0),
        (data, replace(settings, depth=3), PROTOCOL, training, 0),
        (data, settings, replace(PROTOCOL, inits=1), training, 0),
        (data, settings, PROTOCOL, EarlyStoppingConfig(epochs=3), 0),
        (data, settings, PROTOCOL, training, 1),
        (data, settings, replace(PROTOCOL, splits=9), training, 0),  # as the first
    ):
        depth_runs(*case, tmp_path)
    assert len(list(tmp_path.rglob("*.npz"))) == 6


def test_untrained_gcns_collapse_with_depth():
    data, training = node_data(), EarlyStoppingConfig(epochs=1)
    shallow, deep = (
        depth_runs(data, GCNConfig(depth, 32, 0.0), PROTOCOL, training, 0) for depth in (2, 32)
    )
    assert float(deep.before.max()) < 1e-3 < float(shallow.before.min())
    assert float(deep.spread_before.max()) < float(shallow.spread_before.min())


def test_losses_are_relative_to_the_least_depth_and_paired():
    found = loss(point("gcn", 2, 80.0, 60.0), point("gcn", 32, 30.0, 20.0))
    assert found.points == 45.0
    assert found.relative == pytest.approx(100 * 45 / 70)
    assert found.error == pytest.approx(np.std([50.0, 40.0], ddof=1) / np.sqrt(2))
    assert np.isnan(clustered_error(np.array([1.0])))
    both = [*made(), *(replace(each, dataset="pubmed") for each in made(gcn=70.0))]
    assert mean_losses(both)["gcn"] == pytest.approx((62.5 + 12.5) / 2)


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ({}, ("GCN holds;", "Diff-ResNet holds for blocks and holds for steps")),
        ({"gcn": 60.0}, ("GCN does not hold;",)),
        ({"blocks": 70.0}, ("Diff-ResNet does not hold for blocks and holds for steps",)),
    ],
)
def test_the_claim_is_judged_by_the_numbers(ends, words):
    text = " ".join(depth_section(made(**ends), PLAN).text)
    assert all(each in text for each in words)
    cut = " ".join(depth_section(made(**ends), replace(PLAN, epochs=40)).text)
    assert "not judged" in cut
    assert not any(each in cut for each in words)


def test_rows_tables_and_finding():
    points = made(gcn=82.0)
    rows = depth_rows(points, PLAN)
    json.dumps(rows)
    assert len(rows) == 6
    assert {row["depth_of"] for row in rows} == {"layers", "blocks", "steps"}
    assert rows[-1]["accuracy"] == 82.0
    assert rows[-1]["standard_error"] == pytest.approx(1.0)
    section = depth_section(points, PLAN)
    accuracy, energy = section.tables
    assert [cell.loss for cell in accuracy.rows[1][1]] == [False, False, True]
    assert [cell.best for cell in accuracy.rows[1][1]] == [False, False, True]
    assert [cell.value for cell in accuracy.rows[2][1]] == ["−2.0", "+1.0", "+2.0"]
    names = [f"{depth}, {what}" for depth in (2, 32) for what in ("energy", "spread")]
    assert [name for name, _ in energy.rows] == names
    assert [cells[0].value for _, cells in energy.rows[:2]] == ["0.1 → 0.2", "0.3 → 0.4"]
    assert "GCN gains 2.5% of its accuracy; Diff-ResNet loses 2.5%" in finding(points, PLAN)


def test_the_whole_part_and_its_need_of_graphs(tmp_path):
    plan = DepthPlan(1, 1, (2, 3), ("cora",), width=6, epochs=3, jobs=1)
    with pytest.raises(InputError, match=r"needs the graphs cora: .*DIFFRESNET_DATA"):
        fig5(Setup(), plan)
    write_graph(tmp_path / "cora.npz")
    part = fig5(Setup(data=tmp_path, shards=tmp_path / "runs"), plan)
    assert [p.name for gallery in part.section.galleries for p in gallery] == ["fig5"]
    assert len(part.rows) == 6
    assert len(list((tmp_path / "runs").rglob("*.npz"))) == 6
    assert part.finding.startswith("After at most 3 epochs: from depth 2 to depth 3")
