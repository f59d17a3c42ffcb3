import sys

import pytest

from diffresnet.cli.progress import note, progress, stages, status
from diffresnet.progress import stage, told_by


def work(quiet=False):
    with status("reading", quiet):
        pass
    with progress("tasks", 3, quiet) as advance:
        advance()
        advance(2)


def test_silent_where_stderr_is_no_terminal(capsys):
    work()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("quiet", [False, True])
def test_shown_on_a_terminal(capsys, monkeypatch, quiet):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    work(quiet)
    out, err = capsys.readouterr()
    assert out == ""
    assert ("tasks" in err) == (not quiet)


def test_a_stage_within_another_takes_its_place(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    told = stages()
    with told("labelling", None), told_by(told):
        for name in ("searching", "diffusing"):
            with stage(name, 2) as advance:
                advance()
                advance()
    with stage("hushed", 2) as advance:
        advance()
    out, err = capsys.readouterr()
    assert out == ""
    places = [err.index(name) for name in ("labelling", "searching", "diffusing")]
    assert places == sorted(places)
    assert "2/2" in err
    assert "hushed" not in err
    silent = stages(quiet=True)
    with silent("labelling", None), silent("searching", 2) as advance:
        advance()
    assert capsys.readouterr() == ("", "")


def test_notes_go_to_stderr(capsys):
    note("hello")
    note("hush", quiet=True)
    assert capsys.readouterr() == ("", "hello\n")
