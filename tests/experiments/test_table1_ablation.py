import json
from dataclasses import replace

import numpy as np
import pytest

from citation_cases import write_graph
from diffresnet.graphs.self_training.network import SelfTrainingConfig
from diffresnet_lab.experiments.experiment import Setup
from diffresnet_lab.experiments.table1.ablation import (
    CHANGES,
    QUICK,
    TWO_CORES,
    AblationPlan,
    _finding,
    ablation,
    run_ablation,
)
from diffresnet_lab.experiments.table1.plan import Counts
from diffresnet_lab.experiments.table1.study import Result
from diffresnet_lab.nodes.results import SplitRuns

TINY = AblationPlan(Counts(2, 2), ("cora",), ("no teacher", "no diffusion"), epochs=5, jobs=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    (folder / "graphs").mkdir()
    write_graph(folder / "graphs" / "cora.npz")
    return folder


def test_every_change_changes_the_settings():
    base = SelfTrainingConfig()
    changed = [replace(base, **change) for change in CHANGES.values()]
    assert len({base, *changed}) == 1 + len(CHANGES)
    for plan in (QUICK, TWO_CORES):
        assert set(plan.changes) <= set(CHANGES)


def test_the_part_pairs_each_change_with_the_model_as_it_is(folder):
    part = ablation(Setup(data=folder), TINY)
    json.dumps(part.rows)
    assert [row["change"] for row in part.rows] == ["", *TINY.changes]
    whole, *others = part.rows
    assert whole["difference"] == 0.0
    for row in others:
        assert row["difference"] == pytest.approx(row["accuracy"] - whole["accuracy"])
    (table,) = part.section.tables
    assert len(table.header) == 1 + len(table.rows[0][1])
    assert "says nothing yet" in part.finding


def test_clear_changes_are_named():
    def result(name, *accuracies):
        zeros = np.zeros(1)
        runs = [SplitRuns(zeros[:, None], np.array([a]), zeros, zeros, 1.0) for a in accuracies]
        return Result("cora", name, name, runs)

    results = [result("best", 80.0, 82.0), result("worse", 70.0, 73.0), result("same", 79.0, 83.0)]
    said = _finding(results, replace(TINY, epochs=1000))
    assert "on Cora worse (−9.5 ± 0.5) costs more" in said
    assert "none gains" in said


def test_it_reads_the_runs_of_before(folder, tmp_path):
    setup = Setup(data=folder, shards=tmp_path)
    first, again = run_ablation(setup, TINY), run_ablation(setup, TINY)
    for one, other in zip(first, again, strict=True):
        assert [run.seconds for run in one.runs] == [run.seconds for run in other.runs]
        np.testing.assert_array_equal(one.runs[0].accuracy, other.runs[0].accuracy)
