from dataclasses import replace

import numpy as np
import pytest

from diffresnet.files.npz import save_npz
from diffresnet_lab.experiments.experiment import Setup, rows_of
from diffresnet_lab.experiments.nodes_hard import EXPERIMENT, plan, study
from diffresnet_lab.experiments.nodes_hard.plan import DEFAULT, MODELS, QUICK, Case, Plan
from diffresnet_lab.experiments.nodes_hard.words import counts, cut, which_model
from diffresnet_lab.nodes.corruption import Corruption
from diffresnet_lab.nodes.results import SplitRuns, accuracy_difference
from diffresnet_lab.pages.words import signed
from node_cases import two_blocks

TINY = replace(
    DEFAULT,
    splits=2,
    inits=1,
    epochs=2,
    labels=(1, 2),
    label_graphs=("cora", "citeseer"),
    shares=(0.3,),
    damage_graphs=("cora",),
    other_graphs=("coauthor_cs",),
)


def write_graphs(folder, *names):
    graph = two_blocks(n=110, words=40)
    arrays = {"labels": graph.labels}
    for prefix, matrix in (("adj", graph.adjacency), ("attr", graph.features)):
        arrays |= {
            f"{prefix}_data": matrix.data,
            f"{prefix}_indices": matrix.indices,
            f"{prefix}_indptr": matrix.indptr,
            f"{prefix}_shape": np.array(matrix.shape),
        }
    (folder / "graphs").mkdir()
    for name in names:
        save_npz(folder / "graphs" / f"{name}.npz", arrays)
    return folder


@pytest.fixture(scope="module")
def setup(tmp_path_factory):
    folder = write_graphs(tmp_path_factory.mktemp("data"), "cora", "citeseer", "coauthor_cs")
    return Setup(data=folder)


@pytest.fixture(scope="module")
def parts(setup):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "DEFAULT", TINY)
        return EXPERIMENT.run(setup)


def cells(table):
    return {name: [cell.value for cell in row] for name, row in table.rows}


def test_labels_are_run_on_every_graph_with_every_model(parts):
    rows = parts["labels"].rows
    assert {(r["dataset"], r["labels_per_class"]) for r in rows} == {
        (graph, labels) for graph in ("cora", "citeseer") for labels in (1, 2)
    }
    assert {r["model"] for r in rows if r["dataset"] == "cora"} == set(MODELS)
    # The released model is run where the plan affords it.
    assert {r["model"] for r in rows if r["dataset"] == "citeseer"} == set(MODELS) - {"diff_resnet"}
    assert all((r["splits"], r["inits"]) == (2, 1) for r in rows)
    assert all(r["rewired"] == r["flipped"] == r["wrong"] == 0.0 for r in rows)
    accuracy = parts["labels"].section.tables[0]
    assert accuracy.header == ("labels a class", "1", "2")
    (once,) = (
        r
        for r in rows
        if (r["dataset"], r["labels_per_class"], r["model"]) == ("cora", 1, "diff_resnet_once")
    )
    assert cells(accuracy)["Diff-ResNet, dropout once"][0] == f"{once['accuracy']:.1f}"


def test_damage_is_run_in_three_kinds_and_compared_to_none(parts):
    rows = parts["damage"].rows
    kinds = {(r["rewired"], r["flipped"], r["wrong"]) for r in rows}
    assert kinds == {(0, 0, 0), (0.3, 0, 0), (0, 0.3, 0), (0, 0, 0.3)}
    assert len(rows) == 4 * len(MODELS), "the graph as it is counts once"
    header = parts["damage"].section.tables[0].header
    assert header == ("damage", "none", "edges 30%", "features 30%", "labels 30%")
    finding = parts["damage"].finding
    assert "with 30% of edges rewired, " in finding
    accuracy = {
        r["rewired"]: r["accuracy"]
        for r in rows
        if r["model"] == "gcn" and not r["flipped"] and not r["wrong"]
    }
    lost = signed(accuracy[0.0] - accuracy[0.3]).removeprefix("+")
    assert f"(GCN {lost}, " in finding
    assert "γ = 0.25" in parts["damage"].section.text[2]


def test_rewired_graphs_say_whether_the_step_is_stable(setup, parts):
    data = study.graph_of(setup.data, "cora")
    protocol = study.protocol_of(setup, Case("cora"))
    bounds = [
        Corruption(edge_rewiring=0.3)
        .apply(data, protocol.split(data, index), [42, index])
        .laplacian.max_step()
        for index in range(2)
    ]
    how = "is below" if min(bounds) >= 0.25 else "is past"
    assert f"{how} {min(bounds):.3f}" in parts["damage"].section.text[2]


