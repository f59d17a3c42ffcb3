from dataclasses import replace

import numpy as np
import pytest

from citation_cases import write_graph
from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.nodes.graphs import find_graph
from diffresnet_lab.experiments.nodes_hard.comparison import KINDS, level_figure
from diffresnet_lab.experiments.nodes_hard.page import EXPERIMENT
from diffresnet_lab.experiments.nodes_hard.study import (
    RIVALS,
    adapted_spec,
    corrupted_cases,
    step_bounds,
)
from diffresnet_lab.nodes.corruption import Corruption
from diffresnet_lab.nodes.protocol import Protocol
from diffresnet_lab.nodes.registry import MODELS
from diffresnet_lab.pages.style import svg

FULL = EXPERIMENT.planned(quick=False)
TINY = replace(
    FULL,
    splits=2,
    inits=1,
    epochs=2,
    labels=(1, 2),
    label_graphs=("cora", "citeseer"),
    shares=(0.3,),
    damage_graphs=("cora",),
    other_graphs=("coauthor_cs",),
)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    (folder / "graphs").mkdir()
    for name in ("cora", "citeseer", "coauthor_cs"):
        write_graph(folder / "graphs" / f"{name}.npz")
    return RunConfig(data=folder, shards=folder / "runs")


@pytest.fixture(scope="module")
def parts(config):
    return EXPERIMENT.run(config, plan=TINY)


def texts(table):
    return {cells[0].text: [cell.text for cell in cells[1:]] for cells in table.rows}


def test_labels_are_run_on_every_graph_with_every_model(parts):
    rows = parts["labels"].rows
    assert {(r["dataset"], r["labels_per_class"]) for r in rows} == {
        (graph, labels) for graph in ("cora", "citeseer") for labels in (1, 2)
    }
    assert {r["model"] for r in rows} == set(TINY.models)
    assert all((r["splits"], r["inits"]) == (2, 1) for r in rows)
    assert all(r["rewired"] == r["flipped"] == r["wrong"] == 0.0 for r in rows)
    accuracy = parts["labels"].tables["labels_cora"]
    assert accuracy.header == ("labels a class", "1", "2")
    (once,) = (
        r
        for r in rows
        if (r["dataset"], r["labels_per_class"], r["model"]) == ("cora", 1, "diff_resnet_once")
    )
    assert texts(accuracy)["Diff-ResNet, dropout once"][0] == f"{once['accuracy']:.1f}"


def test_damage_is_run_in_three_kinds_and_compared_to_none(parts):
    rows = parts["damage"].rows
    kinds = {(r["rewired"], r["flipped"], r["wrong"]) for r in rows}
    assert kinds == {(0, 0, 0), (0.3, 0, 0), (0, 0.3, 0), (0, 0, 0.3)}
    assert len(rows) == 4 * len(TINY.models), "the graph as it is counts once"
    header = parts["damage"].tables["damage_cora"].header
    assert header == ("damage", "none", "edges 30%", "features 30%", "labels 30%")
    accuracy = {
        r["rewired"]: r["accuracy"]
        for r in rows
        if r["model"] == "gcn" and not r["flipped"] and not r["wrong"]
    }
    (cora,) = parts["damage"].values["losses"]["edges rewired"]
    assert cora["title"] == "Cora"
    assert cora["points"]["GCN"] == pytest.approx(accuracy[0.0] - accuracy[0.3])
    assert len(corrupted_cases((0.1, 0.3))) == 7


def test_rewired_graphs_have_bounds_of_their_own(config, parts):
    data = find_graph(config, "cora")
    protocol = Protocol(TINY.splits, TINY.inits)
    longest = [
        Corruption(edge_rewiring=0.3)
        .apply(data, protocol.split(data, index), [42, index])
        .laplacian.max_step()
        for index in range(2)
    ]
    bounds = parts["damage"].values["bounds"]["cora"]
    assert bounds["rewired_bound"] == min(longest)
    assert bounds["bound"] == data.laplacian.max_step()
    assert bounds["gamma"] == adapted_spec("diff_resnet_once", data, TINY).config.gamma
    assert step_bounds(config, TINY, data)["rewired_bound"] == bounds["bound"]


def test_a_graph_of_many_features_has_a_narrower_network(config, parts):
    rows = parts["graphs"].rows
    assert {r["dataset"] for r in rows} == {"coauthor_cs"}
    accuracy = {(r["model"], r["unit_rows"]): r["accuracy"] for r in rows}
    assert accuracy["best", True] == accuracy["best", False]  # it scales rows by itself
    assert len(accuracy) == 2 * len({model for model, _ in accuracy})
    data = find_graph(config, "coauthor_cs")
    spec = adapted_spec("diff_resnet", data, TINY)
    assert spec.config.width == 64
    assert spec.build(data, [1]).weight.shape == (1, 64, 64)
    assert parts["graphs"].values["sizes"]["Coauthor CS"]["width"] == 64
    assert adapted_spec("gcn", data, TINY).config.hidden == 64


