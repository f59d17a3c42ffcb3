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
from diffresnet.graphs.self_training.network import SelfTrainingConfig
from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.nodes.graphs import required_graphs
from diffresnet_lab.experiments.nodes.results import ModelResult, all_runs
from diffresnet_lab.experiments.plans import read_plan
from diffresnet_lab.experiments.table1 import page
from diffresnet_lab.experiments.table1.ablation import CHANGES, ablation_rows, run_ablation
from diffresnet_lab.experiments.table1.page import (
    EXPERIMENT,
    ablation_part,
    ablation_table,
    accuracy_figure,
    accuracy_table,
    gain_rows,
    gains_table,
    rivals_table,
    table_part,
)
from diffresnet_lab.experiments.table1.plan import Table1Plan
from diffresnet_lab.experiments.table1.study import (
    SHORTER,
    diffusion_gains,
    mean_gain,
    published,
    rival_rows,
    run_table,
    specs_of,
    table_rows,
    with_shorter_steps,
    without_library,
)
from diffresnet_lab.nodes.models.diff_resnet import PUBLISHED
from diffresnet_lab.nodes.registry import MODELS
from diffresnet_lab.nodes.results import SplitRuns
from node_cases import node_data

TINY = Table1Plan(
    (2, 2),
    datasets=("cora", "citeseer"),
    models=("diff_resnet", "no_diff_resnet", "gcn", "mlp", "label_propagation"),
    epochs=4,
    model_runs={"label_propagation": (2, 1), "mlp": (1, 1)},
    model_runs_on={"citeseer": {"mlp": (0, 0)}},
    ablation_datasets=("cora",),
    changes=("no teacher", "no diffusion"),
)
PLANS = {
    section: read_plan(EXPERIMENT.folder / "plan.toml", Table1Plan, section)
    for section in ("full", "paper", "quick")
}


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
    return run_table(RunConfig(data=folder), TINY)


def result(model, *accuracies, dataset="cora"):
    zeros = np.zeros(len(accuracies[0]))
    runs = [SplitRuns(zeros[:, None], np.array(a), zeros, zeros, 1.0) for a in accuracies]
    return ModelResult(dataset, model, model.upper(), runs)


def four_models(gain=20.0, dataset="cora"):
    """Diff-ResNet at 80 on average over two splits, two rivals at 82 and 75, and its ablation."""
    return [
        result("diff_resnet", [79.0, 80.0], [80.0, 81.0], dataset=dataset),
        result("no_diff_resnet", [79.5 - gain], [80.5 - gain], dataset=dataset),
        result("gcn", [81.5], [82.5], dataset=dataset),
        result("mlp", [74.5], [75.4], dataset=dataset),
    ]


def titled(results):
    """Rows as the page has them."""
    return [{**row, "title": row["model"].upper()} for row in table_rows(results)]


def column(table, header):
    """First cell of a row -> its cell in a column."""
    index = table.header.index(header)
    return {cells[0].text: cells[index] for cells in table.rows}


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
        assert (row["splits"], row["inits"]) == TINY.runs_of(row["model"], row["dataset"])
        assert 0 <= row["accuracy"] <= 100
        assert row["seconds_per_run"] > 0
        expected = {"gcn": {"cora": "81.5 ± 1.3", "citeseer": "71.9 ± 1.9"}}
        assert row["quoted"] == expected.get(row["model"], {}).get(row["dataset"])
        assert ("difference" in row) == (row["model"] != "diff_resnet")


def test_every_run_is_told_and_makes_the_rows(results):
    runs = all_runs(results)
    json.dumps(runs)
    for row in table_rows(results):
        key = row["dataset"], row["model"]
        model_runs = [r for r in runs if (r["dataset"], r["model"]) == key]
        assert [(r["split"], r["init"]) for r in model_runs] == [
            (split, init) for split in range(row["splits"]) for init in range(row["inits"])
        ]
        assert np.mean([r["accuracy"] for r in model_runs]) == pytest.approx(row["accuracy"])
        assert np.std([r["accuracy"] for r in model_runs]) == pytest.approx(row["std"])


def test_a_stopped_table_goes_on_from_its_shards(folder, tmp_path):
    config = RunConfig(data=folder, shards=tmp_path / "runs")
    plan = replace(TINY, datasets=("cora",), models=("gcn", "mlp"))
    first = run_table(config, plan)
    written = sorted((tmp_path / "runs").rglob("*.npz"))
    assert len(written) == 2 + 1
    written[0].unlink()
    again = run_table(config, plan)
    for one, other in zip(first, again, strict=True):
        for a, b in zip(one.runs, other.runs, strict=True):
            np.testing.assert_array_equal(a.predicted, b.predicted)
    # Only a reading has the first run's seconds.
    assert [run.seconds for run in again[1].runs] == [run.seconds for run in first[1].runs]


