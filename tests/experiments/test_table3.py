from dataclasses import replace

import numpy as np
import pytest

from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.fewshot.results import MethodResult
from diffresnet_lab.experiments.plans import read_plan
from diffresnet_lab.experiments.table3.page import EXPERIMENT, closest_rivals, table_result
from diffresnet_lab.experiments.table3.study import Table3Plan, configure, run_table
from diffresnet_lab.fewshot.evaluation import Outcome
from fewshot_files import DRAWINGS, GIVEN, data_folder, write_source

FULL = EXPERIMENT.planned(quick=False)
CHEAP = ("nearest_prototype", "laplacian_shot", "internal", "best")
TINY = replace(FULL, tasks=6, tasks_by_method={"internal": 3}, methods=CHEAP, jobs=1)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = data_folder(tmp_path_factory.mktemp("data"), 1)
    write_source(folder, DRAWINGS, each=20, seed=4)  # as many drawings as Omniglot has
    return RunConfig(data=folder)


@pytest.fixture(scope="module")
def results(config):
    return run_table(config, TINY)


def test_rows_are_those_of_the_contract(config, results):
    rows = [row for row in table_result(config, TINY, results).rows if row["quoted"] is None]
    assert {(row["data"], row["shots"], row["dirichlet"]) for row in rows} == {
        (data, shots, alpha)
        for data in ("cifarfs", "omniglot")
        for shots in (1, 5)
        for alpha in (None, 2.0)
    }
    for row in rows:
        planned = 3 if row["method"] == "internal" else 6
        assert row["tasks"] == (planned if row["data"] == "cifarfs" else 1)
    few = {row["queries"] for row in rows if row["data"] == "omniglot" and row["dirichlet"]}
    assert few == {DRAWINGS.unequal_queries}


def test_unequal_queries_are_unequal(config, results):
    unequal = next(each.task_config for each in results if each.task_config.alpha is not None)
    labels = unequal.sample(6, config.seed).query_labels
    assert any(len(set(np.bincount(ways, minlength=5))) > 1 for ways in labels)


def test_methods_have_the_transforms_of_the_paper(results):
    task_config = results[0].task_config
    assert configure("nearest_prototype", task_config).title == "SimpleShot"
    assert configure("internal", task_config).uses_base_mean
    tim = configure("tim", task_config)
    assert not tim.uses_base_mean
    assert tim.note
    free, balanced = (configure(name, task_config) for name in ("best", "best_balanced"))
    assert free.method != balanced.method
    assert balanced.title == f"{free.title} (equal)"


def test_a_report_has_a_line_for_each_feature_set(config):
    plan = replace(TINY, shots=(1,), queries=("equal",), methods=("laplacian_shot", "best"))
    report = EXPERIMENT.report(config, plan=plan)
    _, *lines = report.text.findings
    assert [line.split(",")[0] for line in lines] == ["CIFAR-FS", "Omniglot"]
    assert len(report.rows) == 4 + 22


@pytest.fixture
def known(results):
    """Results of known accuracies on one list of tasks."""
    task_config = results[0].task_config
    accuracies = {
        "nearest_prototype": (60.0, 62.0),
        "laplacian_shot": (66.0, 68.0),
        "pt_map": (80.0, 82.0),
        "internal": (64.0, 66.0),
        "best": (65.0, 68.0),
    }
    return [
        MethodResult(
            task_config,
            name,
            configure(name, task_config),
            Outcome(np.array([[0, 1]] * 2), np.array(accuracy), 1.0),
        )
        for name, accuracy in accuracies.items()
    ]


def test_the_closest_rival_assumes_no_balance(known):
    (row,) = closest_rivals(known)
    assert (row["rival"], row["accuracy"], row["difference"]) == ("LaplacianShot", 66.5, -0.5)
    assert row["difference_ci95"] == pytest.approx(0.98)
    assert closest_rivals(known[:4]) == []  # none of ours


def test_the_best_is_bold_and_what_is_behind_is_marked(config, known):
    result = table_result(config, TINY, known)
    (group,) = result.values["groups"]
    accuracies = result.tables[group["accuracies"]]
    assert [line[0].text for line in accuracies.rows if line[1].best] == ["PT-MAP"]
    internal, best = (result.tables[each["table"]] for each in group["differences"])
    behind = [line[0].text for line in internal.rows if line[1].unfavourable]
    assert behind == ["LaplacianShot", "PT-MAP", "Diffused prototypes"]
    assert [line[0].text for line in best.rows if line[1].unfavourable] == ["PT-MAP"]
    assert result.values["balanced_prior"] == ["PT-MAP"]


def test_the_plans():
    assert (FULL.classes, FULL.tasks) == ("novel", 10_000)
    assert FULL.tasks_by_method["internal"] >= 500
    assert EXPERIMENT.planned(quick=True).classes == "val"
    paper = read_plan(EXPERIMENT.folder / "plan.toml", Table3Plan, "paper")
    assert paper == replace(FULL, tasks_by_method={})
    assert GIVEN.name in paper.sources
