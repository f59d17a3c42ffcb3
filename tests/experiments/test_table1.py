import importlib.util
import json
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from citation_cases import write_graph
from diffresnet.errors import InputError
from diffresnet.graphs.node_data import NodeData
from diffresnet_lab.experiments.experiment import Setup
from diffresnet_lab.experiments.table1 import QUICK, TWO_CORES, table1
from diffresnet_lab.experiments.table1.graphs import citation_graphs
from diffresnet_lab.experiments.table1.plan import PAPER, TOO_SLOW_ON_PUBMED, Counts, Plan
from diffresnet_lab.experiments.table1.quoted import quoted
from diffresnet_lab.experiments.table1.section import table_section
from diffresnet_lab.experiments.table1.study import (
    Result,
    all_runs,
    difference,
    left_out,
    mended,
    run_table,
    specs_of,
    table_rows,
)
from diffresnet_lab.experiments.table1.words import (
    best_text,
    bound_text,
    finding,
    gain_text,
    gains,
    mean_gain,
    rivals_text,
)
from diffresnet_lab.nodes.models.diff_resnet import PUBLISHED
from diffresnet_lab.nodes.registry import MODELS
from diffresnet_lab.nodes.results import SplitRuns
from node_cases import node_data

TINY = Plan(
    Counts(2, 2),
    {
        "label_propagation": Counts(2, 1),
        "mlp": Counts(1, 1),
        ("mlp", "citeseer"): Counts(0, 0),
    },
    datasets=("cora", "citeseer"),
    models=("diff_resnet", "no_diff_resnet", "gcn", "mlp", "label_propagation"),
    epochs=4,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data folder whose citation graphs are tiny."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "graphs").mkdir()
    write_graph(folder / "graphs" / "cora.npz")
    write_graph(folder / "citeseer.npz", seed=1)
    return folder


@pytest.fixture(scope="module")
def results(folder):
    return run_table(Setup(data=folder), TINY)


def runs(*accuracies, seconds=1.0):
    zeros = np.zeros(len(accuracies[0]))
    return [SplitRuns(zeros[:, None], np.array(a), zeros, zeros, seconds) for a in accuracies]


def result(model, *accuracies, dataset="cora", published=None):
    return Result(dataset, model, model.upper(), runs(*accuracies), published)


def made(gain=20.0, dataset="cora"):
    """Diff-ResNet at 80 on average over two splits, two rivals at 82 and 75, and its ablation."""
    return [
        result("diff_resnet", [79.0, 80.0], [80.0, 81.0], dataset=dataset),
        result("no_diff_resnet", [79.5 - gain], [80.5 - gain], dataset=dataset),
        result("gcn", [81.5], [82.5], dataset=dataset, published=quoted("gcn", "cora")),
        result("mlp", [74.5], [75.4], dataset=dataset),
    ]


def test_rows_are_those_of_the_contract(results):
    rows = table_rows(results)
    json.dumps(rows)
    assert [(row["dataset"], row["model"]) for row in rows] == [
        (name, model)
        for name in TINY.datasets
        for model in TINY.models
        if model not in TINY.too_slow(name)
    ]
    for row in rows:
        assert (row["splits"], row["inits"]) == (
            TINY.of(row["model"], row["dataset"]).splits,
            TINY.of(row["model"], row["dataset"]).inits,
        )
        assert 0 <= row["accuracy"] <= 100
        assert row["seconds_per_run"] > 0
        expected = {"gcn": {"cora": "81.5 ± 1.3", "citeseer": "71.9 ± 1.9"}}
        assert row["quoted"] == expected.get(row["model"], {}).get(row["dataset"])
        assert ("difference" in row) == (row["model"] != "diff_resnet")


def test_every_run_is_told_and_makes_the_rows(results):
    told = all_runs(results)
    json.dumps(told)
    for row in table_rows(results):
        own = [r for r in told if (r["dataset"], r["model"]) == (row["dataset"], row["model"])]
        assert [(r["split"], r["init"]) for r in own] == [
            (split, init) for split in range(row["splits"]) for init in range(row["inits"])
        ]
        assert np.mean([r["accuracy"] for r in own]) == pytest.approx(row["accuracy"])
        assert np.std([r["accuracy"] for r in own]) == pytest.approx(row["std"])


def test_a_stopped_table_goes_on_from_its_shards(folder, tmp_path):
    setup = Setup(data=folder, shards=tmp_path / "runs")
    plan = replace(TINY, datasets=("cora",), models=("gcn", "mlp"))
    first = run_table(setup, plan)
    written = sorted((tmp_path / "runs").rglob("*.npz"))
    assert len(written) == 2 + 1
    written[0].unlink()
    again = run_table(setup, plan)
    for one, other in zip(first, again, strict=True):
        for a, b in zip(one.runs, other.runs, strict=True):
            np.testing.assert_array_equal(a.predicted, b.predicted)
    # Only a reading has the first run's seconds.
    assert [run.seconds for run in again[1].runs] == [run.seconds for run in first[1].runs]


def test_differences_are_paired_by_split():
    one, other = result("a", [80.0, 82.0], [70.0, 72.0], [1.0, 1.0]), result("b", [80.0], [73.0])
    found = difference(one, other)
    assert (found.mean, found.clusters) == (-0.5, 2)
    assert found.error == pytest.approx(np.std([1.0, -2.0], ddof=1) / np.sqrt(2))
    assert np.isnan(difference(one, result("b", [80.0])).error)


def test_gain_over_data_sets():
    found = gains([*made(20.0), *made(6.0, "citeseer")])
    assert {name: each.mean for name, each in found.items()} == pytest.approx(
        {"cora": 20.0, "citeseer": 6.0}
    )
    errors = zip(found.values(), (3, 4), strict=True)
    mean = mean_gain([replace(each, error=error) for each, error in errors])
    assert (mean.mean, mean.error) == (pytest.approx(13.0), 2.5)


@pytest.mark.parametrize(("gain", "verdict"), [(20.0, "holds here"), (6.0, "does not hold here")])
def test_the_claim_is_judged_by_the_numbers(gain, verdict):
    text = gain_text([*made(gain), *made(gain, "citeseer")])
    assert f"The claim {verdict}." in text
    assert f"+{gain:.1f}" in text
    assert verdict not in gain_text(made(gain), trained=False)
    assert "more than 15" in finding(made(gain))
    assert f"+{gain:.1f}" in finding(made(gain))


def test_rivals_ahead_and_behind_are_counted():
    text = rivals_text(made())
    assert "GCN is ahead of Diff-ResNet" in text
    assert "1 of 2 models are behind" in text


def test_losses_are_marked_and_the_best_is_bold():
    section = table_section(made(), TINY, ("gde", "cgnn"))
    (table,) = section.tables
    cells = dict(table.rows)
    assert [name for name, of in cells.items() if of[0].best] == ["GCN"]
    assert [name for name, of in cells.items() if of[2].loss] == ["GCN"]
    assert (cells["GCN"][2].value, cells["MLP"][2].value) == ("+2.0", "−5.0")
    assert cells["GCN"][4].value == "81.5 ± 1.3"
    assert cells["MLP"][4].value == "–"
    assert cells["DIFF_RESNET"][5].value == "2 × 2"
    assert "torchdiffeq is not installed: gde, cgnn" in table.note
    assert [p.name for gallery in section.galleries for p in gallery] == ["table1"]


def test_the_best_is_compared_with_every_baseline_and_its_losses_marked():
    results = [*made(), result("best", [81.0, 82.0], [81.0, 82.0])]
    cells = dict(table_section(results, TINY, ()).tables[0].rows)
    assert [name for name, of in cells.items() if of[3].loss] == ["GCN"]
    assert (cells["GCN"][3].value, cells["MLP"][3].value) == ("−0.5", "+6.5")
    assert cells["BEST"][3].value == "–"
    (row,) = [row for row in table_rows(results) if row["model"] == "mlp"]
    assert row["best_ahead"] == pytest.approx(6.55)
    text = best_text(results)
    assert "ahead of 1 of 2 baselines" in text
    assert "closest rival is GCN (−0.5 ± 0.5 points, 2 splits)" in text
    assert best_text(made()) == ""


def test_only_steps_past_the_bound_are_mended():
    assert mended(node_data()) is None  # nothing was published of it
    published = PUBLISHED["pubmed"]
    gentle, steep = (star(leaves) for leaves in (9, 99))
    assert steep.laplacian.max_step() < published.gamma < gentle.laplacian.max_step()
    assert mended(gentle) is None
    config = mended(steep).config
    assert config.gamma * config.steps == pytest.approx(published.gamma * published.steps)
    assert config.gamma <= 0.9 * steep.laplacian.max_step()
    assert config.dropout == published.dropout
    names = [each.name for each in specs_of(steep, TINY)]
    assert names == ["diff_resnet", "diff_resnet_mended", *TINY.models[1:]]
    published, found = result("diff_resnet", [80.0]), result("diff_resnet_mended", [81.5])
    assert "by +1.5 points" in bound_text([published, found])


def star(leaves):
    """Under the name of Pubmed, and as wide; the eigenvalues of a hub grow with its leaves."""
    ends = np.arange(1, leaves + 1)
    half = sp.coo_array((np.ones(leaves), (np.zeros(leaves, int), ends)), (leaves + 1,) * 2)
    adjacency = sp.csr_array(half + half.T)
    features = sp.csr_array(
        (adjacency.data, adjacency.indices, adjacency.indptr), (leaves + 1, 500)
    )
    labels = torch.arange(leaves + 1) % 3
    return NodeData("pubmed", adjacency, features, labels, 3, torch.device("cpu"))


def test_without_torchdiffeq_its_models_are_left_out(monkeypatch):
    plan = replace(TINY, models=("gde", "gcn", "grand_l"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert left_out(plan) == ("gde", "grand_l")
    assert [each.name for each in specs_of(node_data(), plan)] == ["gcn"]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    assert left_out(plan) == ()


def test_missing_graphs_are_told(folder):
    with pytest.raises(InputError, match=r"needs the graphs cora, citeseer: .*DIFFRESNET_DATA"):
        table1(Setup(), replace(TINY, datasets=("cora", "citeseer")))
    with pytest.raises(InputError, match=r"pubmed.*does not exist: put it there"):
        citation_graphs(Setup(data=folder), ["cora", "pubmed"])


def test_the_plans_name_models_that_there_are():
    for plan in (PAPER, TWO_CORES, QUICK):
        assert set(plan.models) <= set(MODELS)
        named = {what if isinstance(what, str) else what[0] for what in plan.own}
        assert named <= {*MODELS, "diff_resnet_mended"}
    assert str(PAPER.of("grand_nl_rw", "pubmed")) == "100 × 20"
    assert str(TWO_CORES.of("diff_resnet", "cora")) == "20 × 5"
    assert str(TWO_CORES.of("diff_resnet", "pubmed")) == "3 × 1"
    assert TWO_CORES.too_slow("cora") == ()
    assert set(TWO_CORES.too_slow("pubmed")) == set(TOO_SLOW_ON_PUBMED)
    assert str(TWO_CORES.of("gcn", "pubmed")) == "5 × 2"


def test_the_whole_part(folder):
    part = table1(Setup(data=folder), TINY)
    assert part.finding.startswith("After at most 4 epochs: Diff-ResNet has")
    assert part.settings["splits_and_inits"] == "2 × 2"
    assert len(part.section.tables) == 2
    assert "nothing of how good" in part.section.text[0]
