import sys

import pytest

from diffresnet.cli.progress import note, progress, status


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


def test_notes_go_to_stderr(capsys):
    note("hello")
    note("hush", quiet=True)
    assert capsys.readouterr() == ("", "hello\n")
