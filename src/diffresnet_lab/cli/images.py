"""Options and words of the commands that read images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from diffresnet.cli.progress import note

Function = TypeVar("Function", bound=Callable[..., Any])


def images_root_option(function: Function) -> Function:
    """--images-root: passed on as `images_root`, a Path or None."""
    return click.option(
        "--images-root",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        metavar="DIR",
        help="Folder of the images that .csv splits name.",
    )(function)


def strict_option(function: Function) -> Function:
    """--strict: passed on as `strict`, a bool."""
    return click.option(
        "--strict", is_flag=True, help="A broken image is an error; it is left out otherwise."
    )(function)


def note_skipped(skipped: tuple[str, ...], quiet: bool) -> None:
    """How many images were broken, and the first of them."""
    if skipped:
        images = "1 broken image" if len(skipped) == 1 else f"{len(skipped)} broken images"
        first = "" if len(skipped) == 1 else " first"
        note(f"note: {images} left out, {skipped[0]}{first}; --strict makes that an error", quiet)
