import pytest

from diffresnet_lab.experiments.base import Experiment, PartResult, RunConfig


def part(config, plan):
    return PartResult([{"a": 1}], values={"seen": config.seed}, settings={"gamma": 1.0})


@pytest.fixture
def folder(tmp_path):
    """The folder of an experiment whose text names the only part twice."""
    (tmp_path / "plan.toml").write_text('title = "T"\nsummary = "S"\n')
    text = "{% call findings() %}{{ study.seen }} of {{ one.seen }}{% endcall %}"
    (tmp_path / "text.md.j2").write_text(text)
    return tmp_path


def test_the_text_calls_the_only_part_study(folder):
    report = Experiment(folder, {"one": part}).report(RunConfig(seed=3))
    assert report.text.findings == ("3 of 3",)
    assert report.rows == [{"a": 1}]
    assert report.files == {folder.name: [{"a": 1}]}
    assert (report.title, report.settings) == ("T", {"one": {"gamma": 1.0}})


def test_of_several_parts_each_has_its_name(folder):
    (folder / "text.md.j2").write_text("{% call findings() %}{{ two.seen }}{% endcall %}")
    report = Experiment(folder, {"one": part, "two": part}).report(RunConfig(seed=5))
    assert report.text.findings == ("5",)
    assert report.rows == [{"part": "one", "a": 1}, {"part": "two", "a": 1}]
