"""Options and reading of the commands that take images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click

from diffresnet.cli.options import Option, Options
from diffresnet.cli.progress import progress

if TYPE_CHECKING:
    from ..data.images import ImageSet


@dataclass(frozen=True, kw_only=True)
class ImageOptions(Options):
    """Add --images-root and --strict."""

    images_root: Annotated[
        Path | None,
        Option(
            help="Folder of the images that .csv splits name.",
            metavar="DIR",
            type=click.Path(path_type=Path, exists=True, file_okay=False),
        ),
    ] = None
    strict: Annotated[
        bool, Option(help="A broken image is an error; it is left out otherwise.")
    ] = False


def read_image_files(
    paths: Sequence[Path], options: ImageOptions, size: int | None, channels: int | None
) -> ImageSet:
    """Read images with a progress bar."""
    from ..data.images import read_images

    with progress("reading images", None, options.quiet) as advance:
        return read_images(
            paths,
            root=options.images_root,
            size=size,
            channels=channels,
            strict=options.strict,
            advance=advance,
        )


def skipped_notes(images: ImageSet) -> list[str]:
    """Return a note on broken images that were left out, if there are any."""
    if not images.skipped:
        return []
    count = len(images.skipped)
    text = "1 broken image" if count == 1 else f"{count} broken images"
    first = "" if count == 1 else " first"
    return [f"{text} left out, {images.skipped[0]}{first}; --strict makes that an error"]
