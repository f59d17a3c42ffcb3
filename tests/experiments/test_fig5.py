import json
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from citation_cases import write_graph
from diffresnet.errors import InputError
from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.fig5.networks import (
    NETWORKS,
    build,
    hidden,
    stable_gamma,
    train_splits,
)
from diffresnet_lab.experiments.fig5.page import (
    EXPERIMENT,
    FLOOR,
    accuracy_table,
    claim_table,
    depth_figure,
    energy_table,
)
from diffresnet_lab.experiments.fig5.plan import Fig5Plan
from diffresnet_lab.experiments.fig5.study import DepthResult, change_rows, claim_rows, depth_rows
from diffresnet_lab.experiments.plans import read_plan
from diffresnet_lab.nodes.models.diff_resnet import PUBLISHED
from diffresnet_lab.nodes.models.gcn import GCN, GCNConfig
from diffresnet_lab.nodes.protocol import Protocol
from diffresnet_lab.nodes.training import EarlyStoppingConfig
from node_cases import node_data

PROTOCOL = Protocol(splits=2, inits=2, train_per_class=4, validation_per_class=5)
PLAN = Fig5Plan(2, 1, (2, 32), ("cora",))
MEASURES = ("accuracy", "energy_before", "energy_after", "spread_before", "spread_after", "epochs")


def result(network, depth, *by_split, dataset="cora"):
    splits = [
        {
            "accuracy": np.array([accuracy]),
            **{name: np.array([0.1 * k]) for k, name in enumerate(MEASURES[1:], start=1)},
            "seconds": np.array(1.0),
        }
        for accuracy in by_split
    ]
    return DepthResult(dataset, network, depth, 0.08, splits)


def results(dataset="cora", gcn=30.0, blocks=78.0, steps=81.0):
    ends = {"blocks": blocks, "steps": steps, "gcn": gcn}
    return [
        result(network, depth, accuracy - 1, accuracy + 1, dataset=dataset)
        for network, end in ends.items()
        for depth, accuracy in ((2, 80.0), (32, end))
    ]


def test_the_networks_are_as_deep_as_they_say():
    data = node_data()
    gamma = stable_gamma(data)
    assert gamma <= 0.9 * data.laplacian.max_step()
    blocks, steps, gcn = (NETWORKS[name](data, 4, 6) for name in ("blocks", "steps", "gcn"))
    assert (blocks.blocks, blocks.steps, blocks.width, blocks.gamma) == (4, 1, 6, gamma)
    assert (steps.blocks, steps.steps, steps.width, steps.gamma) == (1, 4, 6, gamma)
    assert (gcn.depth, gcn.hidden) == (4, 6)
    assert {each.dropout for each in (blocks, steps, gcn)} == {PUBLISHED["cora"].dropout}
    words = sp.csr_array((len(data), 3703), dtype=np.float32)
    flat = replace(data, name="citeseer", features=words, classes=6)
    assert stable_gamma(flat) == min(0.20, 0.9 * data.laplacian.max_step())