def test_a_graph_of_many_features_has_a_narrower_network(setup, parts):
    rows = parts["graphs"].rows
    assert {r["dataset"] for r in rows} == {"coauthor_cs"}
    of = {(r["model"], r["unit_rows"]): r["accuracy"] for r in rows}
    assert of["best", True] == of["best", False]  # it scales rows by itself
    assert len(of) == 2 * len({model for model, _ in of})
    data = study.graph_of(setup.data, "coauthor_cs")
    chosen = study.spec_of("diff_resnet", data, 7)
    assert chosen.config.width == 64
    assert chosen.training.epochs == 7
    model = chosen.build(data, [1])
    assert model.weight.shape == (1, 64, 64)
    assert "hidden width 64" in parts["graphs"].section.text[-1]
    assert study.spec_of("gcn", data, None).config.hidden == 64


def test_differences_are_of_the_same_splits(parts):
    for part in parts.values():
        of_case = {}
        for r in part.rows:
            case = ("dataset", "labels_per_class", "unit_rows", "rewired", "flipped", "wrong")
            key = tuple(r[k] for k in case)
            of_case.setdefault(key, {})[r["model"]] = r
        for models in of_case.values():
            for name, row in models.items():
                for rival in ("gcn", "grand_l"):
                    more = row[f"over_{rival}"]
                    if name == rival or rival not in models:  # left out
                        assert more is None
                    else:
                        assert more == pytest.approx(row["accuracy"] - models[rival]["accuracy"])
                        assert row[f"over_{rival}_error"] >= 0


def runs(*splits):
    return [SplitRuns(np.zeros((2, 1)), np.array(s), np.zeros(2), np.zeros(2), 1.0) for s in splits]


def test_the_error_of_a_difference_is_of_the_splits():
    one, other = runs([80.0, 82.0], [70.0, 72.0]), runs([80.0, 80.0], [66.0, 70.0])
    found = accuracy_difference(one, other)  # 1 and 3 points
    assert found.mean == pytest.approx(2.0)
    assert found.error == pytest.approx(1.0)
    found = accuracy_difference(one[:1], other)
    assert found.mean == pytest.approx(1.0)
    assert np.isnan(found.error)
    assert found.clusters == 1


def test_losses_are_marked_and_wins_are_not(parts):
    for part in parts.values():
        for table in part.section.tables:
            if "differences" not in table.caption.lower():
                continue
            for _, row in table.rows:
                for cell in row:
                    if cell.loss:
                        assert cell.value.startswith("−")
                    elif cell.value.startswith("−"):
                        assert float(cell.value[1:]) <= float(cell.spread[2:]) + 0.05


def test_every_picture_has_a_name_and_words(parts):
    pictures = [p for part in parts.values() for g in part.section.galleries for p in g]
    assert [p.name for p in pictures] == ["nodes_hard", "nodes_hard_damage_cora"]
    assert all(p.alt and p.caption for p in pictures)


def test_quick_is_a_glimpse_that_says_so(tmp_path):
    setup = Setup(quick=True, data=write_graphs(tmp_path, "cora"))
    parts = EXPERIMENT.run(setup)
    assert {r["model"] for r in rows_of(parts)} == set(QUICK.models)
    assert all(r["standard_error"] is None for r in rows_of(parts))
    assert all(parts[name].finding.startswith("(After 10") for name in ("labels", "damage"))
    assert "cut at 10 epochs" in parts["labels"].section.text[0]
    assert not parts["graphs"].rows
    assert "for want of the graphs" in parts["graphs"].finding


def test_without_data_every_part_says_so():
    for part in EXPERIMENT.run(Setup()).values():
        assert not part.rows
        assert "not run" in part.finding
        assert "--data" in part.section.text[1]


def test_what_was_declared():
    assert Plan.of(Setup()) is DEFAULT
    assert DEFAULT.labels == (1, 2, 5, 20)
    assert DEFAULT.shares == (0.1, 0.3)
    assert DEFAULT.splits >= 5
    assert cut(DEFAULT) == ""
    assert "5 random splits x 1 initialisation;" in counts(DEFAULT)
    assert "On Pubmed models without a number" in which_model(DEFAULT, ["cora", "pubmed"])
    assert "number" not in which_model(DEFAULT, ["cora", "citeseer"])
    assert "grand_l" not in DEFAULT.models_on("pubmed")
