"""A command: options in, an outcome out, and what every command does around that."""

from __future__ import annotations

import functools
import time
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from ..errors import InputError, Note
from .options import Declared, Options, declared
from .output_paths import check_outputs
from .progress import note
from .result import environment, write_each, write_json

Chosen = TypeVar("Chosen", bound=Options)


@dataclass(frozen=True)
class Outcome:
    """What a command has found, to be told and written.

    Parameters
    ----------
    results : rows of --json.
    text : str
        The answer, on stdout.
    notes : what a user should know of it, a line each on stderr.
    summary : str
        On stderr, last; `{seconds}` in it is the time that was taken.
    settings : what --json says beside the options, or instead of one.
    extra : further keys of --json.
    write : functions that write files; a failure of one keeps no other from its turn.
    report : function that writes a page and the like from all that --json gets.
    failure : str
        Why the command ends with exit code 1 though its work is done, told and written.
    """

    results: Sequence[Mapping[str, Any]]
    text: str = ""
    notes: Sequence[Note | str] = ()
    summary: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    write: Sequence[Callable[[], None]] = ()
    report: Callable[[dict[str, Any]], None] | None = None
    failure: str = ""


def command(
    name: str, **attributes: Any
) -> Callable[[Callable[[Chosen], Outcome | None]], click.Command]:
    """Make a click command of a function from options to an outcome.

    The function's one parameter is annotated with its `Options` class, and its docstring is the
    help. Paths are checked before the work; an `InputError` names the flag of its parameter;
    nothing is printed before the work is done, so that a failure is one line. An outcome of None
    is for another process to tell.

    Parameters
    ----------
    name : str
        As it is typed: "data list" is the command `list` of the group `data`.
    **attributes : of `click.Command`, such as `epilog`.
    """

    def make(function: Callable[[Chosen], Outcome | None]) -> click.Command:
        (kind,) = [t for n, t in typing.get_type_hints(function).items() if n != "return"]
        declarations = {each.name: each for each in declared(kind)}

        def invoke(**values: Any) -> None:
            start = time.perf_counter()
            source = click.get_current_context().get_parameter_source
            given = {n for n in values if source(n) is not click.core.ParameterSource.DEFAULT}
            options = kind(**values, given=frozenset(given))
            try:
                check_outputs(options, declarations)
                outcome = function(options)
                if outcome is not None:
                    tell(name, options, outcome, start, declarations)
            except InputError as error:
                raise InputError(spelled(error, declarations)) from error

        return click.Command(
            name.split()[-1],
            callback=invoke,
            params=[each.parameter() for each in declarations.values()],
            help=function.__doc__,
            **attributes,
        )

    return make


def tell(
    name: str,
    options: Options,
    outcome: Outcome,
    start: float,
    declarations: Mapping[str, Declared],
) -> None:
    """Print an outcome and write its files; `start` is when the work began.

    Raises
    ------
    RuntimeError
        If the outcome is a failure.
    """
    if outcome.text:
        click.echo(outcome.text)
    payload = {
        "experiment": name,
        "settings": options.settings() | dict(outcome.settings),
        "results": outcome.results,
        "seconds": time.perf_counter() - start,
        **outcome.extra,
    }
    write = [*outcome.write, lambda: write_json(options.json, payload)]
    if outcome.report is not None:
        payload["environment"] = environment(payload["settings"].get("device"))
        write.insert(-1, functools.partial(outcome.report, payload))
    write_each(*write)
    for each in outcome.notes:
        text = spelled(each, declarations) if isinstance(each, Note) else each
        note(f"note: {text}", options.quiet)
    if outcome.summary:
        seconds = time.perf_counter() - start
        note(outcome.summary.replace("{seconds}", f"{seconds:.1f}"), options.quiet)
    if outcome.failure:
        raise RuntimeError(outcome.failure)


def spelled(error: InputError | Note, declarations: Mapping[str, Declared]) -> str:
    """Return a message with its parameter as the flag of this command."""
    if error.parameter is None:
        return error.message
    for each in declarations.values():
        if (each.option.parameter or each.name) == error.parameter:
            return error.spelled(each.flag)
    return error.message