def test_differences_are_paired_by_split():
    one, other = result("a", [80.0, 82.0], [70.0, 72.0], [1.0, 1.0]), result("b", [80.0], [73.0])
    difference = one.less(other)
    assert (difference.mean, difference.clusters) == (-0.5, 2)
    assert difference.error == pytest.approx(np.std([1.0, -2.0], ddof=1) / np.sqrt(2))
    assert np.isnan(one.less(result("b", [80.0])).error)


def test_gain_over_data_sets():
    gains = diffusion_gains([*four_models(20.0), *four_models(6.0, "citeseer")])
    assert {name: gain.mean for name, gain in gains.items()} == pytest.approx(
        {"cora": 20.0, "citeseer": 6.0}
    )
    errors = zip(gains.values(), (3, 4), strict=True)
    mean = mean_gain([replace(gain, error=error) for gain, error in errors])
    assert (mean.mean, mean.error) == (pytest.approx(13.0), 2.5)


@pytest.mark.parametrize(("gain", "holds"), [(20.0, True), (6.0, False)])
def test_the_claim_is_judged_by_the_mean_gain(gain, holds):
    gains = diffusion_gains([*four_models(gain), *four_models(gain, "citeseer")])
    rows = gain_rows(gains, trained=True)
    assert [row["gain"] for row in rows] == pytest.approx([gain] * 3)
    assert ["claim_holds" in row for row in rows] == [False, False, True]
    assert rows[-1]["claim_holds"] == holds
    assert column(gains_table(rows), "more than 15")["on average"].unfavourable == (not holds)
    assert not any("claim_holds" in row for row in gain_rows(gains, trained=False))


def test_rivals_ahead_and_behind_are_named():
    (row,) = rival_rows(four_models())
    assert (row["ahead"], row["behind"]) == (["MLP"], ["GCN"])
    assert (row["closest"], row["points"], row["splits"]) == ("GCN", -2.0, 2)
    table = rivals_table([row])
    assert column(table, "behind")["Cora, DIFF_RESNET"].unfavourable
    assert column(table, "ahead of")["Cora, DIFF_RESNET"].text == "1"
    one_split = [replace(each, runs=each.runs[:1]) for each in four_models()]
    (row,) = rival_rows(one_split)
    assert "ahead" not in row
    assert column(rivals_table([row]), "behind")["Cora, DIFF_RESNET"].text == "–"


def test_clear_deficits_are_marked_and_the_best_is_bold():
    table = accuracy_table(titled(four_models()))
    accuracy, less = column(table, "accuracy"), column(table, "less Diff-ResNet")
    assert [name for name, cell in accuracy.items() if cell.best] == ["GCN"]
    assert [name for name, cell in less.items() if cell.unfavourable] == ["GCN"]
    assert (less["GCN"].text, less["MLP"].text) == ("+2.0", "−5.0")
    assert (less["GCN"].detail[-5:], less["MLP"].detail[-6:]) == ("ahead", "behind")
    quoted, runs = column(table, "published"), column(table, "runs")
    assert (quoted["GCN"].text, quoted["MLP"].text) == ("81.5 ± 1.3", "–")
    assert runs["DIFF_RESNET"].text == "2 × 2"


def test_the_best_is_compared_with_every_baseline():
    results = [*four_models(), result("best", [81.0, 82.0], [81.1, 82.1])]
    less = column(accuracy_table(titled(results)), "best less it")
    assert (less["GCN"].text, less["MLP"].text, less["BEST"].text) == ("−0.5", "+6.6", "–")
    assert [name for name, cell in less.items() if cell.detail.endswith("level")] == ["GCN"]
    (row,) = [row for row in table_rows(results) if row["model"] == "mlp"]
    assert row["best_ahead"] == pytest.approx(6.6)
    assert len(rival_rows(results)) == 2


def test_models_missing_from_a_panel_keep_their_row():
    rows = titled(four_models())
    figure = accuracy_figure({"cora": rows, "pubmed": rows[:1]})
    one, two = figure.axes
    names = ["DIFF_RESNET", "NO_DIFF_RESNET", "GCN", "MLP"]
    assert [label.get_text() for label in one.get_yticklabels()] == names
    assert [len(line.get_xdata()) for line in two.lines if line.get_label() == "others"] == [0]
    entries = [text.get_text() for text in figure.legends[0].get_texts()]
    assert entries == ["Diff-ResNet", "others", "published"]


def test_only_steps_past_the_bound_are_shortened():
    assert with_shorter_steps(node_data()) is None  # nothing was published of it
    config = PUBLISHED["pubmed"]
    gentle, steep = (star(leaves) for leaves in (9, 99))
    assert steep.laplacian.max_step() < config.gamma < gentle.laplacian.max_step()
    assert with_shorter_steps(gentle) is None
    shorter = with_shorter_steps(steep).config
    assert shorter.gamma * shorter.steps == pytest.approx(config.gamma * config.steps)
    assert shorter.gamma <= 0.9 * steep.laplacian.max_step()
    assert shorter.dropout == config.dropout
    names = [each.name for each in specs_of(steep, TINY)]
    assert names == ["diff_resnet", SHORTER, *TINY.models[1:]]


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


