import pytest
from matplotlib.figure import Figure

from diffresnet.errors import InputError
from diffresnet_lab.pages import ReportFolder


def test_a_folder_is_made_with_those_above_it(tmp_path):
    folder = ReportFolder(tmp_path / "a" / "b")
    folder.prepare()
    folder.prepare()
    folder.write_page("<p>ü</p>")
    assert folder.page.read_text(encoding="utf-8") == "<p>ü</p>"
    assert [path.name for path in folder.path.iterdir()] == ["report.html"]


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match="it is a file; name a folder"):
        ReportFolder(tmp_path / "out").prepare()
    assert (tmp_path / "out").read_text() == "mine"


def test_a_file_above_it_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match="cannot make the folder"):
        ReportFolder(tmp_path / "out" / "deeper").prepare()


@pytest.mark.parametrize("name", ["report.html", "metrics.json"])
def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=name):
        ReportFolder(tmp_path).prepare()


def test_a_folder_that_may_not_be_written_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_, **__: False)
    with pytest.raises(InputError, match="no permission"):
        ReportFolder(tmp_path).prepare()


def test_figures_become_files(tmp_path):
    ReportFolder(tmp_path).write_figures({"kept": Figure(figsize=(1, 1))})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.png", "kept.svg"]


def test_a_table_has_every_column_that_any_row_has(tmp_path):
    ReportFolder(tmp_path).write_table("t", [{"a": 1}, {"b": "x, y", "a": 2.5}])
    assert (tmp_path / "t.csv").read_text().splitlines() == ["a,b", "1,", '2.5,"x, y"']


def test_a_full_disk_leaves_no_half_a_file(tmp_path, monkeypatch):
    folder = ReportFolder(tmp_path)
    folder.write_table("t", [{"a": 1}])

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("csv.DictWriter.writerows", full)
    with pytest.raises(OSError, match="No space"):
        folder.write_table("t", [{"a": 2}])
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
    assert (tmp_path / "t.csv").read_text().splitlines() == ["a", "1"]
