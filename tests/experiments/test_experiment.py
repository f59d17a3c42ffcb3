import pytest

from diffresnet.errors import InputError
from diffresnet_lab.experiments.catalogue import EXPERIMENTS, experiment
from diffresnet_lab.experiments.experiment import Experiment, Part, Setup, rows_of, tables_of
from diffresnet_lab.pages import Section


def part(*rows):
    return Part(Section("title"), list(rows), "found")


@pytest.mark.parametrize("name", list(EXPERIMENTS))
def test_every_name_of_the_catalogue_leads_to_its_experiment(name):
    found = experiment(name)
    assert found.name == name
    assert found.title
    assert found.parts


def test_an_unknown_name_is_told_which_there_are():
    with pytest.raises(InputError, match=r"no experiment 'fig99'; there are .*fig3.*, and all"):
        experiment("fig99")


def test_parts_run_in_their_order_with_the_setup():
    seen, done = [], []

    def first(setup):
        seen.append(("first", setup))
        return part({"a": 1})

    def second(setup):
        seen.append(("second", setup))
        return part()

    setup = Setup(quick=True, seed=3)
    found = Experiment("x", "X", {"one": first, "two": second}).run(setup, done.append)
    assert seen == [("first", setup), ("second", setup)]
    assert done == [1, 1]
    assert rows_of(found) == [{"part": "one", "a": 1}]
    assert tables_of("x", found) == {"x_one": [{"a": 1}]}


def test_a_single_part_keeps_its_rows_as_they_are():
    found = {"only": part({"a": 1}, {"a": 2})}
    assert rows_of(found) == [{"a": 1}, {"a": 2}]
    assert tables_of("x", found) == {"x": [{"a": 1}, {"a": 2}]}


def test_runs_have_a_file_of_their_own():
    def with_runs(*rows):
        return Part(Section("title"), [{"a": 1}], "found", runs=list(rows))

    assert tables_of("x", {"only": with_runs({"r": 1})}) == {"x": [{"a": 1}], "x_runs": [{"r": 1}]}
    several = {"one": with_runs({"r": 1}), "two": part()}
    assert tables_of("x", several) == {"x_one": [{"a": 1}], "x_one_runs": [{"r": 1}]}