def test_without_library_its_models_are_left_out(monkeypatch):
    plan = replace(TINY, models=("gde", "gcn", "grand_l"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert without_library(plan) == ("gde", "grand_l")
    assert [each.name for each in specs_of(node_data(), plan)] == ["gcn"]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    assert without_library(plan) == ()


def test_missing_graphs_are_told(folder):
    with pytest.raises(InputError, match=r"needs the graphs cora, citeseer: .*DIFFRESNET_DATA"):
        table_part(RunConfig(), TINY)
    with pytest.raises(InputError, match=r"pubmed.*does not exist: put it there"):
        required_graphs(RunConfig(data=folder), ["cora", "pubmed"])


def test_the_plans_name_models_and_changes_that_there_are():
    for plan in PLANS.values():
        assert set(plan.models) <= set(MODELS)
        named = {*plan.model_runs, *(m for on in plan.model_runs_on.values() for m in on)}
        assert named <= {*MODELS, SHORTER}
        assert set(plan.changes) <= set(CHANGES)
    assert set(PLANS["full"].changes) == set(CHANGES)


def test_runs_of_the_plans():
    full, paper = PLANS["full"], PLANS["paper"]
    assert paper.runs_of("grand_nl_rw", "pubmed") == (100, 20)
    assert full.runs_of("diff_resnet", "cora") == (20, 5)
    assert full.runs_of("diff_resnet", "pubmed") == (3, 1)
    assert full.runs_of("gcn", "pubmed") == (5, 2)
    assert full.runs_of("label_propagation", "pubmed") == (5, 1)
    assert full.runs_of("best", "cora") == (10, 2)
    assert full.too_slow("cora") == ()
    slow = {"sage_maxpool", "gde", "grand_l", "grand_nl", "grand_nl_rw", "gcnii"}
    assert set(full.too_slow("pubmed")) == slow
    assert "diff_resnet on citeseer 10 × 5" in full.settings()["of_some_models"]
    assert TINY.settings()["splits_and_inits"] == "2 × 2"


def test_published_accuracies_are_of_baselines():
    assert published("gcn", "cora") == (81.5, 1.3)
    assert published("best", "cora") is None


def test_every_change_changes_the_settings():
    base = SelfTrainingConfig()
    changed = [replace(base, **change) for change in CHANGES.values()]
    assert len({base, *changed}) == 1 + len(CHANGES)


def test_the_ablation_pairs_each_change_with_the_model_as_it_is(folder):
    part = ablation_part(RunConfig(data=folder), TINY)
    json.dumps(part.rows)
    assert [row["change"] for row in part.rows] == ["", *TINY.changes]
    whole, *others = part.rows
    assert whole["difference"] == 0.0
    for row in others:
        assert row["difference"] == pytest.approx(row["accuracy"] - whole["accuracy"])
    assert {run["model"] for run in part.runs} == {"best", *TINY.changes}
    assert part.settings["splits_and_inits"] == "2 × 2"


def test_changes_that_gain_are_marked():
    results = [
        result("best", [80.0], [82.0]),
        result("worse", [70.0], [73.0]),
        result("same", [79.0], [83.0]),
        result("better", [82.0], [85.0]),
    ]
    less = column(ablation_table(ablation_rows(results)), "less as it is")
    assert less["as it is"].text == "–"
    assert less["as it is"].detail == ""
    verdicts = {name: cell.detail.split()[-1] for name, cell in less.items() if cell.detail}
    assert verdicts == {"worse": "behind", "same": "level", "better": "ahead"}
    assert [name for name, cell in less.items() if cell.unfavourable] == ["better"]


def test_the_ablation_reads_the_runs_of_before(folder, tmp_path):
    config = RunConfig(data=folder, shards=tmp_path)
    first, again = run_ablation(config, TINY), run_ablation(config, TINY)
    for one, other in zip(first, again, strict=True):
        assert [run.seconds for run in one.runs] == [run.seconds for run in other.runs]
        np.testing.assert_array_equal(one.runs[0].accuracy, other.runs[0].accuracy)


def test_the_whole_page(folder):
    report = EXPERIMENT.report(RunConfig(data=folder), plan=TINY)
    assert set(report.files) == {
        "table1_table",
        "table1_table_runs",
        "table1_ablation",
        "table1_ablation_runs",
    }
    assert list(report.figures) == ["table1"]
    assert len(report.text.findings) == 2


def test_the_page_of_trained_models(monkeypatch):
    best = result("best", [81.0, 82.0], [81.1, 82.1])
    shorter = [result(SHORTER, [81.0], [82.0], dataset="citeseer")]
    results = [*four_models(), best, *four_models(6.0, "citeseer"), *shorter]
    changes = [best, result("no teacher", [70.0], [73.0]), result("no diffusion", [82.0], [85.0])]
    monkeypatch.setattr(page, "run_table", lambda config, plan: results)
    monkeypatch.setattr(page, "run_ablation", lambda config, plan: changes)
    report = EXPERIMENT.report(RunConfig(), plan=replace(TINY, epochs=1000))
    assert len(report.text.findings) == 2
    assert len(report.rows) == len(results) + len(changes)
