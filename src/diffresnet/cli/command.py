"""A command: options in, an outcome out, and what every command does around that."""

from __future__ import annotations

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
    """

    results: Sequence[Mapping[str, Any]]
    text: str = ""
    notes: Sequence[Note | str] = ()
    summary: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    write: Sequence[Callable[[], None]] = ()


def command(name: str, **attributes: Any) -> Callable[[Callable[[Chosen], Outcome]], click.Command]:
    """Make a click command of a function from options to an outcome.

    The function's one parameter is annotated with its `Options` class, and its docstring is the
    help. Paths are checked before the work; an `InputError` names the flag of its parameter;
    nothing is printed before the work is done, so that a failure is one line.

    Parameters
    ----------
    name : str
    **attributes : of `click.Command`, such as `epilog`.
    """

    def make(function: Callable[[Chosen], Outcome]) -> click.Command:
        (kind,) = [t for n, t in typing.get_type_hints(function).items() if n != "return"]
        declarations = {each.name: each for each in declared(kind)}

        def invoke(**values: Any) -> None:
            start = time.perf_counter()
            source = click.get_current_context().get_parameter_source
            given = {n for n in values if source(n) is not click.core.ParameterSource.DEFAULT}
            options = kind(**values, given=frozenset(given))
            try:
                check_outputs(options, declarations)
                tell(name, options, function(options), start, declarations)
            except InputError as error:
                raise InputError(spelled(error, declarations)) from error

        return click.Command(
            name,
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
    """Print an outcome and write its files; `start` is when the work began."""
    if outcome.text:
        click.echo(outcome.text)
    settings = options.settings() | dict(outcome.settings)
    payload = {
        "experiment": name,
        "settings": settings,
        "results": outcome.results,
        "environment": environment(settings.get("device")),
        "seconds": time.perf_counter() - start,
        **outcome.extra,
    }
    write_each(*outcome.write, lambda: write_json(options.json, payload))
    for each in outcome.notes:
        text = spelled(each, declarations) if isinstance(each, Note) else each
        note(f"note: {text}", options.quiet)
    if outcome.summary:
        seconds = time.perf_counter() - start
        note(outcome.summary.replace("{seconds}", f"{seconds:.1f}"), options.quiet)


def spelled(error: InputError | Note, declarations: Mapping[str, Declared]) -> str:
    """Return a message with its parameter as the flag of this command."""
    if error.parameter is None:
        return error.message
    for each in declarations.values():
        if (each.option.parameter or each.name) == error.parameter:
            return error.spelled(each.flag)
    return error.message