def test_differences_are_of_the_same_splits(parts):
    case = ("dataset", "labels_per_class", "unit_rows", "rewired", "flipped", "wrong")
    for part in parts.values():
        cases = {}
        for row in part.rows:
            cases.setdefault(tuple(row[k] for k in case), {})[row["model"]] = row
        for models in cases.values():
            for name, row in models.items():
                for rival in RIVALS:
                    more = row[f"over_{rival}"]
                    if name == rival or rival not in models:  # left out
                        assert more is None
                    else:
                        assert more == pytest.approx(row["accuracy"] - models[rival]["accuracy"])
                        assert row[f"over_{rival}_error"] >= 0


def test_clear_deficits_are_marked_and_wins_are_not(parts):
    tables = {name: each for part in parts.values() for name, each in part.tables.items()}
    differences = [each for name, each in tables.items() if name.endswith("_differences")]
    assert len(differences) == 2 + 1 + 1
    for cell in (cell for table in differences for cells in table.rows for cell in cells[1:]):
        assert cell.unfavourable == cell.detail.endswith("behind")
        assert cell.text.startswith("−") or not cell.unfavourable


def test_every_table_and_figure_has_its_place(config):
    report = EXPERIMENT.report(config, plan=TINY)
    assert list(report.figures) == ["nodes_hard", "nodes_hard_damage_cora"]
    assert len(report.text.findings) == 3
    assert set(report.files) == {f"nodes_hard_{name}" for name in EXPERIMENT.parts}


def test_our_model_may_be_left_out(config):
    plan = replace(
        TINY, models=("best", "gcn"), left_out={"coauthor_cs": ("best",)}, label_graphs=("cora",)
    )
    report = EXPERIMENT.report(config, plan=plan)
    assert {row["model"] for row in report.rows if row["part"] == "graphs"} == {"gcn"}


def test_without_data_every_part_says_so():
    report = EXPERIMENT.report(RunConfig())
    assert not report.rows
    assert not report.figures
    assert not report.settings
    assert len(report.text.findings) == 3
    assert all("--data" in finding for finding in report.text.findings)


def test_what_was_declared():
    assert set(FULL.models) <= set(MODELS)
    assert FULL.labels == (1, 2, 5, 20)
    assert FULL.shares == (0.1, 0.3)
    assert FULL.splits >= 5
    assert FULL.epochs is None
    assert "grand_l" not in FULL.models_on("pubmed")
    assert FULL.models_on("cora") == FULL.models


def levels(models, *shares):
    return [
        {"model": model, "rewired": share, "accuracy": 80.0 - number, "standard_error": 1.0}
        for number, model in enumerate(models)
        for share in shares
    ]


def curves(ax):
    """The curves of a panel, by their labels."""
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


@pytest.mark.parametrize("panels", [1, 2, 3, 4])
def test_a_panel_each_and_the_legend_in_a_free_place(panels):
    rows = levels(("best", "gcn"), 1, 5, 20)
    figure = level_figure(
        {str(panel): rows for panel in range(panels)}, lambda row: row["rewired"], "labels", True
    )
    svg(figure)
    assert sum(ax.axison for ax in figure.axes) == panels
    assert bool(figure.legends) == (panels != 3)
    ax = figure.axes[0]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["1", "5", "20"]
    np.testing.assert_allclose(ax.get_xticks(), np.log([1, 5, 20]))
    best, gcn = (curves(ax)[name] for name in ("Diff-ResNet, best", "GCN"))
    # Side by side, but nearer to their own level than a fiftieth of the panel.
    np.testing.assert_allclose(best.get_xdata(), np.log([1, 5, 20]), atol=0.02 * np.log(20))
    assert (best.get_xdata() < gcn.get_xdata()).all()


def test_a_curve_keeps_its_look_where_others_are_missing():
    whole, part = levels(("best", "gcn"), 1, 2), levels(("gcn",), 1, 2)
    figure = level_figure({"a": whole, "b": part}, lambda row: row["rewired"], "labels")
    first, second = (curves(ax)["GCN"] for ax in figure.axes)
    assert first.get_color() == second.get_color()
    assert first.get_marker() == second.get_marker()


def test_kinds_of_damage_are_those_of_the_rows(parts):
    assert set(KINDS) <= set(parts["damage"].rows[0])