@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize("depth", [2, 3, 5])
def test_hidden_features_are_those_before_the_last_layer(network, depth):
    data = node_data()
    model = build(data, NETWORKS[network](data, depth, 6), [1, 2])
    x = hidden(model)
    assert x.shape == (2, len(data), 6)
    with torch.no_grad():
        expected = model.eval()(torch.arange(len(data)))
        if isinstance(model, GCN):
            propagation = torch.from_numpy(data.normalized_adjacency.toarray()).float()
            scores = propagation @ (x @ model.weights[-1]) + model.biases[-1][:, None]
        else:
            scores = x @ model.head + model.head_bias[:, None]
    torch.testing.assert_close(scores, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("network", list(NETWORKS))
def test_splits_are_the_same_from_their_shards(network, tmp_path):
    data, training = node_data(), EarlyStoppingConfig(0.02, epochs=15)
    config = NETWORKS[network](data, 3, 6)
    state = torch.random.get_rng_state()
    first = train_splits(data, config, PROTOCOL, training, cache=tmp_path)
    assert torch.equal(state, torch.random.get_rng_state())
    assert sorted(path.name for path in tmp_path.rglob("*.npz")) == ["0000.npz", "0001.npz"]
    again = train_splits(data, config, PROTOCOL, training, cache=tmp_path)
    afresh = train_splits(data, config, PROTOCOL, training)
    for split, kept, computed in zip(first, again, afresh, strict=True):
        assert kept["seconds"] == split["seconds"]  # only a reading has the first run's seconds
        for name in MEASURES:
            assert split[name].shape == (2,)
            np.testing.assert_array_equal(kept[name], split[name])
            np.testing.assert_array_equal(computed[name], split[name])
        assert ((split["energy_before"] >= 0) & (split["energy_before"] <= 2)).all()
        assert (split["energy_before"] != split["energy_after"]).all()


def test_other_settings_have_other_shards(tmp_path):
    data, training = node_data(), EarlyStoppingConfig(epochs=2)
    config, one = GCNConfig(2, 4, 0.1), replace(PROTOCOL, splits=1)
    for case in (
        (data, config, one, training),
        (node_data(seed=3), config, one, training),
        (data, replace(config, depth=3), one, training),
        (data, config, replace(one, inits=1), training),
        (data, config, one, EarlyStoppingConfig(epochs=3)),
        (data, config, PROTOCOL, training),  # the first of its splits is there
    ):
        train_splits(*case, cache=tmp_path)
    assert len(list(tmp_path.rglob("*.npz"))) == 6


def test_a_damaged_shard_is_named(tmp_path):
    data, config, training = node_data(), GCNConfig(2, 4, 0.1), EarlyStoppingConfig(epochs=2)
    train_splits(data, config, PROTOCOL, training, cache=tmp_path)
    path = next(tmp_path.rglob("0001.npz"))
    np.savez(path, accuracy=np.array([1.0]))
    with pytest.raises(InputError, match=r"0001\.npz' is damaged.*delete it"):
        train_splits(data, config, PROTOCOL, training, cache=tmp_path)


def test_untrained_gcns_collapse_with_depth():
    data, training = node_data(), EarlyStoppingConfig(epochs=1)
    shallow, deep = (
        train_splits(data, GCNConfig(depth, 32, 0.0), PROTOCOL, training)[0] for depth in (2, 32)
    )
    assert float(deep["energy_before"].max()) < 1e-3 < float(shallow["energy_before"].min())
    assert float(deep["spread_before"].max()) < float(shallow["spread_before"].min())


def test_changes_are_relative_to_the_least_depth_and_paired():
    (row,) = change_rows([result("gcn", 2, 80.0, 60.0), result("gcn", 32, 30.0, 20.0)])
    assert (row["dataset"], row["network"], row["points"]) == ("cora", "gcn", -45.0)
    assert row["relative"] == pytest.approx(-100 * 45 / 70)
    assert row["error"] == pytest.approx(np.std([50.0, 40.0], ddof=1) / np.sqrt(2))


@pytest.mark.parametrize(
    ("ends", "holds"),
    [
        ({}, {"blocks": True, "steps": True, "gcn": True}),
        ({"gcn": 60.0}, {"blocks": True, "steps": True, "gcn": False}),
        ({"blocks": 70.0}, {"blocks": False, "steps": True, "gcn": True}),
    ],
)
def test_the_claim_is_judged_by_the_mean_over_graphs(ends, holds):
    changes = change_rows([*results(**ends), *results("citeseer", **ends)])
    rows = claim_rows(changes, judged=True)
    assert {row["network"]: row["holds"] for row in rows} == holds
    marks = [cells[3].unfavourable for cells in claim_table(rows).rows]
    assert marks == [not each for each in holds.values()]
    assert {row["holds"] for row in claim_rows(changes, judged=False)} == {None}
    mixed = claim_rows(change_rows([*results(), *results("pubmed", gcn=70.0)]), judged=True)
    assert mixed[-1]["relative"] == pytest.approx(-(62.5 + 12.5) / 2)


def test_rows_and_tables():
    depths = results(gcn=82.0)
    rows = depth_rows(depths, PLAN)
    json.dumps(rows)
    assert len(rows) == 6
    assert {row["depth_of"] for row in rows} == {"layers", "blocks", "steps"}
    assert rows[-1]["accuracy"] == 82.0
    assert rows[-1]["standard_error"] == pytest.approx(1.0)
    assert rows[-1]["seconds_per_run"] == 1.0
    accuracy = accuracy_table(rows, change_rows(depths), PLAN)
    assert [cell.unfavourable for cell in accuracy.rows[1][1:]] == [False, False, True]
    assert [cell.best for cell in accuracy.rows[1][1:]] == [False, False, True]
    assert [cell.text for cell in accuracy.rows[2][1:]] == ["−2.0", "+1.0", "+2.0"]
    assert [cell.text for cell in accuracy.rows[3][1:]] == ["−2.5", "+1.2", "+2.5"]
    energy = energy_table(rows)
    names = [f"{depth}, {measure}" for depth in (2, 32) for measure in ("energy", "spread")]
    assert [cells[0].text for cells in energy.rows] == names
    assert [cells[1].text for cells in energy.rows[:2]] == ["0.1 → 0.2", "0.3 → 0.4"]


def test_two_rows_of_panels_and_a_floor():
    plan = replace(PLAN, datasets=("cora", "pubmed"))
    rows = depth_rows(results(), plan)
    for row in rows:
        row["energy_before"] = 0.0 if row["depth"] == 32 else 0.5
    figure = depth_figure({"cora": rows, "pubmed": rows}, plan)
    above, _, below, other = figure.axes
    assert above.get_title() == "Cora"
    assert [tick.get_text() for tick in below.get_xticklabels()] == ["2", "32"]
    after, before = below.lines[:2]
    assert min(before.get_ydata()) == FLOOR
    assert list(after.get_ydata()) == [0.2] * 2
    assert below.lines[-1].get_ydata()[0] == 0.08
    assert other.get_ylim() == below.get_ylim() == pytest.approx((FLOOR / 3, 3.0))
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == [
        "Diff-ResNet, blocks",
        "Diff-ResNet, steps",
        "GCN, layers",
        "alike at all nodes",
    ]


def test_the_whole_page_and_its_need_of_graphs(tmp_path):
    plan = Fig5Plan(1, 1, (2, 3), ("cora",), width=6, epochs=3)
    with pytest.raises(InputError, match=r"needs the graphs cora: .*DIFFRESNET_DATA"):
        EXPERIMENT.report(RunConfig(), plan=plan)
    write_graph(tmp_path / "cora.npz")
    report = EXPERIMENT.report(RunConfig(data=tmp_path, shards=tmp_path / "runs"), plan=plan)
    assert list(report.figures) == ["fig5"]
    assert len(report.rows) == 6
    assert len(list((tmp_path / "runs").rglob("*.npz"))) == 6
    assert report.settings["depth"]["epochs"] == 3


def test_the_plan_of_the_paper_has_all_graphs():
    paper = read_plan(EXPERIMENT.folder / "plan.toml", Fig5Plan, "paper")
    assert (paper.splits, paper.inits, paper.datasets) == (5, 2, ("cora", "citeseer", "pubmed"))
    assert paper.reaches_claim
    assert not EXPERIMENT.planned(quick=True).reaches_claim
