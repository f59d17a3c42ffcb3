"""diffresnet embed: images to a file of features, by a trained backbone or any callable."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import click

from diffresnet.cli.command import Outcome, command
from diffresnet.cli.options import Argument, DeviceOption, Option, SeedOption
from diffresnet.cli.progress import progress
from diffresnet.errors import InputError
from diffresnet.files.atomic import refuse_replacing

from .images import ImageOptions, read_image_files, skipped_notes

if TYPE_CHECKING:
    from ..backbones import BackboneCard
    from ..backbones.embedding import EmbeddingModel


@dataclass(frozen=True, kw_only=True)
class EmbedOptions(ImageOptions, DeviceOption, SeedOption):
    """Options of `diffresnet embed`."""

    images: Annotated[tuple[Path, ...], Argument(metavar="IMAGES...", reads=True)]
    backbone: Annotated[
        str,
        Option(
            help="The folder of a train-backbone; or a torch module or function of Python, which "
            "gets images (b, c, h, w) in [0, 1] and returns (b, d).",
            metavar="DIR|MODULE:NAME",
        ),
    ]
    out: Annotated[
        Path,
        Option(
            help="Where to write features, labels and class_names, as .npz.",
            metavar="FILE",
            writes=True,
            suffixes=(".npz",),
        ),
    ]
    dtype: Annotated[Literal["float32", "float16"], Option(help="Of the features.")] = "float32"
    mean_out: Annotated[
        Path | None,
        Option(
            help="Write the mean of the features too: what fewshot takes as --base-mean.",
            metavar="FILE",
            writes=True,
            suffixes=(".npz",),
        ),
    ] = None
    classes: Annotated[
        Literal["all", "trained", "held-out"],
        Option(
            help="Only those that the backbone was trained on, or that were held out of its "
            "training."
        ),
    ] = "all"
    size: Annotated[
        int | None,
        Option(
            help="Pixels that images are brought to for a callable; a backbone knows its own.",
            type=click.IntRange(1),
        ),
    ] = None
    batch: Annotated[int, Option(type=click.IntRange(1))] = 256


@command("embed")
def embed_command(options: EmbedOptions) -> Outcome:
    """Turn IMAGES into a file of features.

    IMAGES are .npz files (images, labels), .csv splits (filename, label), or folders with a folder
    for each class; a folder of loose images gets the label -1.
    """
    start = time.perf_counter()
    import numpy as np

    from diffresnet.device import pick_device
    from diffresnet.files.npz import save_npz

    from ..backbones.embedding import embed_images, features_file

    device = pick_device(options.device)
    model, card = _load_model(options)
    size, channels = (options.size, None) if card is None else (card.resize, card.channels)
    images = read_image_files(options.images, options, size, channels)
    if card is not None and options.classes != "all":
        names = card.classes if options.classes == "trained" else card.held_out
        if not names:
            raise InputError(f"{options.backbone!r} was trained with no class held out", "classes")
        images = images.select_classes(names)
    with progress("embedding images", len(images), options.quiet) as advance:
        features = embed_images(
            images,
            model,
            batch_size=options.batch,
            device=device,
            seed=options.seed,
            advance=advance,
        )
    arrays = features_file(features, images, options.dtype)
    write = [functools.partial(save_npz, options.out, arrays)]
    if options.mean_out is not None:
        mean = features.mean(axis=0, dtype=np.float64).astype(np.float32)
        write.append(functools.partial(save_npz, options.mean_out, {"mean": mean}))
    n, width = features.shape
    row = {
        "images": n,
        "features": width,
        "classes": len(images.class_names),
        "skipped": len(images.skipped),
        "images_per_second": n / (time.perf_counter() - start),
    }
    return Outcome(
        [row],
        notes=skipped_notes(images),
        summary=f"{n} images, {width} features each, written to {options.out} in {{seconds}} s",
        settings={"size": size},
        write=write,
    )


def _load_model(options: EmbedOptions) -> tuple[EmbeddingModel, BackboneCard | None]:
    """Load a callable, or a backbone with its card; refuse outputs in the place of its files."""
    from ..backbones.checkpoint import BACKBONE_FILE, LAST_FILE, load_backbone
    from ..backbones.embedding import callable_file, load_callable

    outputs = {"out": options.out, "mean_out": options.mean_out, "json": options.json}
    path = Path(options.backbone)
    if ":" in options.backbone and not path.exists():
        if options.classes != "all":
            raise click.UsageError("--classes is for backbones of train-backbone")
        model = load_callable(options.backbone)
        refuse_replacing(outputs, [callable_file(options.backbone)])
        return model, None
    if options.size is not None:
        raise click.UsageError("--size is for callables; a backbone knows its own")
    files = [path / BACKBONE_FILE, path / LAST_FILE] if path.is_dir() else [path]
    refuse_replacing(outputs, files)
    return load_backbone(path)
