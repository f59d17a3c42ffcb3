import pytest

from diffresnet.errors import InputError
from diffresnet_lab.experiments.base import (
    Experiment,
    PartResult,
    RunConfig,
    all_rows,
    csv_files,
)
from diffresnet_lab.experiments.catalogue import EXPERIMENTS, experiment


def part(*rows):
    return PartResult(list(rows))


@pytest.mark.parametrize("name", list(EXPERIMENTS))
def test_every_name_of_the_catalogue_leads_to_its_experiment(name):
    found = experiment(name)
    assert found.name == name
    assert found.title
    assert found.parts
    assert (found.folder / "text.md.j2").is_file()


def test_an_unknown_name_is_told_which_there_are():
    with pytest.raises(InputError, match=r"no experiment 'fig99'; there are .*fig3.*, and all"):
        experiment("fig99")


def test_parts_run_in_their_order_with_choices_and_plan(tmp_path):
    seen, done = [], []

    def first(config, plan):
        seen.append(("first", config, plan))
        return part({"a": 1})

    def second(config, plan):
        seen.append(("second", config, plan))
        return part()

    config = RunConfig(quick=True, seed=3)
    results = Experiment(tmp_path, {"one": first, "two": second}).run(config, done.append, "plan")
    assert seen == [("first", config, "plan"), ("second", config, "plan")]
    assert done == [1, 1]
    assert all_rows(results) == [{"part": "one", "a": 1}]
    assert csv_files("x", results) == {"x_one": [{"a": 1}]}


def test_a_single_part_keeps_its_rows_as_they_are():
    found = {"only": part({"a": 1}, {"a": 2})}
    assert all_rows(found) == [{"a": 1}, {"a": 2}]
    assert csv_files("x", found) == {"x": [{"a": 1}, {"a": 2}]}


def test_runs_have_a_file_of_their_own():
    def with_runs(*rows):
        return PartResult([{"a": 1}], runs=list(rows))

    assert csv_files("x", {"only": with_runs({"r": 1})}) == {"x": [{"a": 1}], "x_runs": [{"r": 1}]}
    several = {"one": with_runs({"r": 1}), "two": part()}
    assert csv_files("x", several) == {"x_one": [{"a": 1}], "x_one_runs": [{"r": 1}]}
