"""Option decorators of commands that do not yet declare their options as a dataclass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


def seed_option(function: Function) -> Function:
    """--seed: passed on as `seed`, an int from 0 to 2^32 - 1."""
    return _seed_option(0, "Seed of all random choices.")(function)


def paper_seed_option(function: Function) -> Function:
    """--seed of what repeats the paper, whose own seed is the default."""
    return _seed_option(42, "Seed of all random choices; 42 is the paper's.")(function)


def _seed_option(default: int, words: str) -> Callable[[Function], Function]:
    return click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        default=default,
        show_default=True,
        help=words,
    )


def json_option(function: Function) -> Function:
    """--json: passed on as `json_path`, a Path or None."""
    return click.option(
        "--json",
        "json_path",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Write settings, results and environment as JSON.",
    )(function)


def device_option(function: Function) -> Function:
    """--device: passed on as `device`, a str."""
    return click.option(
        "--device",
        default="auto",
        show_default=True,
        metavar="NAME",
        help="Where to compute: auto, cpu, cuda, cuda:1, mps.",
    )(function)


def data_option(function: Function) -> Function:
    """--data, or DIFFRESNET_DATA: passed on as `data`, the Path of a folder or None."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        envvar="DIFFRESNET_DATA",
        metavar="DIR",
        help="Folder of the data sets.  [default: DIFFRESNET_DATA]",
    )(function)


def quiet_option(function: Function) -> Function:
    """--quiet: passed on as `quiet`, a bool."""
    return click.option(
        "-q", "--quiet", is_flag=True, help="Say nothing on stderr unless the work fails."
    )(function)
