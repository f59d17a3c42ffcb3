import subprocess
import sys

import click
import pytest

from diffresnet.cli import app as cli_main
from diffresnet.cli.app import BAD_INPUT, DONE, FAILED, STOPPED, commands, extra_of, run
from diffresnet.errors import InputError, StabilityError


@pytest.fixture
def failing(monkeypatch):
    """Makes `diffresnet label` raise what it is given."""

    def install(error):
        @click.command()
        def command():
            raise error

        monkeypatch.setattr("diffresnet.cli.label.label", command)

    return install


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("no\nrows"), BAD_INPUT, "error: no rows"),
        (StabilityError("too long"), BAD_INPUT, "error: too long"),
        (click.BadParameter("odd"), BAD_INPUT, "error: Invalid value: odd (see diffresnet label"),
        (click.FileError("a.csv", "gone"), BAD_INPUT, "error: Could not open file 'a.csv': gone"),
        (OSError(28, "No space left on device", "a.csv"), FAILED, "left on device: a.csv"),
        (PermissionError(13, "Permission denied", "a"), FAILED, "error: Permission denied: a"),
        (OSError("odd"), FAILED, "error: odd"),
        (RuntimeError("diverged\n  at step 3"), FAILED, "error: diverged at step 3"),
        (ZeroDivisionError("by zero"), FAILED, "error: by zero"),
        (
            ModuleNotFoundError("No module named 'jinja2'", name="jinja2"),
            BAD_INPUT,
            "error: jinja2 is not installed: pip install 'diffresnet[lab]'",
        ),
        (ModuleNotFoundError("gone", name="gone"), FAILED, "error: ModuleNotFoundError: gone"),
        (MemoryError(), FAILED, "error: not enough memory"),
        (KeyError("x"), FAILED, "error: KeyError: 'x' (DIFFRESNET_TRACEBACK=1 says where)"),
        (RuntimeError(), FAILED, "error: RuntimeError: (DIFFRESNET"),
        (KeyboardInterrupt(), STOPPED, "diffresnet: stopped"),
    ],
)
def test_a_failure_is_one_line(failing, capfd, monkeypatch, error, code, line):
    monkeypatch.delenv("DIFFRESNET_TRACEBACK", raising=False)
    failing(error)
    assert run(["label"]) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("diffresnet: ")
    assert line in err


def test_the_traceback_is_there_for_who_asks(failing, capfd, monkeypatch):
    monkeypatch.setenv("DIFFRESNET_TRACEBACK", "1")
    failing(KeyError("x"))
    assert run(["label"]) == FAILED
    err = capfd.readouterr().err
    assert "Traceback" in err
    assert err.endswith("diffresnet: error: KeyError: 'x'\n")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["lable"], "no command 'lable'; did you mean 'label'? (see diffresnet --help)"),
        (["xyz"], f"no command 'xyz'; there are {', '.join(commands())}"),
        (["--sed", "1"], "No such option"),
        (["label"], "Missing argument 'FILE' (see diffresnet label --help)"),
        (["label", "a.csv"], "the answers go to a file: name it, or ask for a --dry-run (--out)"),
        (["label", "a.csv", "--out", "b.csv", "--seed", "-1"], "Invalid value for '--seed'"),
        (["label", "a.csv", "--out", "b.csv", "--seed", "x"], "not a valid integer"),
        (["label", "a.csv", "--out", "b.csv", "--relable"], "--relabel"),
    ],
)
def test_a_wrong_call_is_one_line(capfd, args, message):
    assert run(args) == BAD_INPUT
    err = capfd.readouterr().err
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("args", [["--help"], ["-h"], []])
def test_help_lists_the_commands(capfd, args):
    assert run(args) == DONE
    out = capfd.readouterr().out
    for name, lazy in commands().items():
        assert name in out
        assert lazy.help in out


def test_version(capfd):
    assert run(["--version"]) == DONE
    assert capfd.readouterr().out.startswith("diffresnet 0.")


@pytest.mark.parametrize("name", commands())
def test_every_command_is_there_and_helps(capfd, name):
    assert run([name, "--help"]) == DONE
    assert f"diffresnet {name}" in capfd.readouterr().out


def test_main_exits_with_the_code(failing, capfd):
    failing(InputError("bad"))
    with pytest.raises(SystemExit) as caught:
        cli_main.main(["label"])
    assert caught.value.code == BAD_INPUT


def test_help_needs_no_torch():
    code = (
        "import sys; from diffresnet.cli.app import run; run(['--help']); "
        "sys.exit('torch' in sys.modules or 'pyarrow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_is_no_traceback():
    code = (
        "from diffresnet.cli.app import LazyCommand, commands, main; "
        "commands().update({f'c{i}': LazyCommand('x:y', 'text ' * 10) for i in range(5000)}); "
        "main(['--help'])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate()
    assert err == b""
    assert process.returncode == FAILED


def test_warnings_are_one_line(failing):
    code = (
        "import warnings, click; from diffresnet.cli import app; "
        "app.commands()['w'] = app.LazyCommand('__main__:command', ''); "
        "command = click.Command('w', callback=lambda: warnings.warn('few labels')); "
        "app.main(['w'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.stderr == b"diffresnet: warning: few labels\n"
    assert done.returncode == DONE


@pytest.mark.parametrize(
    ("module", "extra"),
    [("matplotlib.figure", "lab"), ("PIL", "backbones"), ("numba", "fast"), ("pytest", None)],
)
def test_a_missing_package_names_its_extra(module, extra):
    assert extra_of(module) == extra
