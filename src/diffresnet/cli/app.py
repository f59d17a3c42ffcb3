"""The command `diffresnet`: its commands, and how their failures are told."""

from __future__ import annotations

import contextlib
import difflib
import functools
import importlib
import importlib.metadata
import os
import re
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

import click

from ..errors import InputError

ENTRY_POINTS = "diffresnet.commands"
"""Group of entry points by which other packages add commands; each is a `LazyCommand`."""


@dataclass(frozen=True)
class LazyCommand:
    """Locate a command without importing it: `module:attribute`, and its help in one line."""

    target: str
    help: str

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@functools.cache
def commands() -> dict[str, LazyCommand]:
    """Return every command by its name: those for files, then those of other packages."""
    label = LazyCommand(
        "diffresnet.cli.label:label", "Label every row of a file from the few labelled."
    )
    following = LazyCommand(
        "diffresnet.cli.next:next_command", "Choose the rows of a file to label next."
    )
    auditing = LazyCommand(
        "diffresnet.cli.audit:audit", "Find given labels of a file that are likely wrong."
    )
    others = {entry.name: entry for entry in importlib.metadata.entry_points(group=ENTRY_POINTS)}
    return {"label": label, "next": following, "audit": auditing} | {
        name: others[name].load() for name in sorted(others)
    }


# Idle threads sleep instead of spinning: on a busy machine the demo took a third of the time.
# Large arrays of PyTorch lie in large pages: a million rows took a tenth less.
for _name, _value in (
    ("OMP_WAIT_POLICY", "PASSIVE"),
    ("KMP_BLOCKTIME", "0"),
    ("THP_MEM_ALLOC_ENABLE", "1"),
):
    os.environ.setdefault(_name, _value)

DONE, FAILED, BAD_INPUT, STOPPED = 0, 1, 2, 130


class LazyGroup(click.Group):
    """Commands that are imported when they are called, so that --help needs no torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(commands())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return commands()[name].load() if name in commands() else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the one that was probably meant."""
        name, known = args[0], commands()
        if name not in known and not name.startswith("-"):
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
            raise click.UsageError(f"no command {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in commands().items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            # Before click sees it, which would print an empty line.
            raise click.exceptions.Abort(*error.args) from error


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="diffresnet", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Label everything from a handful of labels, by diffusion on the graph of all rows."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(args: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 done, 1 the work failed, 2 bad input, 130 stopped by Ctrl-C.

    A failure is one line on stderr; DIFFRESNET_TRACEBACK=1 prints the traceback before it.
    """
    with _one_line_warnings():
        sys.exit(run(args))


def run(args: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        code = cli.main(args=args, prog_name="diffresnet", standalone_mode=False)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt) as error:
        _say("; ".join(["stopped", *map(str, error.args)]))
        return STOPPED
    except BrokenPipeError:
        # The reader of our output has left; Python must not find that out again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if os.environ.get("DIFFRESNET_TRACEBACK", "0") not in ("", "0"):
            traceback.print_exc()
        code, message = explain(error)
        _say(f"error: {message}")
        return code
    return code if isinstance(code, int) else DONE


def explain(error: Exception) -> tuple[int, str]:
    """Return the exit code of a failure, and what to say about it."""
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx is not None else "diffresnet"
        return BAD_INPUT, f"{error.format_message().rstrip('.')} (see {path} --help)"
    if isinstance(error, click.ClickException):
        return BAD_INPUT, error.format_message()
    if isinstance(error, InputError):
        return BAD_INPUT, str(error)
    if isinstance(error, ModuleNotFoundError) and (extra := extra_of(error.name)):
        return BAD_INPUT, f"{error.name} is not installed: pip install 'diffresnet[{extra}]'"
    if isinstance(error, MemoryError):
        return FAILED, "not enough memory; take fewer rows or features, or a larger machine"
    if isinstance(error, OSError):
        place = f": {error.filename}" if error.filename is not None else ""
        return FAILED, f"{error.strerror or error}{place}"
    if isinstance(error, (ArithmeticError, RuntimeError)) and str(error):
        return FAILED, str(error)
    hint = "" if os.environ.get("DIFFRESNET_TRACEBACK") else " (DIFFRESNET_TRACEBACK=1 says where)"
    return FAILED, f"{type(error).__name__}: {error}{hint}"


def extra_of(module: str | None) -> str | None:
    """Return the extra of the distribution that installs a missing module, or None."""
    package = {"PIL": "pillow"}.get(module or "", module or "").partition(".")[0]
    for requirement in importlib.metadata.requires("diffresnet") or []:
        found = re.match(r"([\w-]+).*extra == ['\"]([\w-]+)['\"]", requirement)
        if found and found[1].replace("-", "_").lower() == package and found[2] != "dev":
            return found[2]
    return None


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # nobody reads stderr: nothing is left to be said
        click.echo(f"diffresnet: {' '.join(text.split())}", err=True)


@contextlib.contextmanager
def _one_line_warnings() -> Iterator[None]:
    """Warnings as lines of the command, without the source that Python adds."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        _say(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
