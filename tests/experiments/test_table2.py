from dataclasses import replace

import numpy as np
import pytest

from diffresnet.errors import InputError
from diffresnet_lab.experiments.base import RunConfig
from diffresnet_lab.experiments.fewshot.published import published_rows, published_table
from diffresnet_lab.experiments.table2.page import EXPERIMENT, PAIRS, table_result
from diffresnet_lab.experiments.table2.study import RAW_MU, configure, run_table
from diffresnet_lab.fewshot.evaluation import Outcome
from diffresnet_lab.fewshot.feature_transforms import Centre, l2_normalize
from fewshot_files import GIVEN, OWN, data_folder

FULL = EXPERIMENT.planned(quick=False)
TINY = replace(FULL, tasks=3, shots=(1,), jobs=1)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return RunConfig(data=data_folder(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def results(config):
    return run_table(config, TINY)


def test_rows_are_those_of_the_contract(config, results):
    rows = table_result(config, TINY, results).rows
    measured = [row for row in rows if row["quoted"] is None]
    assert [(row["backbone"], row["features"], row["method"]) for row in measured] == [
        (source.backbone, features, method)
        for source in (GIVEN, OWN)
        for features in TINY.features
        for method in TINY.methods
    ]
    for row in measured:
        assert (row["ways"], row["shots"], row["queries"], row["tasks"]) == (5, 1, 15, 3)
        assert row["classes"] == "novel"
        assert 0 <= row["accuracy"] <= 100
        assert row["seconds_per_task"] > 0
    published = [row for row in rows if row["quoted"] is not None]
    assert all(row["accuracy"] is None for row in published)
    assert len(published) == 12
    assert ("LaplacianShot", "CUB", 5, "88.69") in {
        (row["method"], row["data"], row["shots"], row["quoted"]) for row in published
    }


def test_published_numbers_stand_side_by_side():
    rows = published_rows("laplacian_shot", "stronger_transductive")
    lines = [[cell.text for cell in line] for line in published_table(rows).rows]
    assert len(lines) == 11
    assert lines[0] == ["SimpleShot", "miniImageNet", "WRN-28-10", "equal", "65.87", "82.09"]
    assert lines[-1] == ["PT-MAP", "miniImageNet", "ResNet-18", "Dirichlet(2)", "60.1", "67.1"]


def test_raw_features_are_left_alone(results):
    task_config = results[0].task_config
    raw, unit = (configure("internal", task_config, each) for each in ("raw", "unit"))
    assert raw.transform.parts == ()
    first, second = unit.transform.parts
    assert isinstance(first, Centre)
    assert second is l2_normalize
    assert raw.method == unit.method


def test_external_diffusion_has_a_weight_of_its_own_on_raw_features(results):
    task_config = results[0].task_config
    raw, unit = (configure("external", task_config, each).method for each in ("raw", "unit"))
    assert raw.mu == RAW_MU[GIVEN.name][1] != unit.mu
    assert raw == replace(unit, mu=raw.mu)


def test_all_methods_have_the_same_tasks(results):
    assert {result.outcome.predicted.shape for result in results} == {(3, 75)}


def outcome(*accuracy, same=False):
    predicted = np.zeros((len(accuracy), 2), int)
    predicted[:, 1] = 0 if same else 1
    return Outcome(predicted, np.array(accuracy), 1.0)


def test_marks_follow_the_numbers(config, results):
    outcomes = {
        "nearest_prototype": outcome(60.0, 62.0),
        "laplacian_shot": outcome(66.0, 68.0),
        "convection": outcome(61.0, 63.0),
        "external": outcome(20.0, 20.0, same=True),
        "internal": outcome(65.0, 67.0),
    }
    changed = [replace(result, outcome=outcomes[result.name]) for result in results[:5]]
    result = table_result(config, TINY, changed)
    (group,) = result.values["groups"]
    assert [row["difference"] for row in group["internal"]] == [46.0]
    assert [(row["method"], row["share"]) for row in group["failures"]] == [
        ("External diffusion", 100.0)
    ]
    accuracies, differences = (
        result.tables[group["accuracies"]],
        result.tables[group["differences"]],
    )
    assert [line[0].text for line in accuracies.rows if line[2].best] == ["LaplacianShot"]
    assert [line[1].detail.split()[-1] for line in differences.rows] == [
        "ahead", "ahead", "behind", "behind"
    ]  # fmt: skip
    assert [line[1].unfavourable for line in differences.rows] == [False, False, True, True]
    assert len(differences.rows) == len(PAIRS)


def test_a_report_leaves_out_what_is_not_there(config):
    plan = replace(TINY, tasks=2, features=("unit",), methods=("nearest_prototype", "internal"))
    report = EXPERIMENT.report(config, plan=plan)
    assert len(report.rows) == 4 + 12
    assert "omniglot_novel_conv4" in report.text.body
    with pytest.raises(InputError, match="needs features"):
        EXPERIMENT.report(RunConfig(data=config.data / "nowhere"), plan=plan)
    with pytest.raises(InputError, match="no method 'nil'"):
        EXPERIMENT.report(config, plan=replace(plan, methods=("nil",)))


def test_results_are_of_novel_classes_and_looks_of_others():
    assert (FULL.classes, FULL.tasks) == ("novel", 1000)
    assert EXPERIMENT.planned(quick=True).classes == "val"
