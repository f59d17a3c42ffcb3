import os
import stat
from pathlib import Path

import pytest

from diffresnet.errors import InputError
from diffresnet.files.atomic import atomic_write, check_readable, check_writable, make_folder


def test_a_file_appears_whole(tmp_path):
    target = tmp_path / "a.CSV"
    with atomic_write(target) as temporary:
        temporary.write_text("new")
        assert temporary.suffix == ".CSV"
        assert temporary.parent == tmp_path
        assert not target.exists()
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.CSV"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_a_failure_leaves_the_old_file(tmp_path, error):
    target = tmp_path / "a.csv"
    target.write_text("old")

    def write():
        with atomic_write(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)) as caught:
        write()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.csv"]
    if isinstance(error, OSError):
        assert caught.value.filename == str(target)
        assert caught.value.errno == 28


def test_a_failing_rename_leaves_the_old_file(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    target = tmp_path / "a.csv"
    target.write_text("old")
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space"), atomic_write(target) as temporary:
        temporary.write_text("new")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.csv"]


def test_errors_about_other_files_keep_their_name(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, atomic_write(tmp_path / "a"):
        (tmp_path / "other").read_text()
    assert caught.value.filename == str(tmp_path / "other")


def test_permissions_follow_the_umask_or_the_old_file(tmp_path):
    target = tmp_path / "a.csv"
    old = os.umask(0o027)
    try:
        with atomic_write(target):
            pass
    finally:
        os.umask(old)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    target.chmod(0o600)
    with atomic_write(target):
        pass
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_link_is_followed(tmp_path):
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "a.csv"
    target.write_text("old")
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    with atomic_write(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_check_writable_accepts_a_good_place(tmp_path):
    assert check_writable(tmp_path / "a.CSV", (".csv",)) == tmp_path / "a.CSV"
    assert check_writable(str(tmp_path / "anything")) == tmp_path / "anything"


def test_check_writable_refuses(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, message in [
        ("a.txt", "must end in .npz or .csv"),
        ("folder.csv", "is a folder"),
        ("missing/a.csv", "does not exist"),
        ("pipe.csv", "not a regular file"),
    ]:
        with pytest.raises(InputError, match=message):
            check_writable(tmp_path / name, (".npz", ".csv"))


def test_check_writable_refuses_without_permission(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("old")
    monkeypatch.setattr(os, "access", lambda place, _: Path(place).is_dir())
    with pytest.raises(InputError, match="write-protected"):
        check_writable(tmp_path / "a.csv")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="no permission"):
        check_writable(tmp_path / "b.csv")


def test_check_readable_refuses(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "empty.csv").touch()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, message in [
        ("a.txt", "must end in .csv"),
        ("folder.csv", "is a folder"),
        ("missing.csv", "no such file"),
        ("empty.csv", "is empty"),
        ("pipe.csv", "not a regular file"),
    ]:
        with pytest.raises(InputError, match=message):
            check_readable(tmp_path / name, (".csv",))


def test_check_readable_refuses_without_permission(tmp_path, monkeypatch):
    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "a.csv").write_text("x")
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(InputError, match="permission denied"):
        check_readable(tmp_path / "a.csv")


def test_a_folder_is_made_or_refused(tmp_path):
    assert make_folder(tmp_path / "a" / "b").is_dir()
    make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").write_text("old")
    for path in ("file", "file/b"):
        with pytest.raises(InputError, match="cannot make the folder"):
            make_folder(tmp_path / path)
    assert (tmp_path / "file").read_text() == "old"
