"""diffresnet embed: images or texts to a file of features."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import click

from diffresnet.cli.command import Outcome, command
from diffresnet.cli.options import Argument, DeviceOption, Option, SeedOption
from diffresnet.cli.progress import progress, stages
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
    out: Annotated[
        Path,
        Option(
            help="Where to write features, labels and class_names, as .npz.",
            metavar="FILE",
            writes=True,
            suffixes=(".npz",),
        ),
    ]
    backbone: Annotated[
        str | None,
        Option(
            help="The folder of a train-backbone; or a torch module or function of Python, which "
            "gets images (b, c, h, w) in [0, 1] and returns (b, d).",
            metavar="DIR|MODULE:NAME",
        ),
    ] = None
    encoder: Annotated[
        str | None,
        Option(
            help="Instead of a backbone: what encodes a table of texts or images, or a folder of "
            "images, as of `diffresnet label`.  [default: tfidf for texts]",
            metavar="NAME",
        ),
    ] = None
    text: Annotated[
        tuple[str, ...],
        Option(help="Column of texts of a table; repeat it to join columns.", metavar="NAME"),
    ] = ()
    image: Annotated[
        str | None, Option(help="Column of paths of images of a table.", metavar="NAME")
    ] = None
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
    mixed_precision: Annotated[
        Literal["no", "bf16", "fp16"], Option(help="Of the network; bf16 works on CPUs too.")
    ] = "no"


@command("embed")
def embed_command(options: EmbedOptions) -> Outcome:
    """Turn IMAGES, or the texts of a table, into a file of features.

    With --backbone, IMAGES are .npz files (images, labels), .csv splits (filename, label), or
    folders with a folder for each class; a folder of loose images gets the label -1.

    With --text, --image or --encoder there is one: a table, or a folder of images. Its columns go
    to the file of features too, so that `diffresnet label` goes on from there.
    """
    if options.backbone is None:
        return _encode_table(options)
    if options.encoder or options.text or options.image:
        raise click.UsageError("--backbone has no use beside --encoder, --text or --image")
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
            mixed_precision=options.mixed_precision,
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


def _encode_table(options: EmbedOptions) -> Outcome:
    """Encode one table, or folder of images, as `diffresnet label` would."""
    from diffresnet.labelling.embed import embed_file

    if not (options.encoder or options.text or options.image):
        raise click.UsageError("name --backbone, or --text for a table of texts")
    for name in ("mean_out", "classes", "size", "batch", "dtype", "images_root", "mixed_precision"):
        if name in options.given:
            raise click.UsageError(f"--{name.replace('_', '-')} is for --backbone")
    if len(options.images) > 1:
        raise click.UsageError("only --backbone takes several IMAGES")
    features = embed_file(
        options.images[0],
        options.out,
        text=options.text or None,
        image=options.image,
        encoder=options.encoder,
        strict=options.strict,
        device=options.device,
        progress=stages(options.quiet),
    )
    n, width = features.matrix.shape
    return Outcome(
        [{"rows": n, "features": width, "encoder": features.encoder}],
        notes=features.notes,
        summary=f"{n} rows, {width} features each by {features.encoder}, written to {options.out} "
        f"in {{seconds}} s",
    )


def _load_model(options: EmbedOptions) -> tuple[EmbeddingModel, BackboneCard | None]:
    """Load a callable, or a backbone with its card; refuse outputs in the place of its files."""
    from diffresnet.encode.callables import callable_file, check_callable, load_object

    from ..backbones.checkpoint import BACKBONE_FILE, LAST_FILE, load_backbone

    outputs = {"out": options.out, "mean_out": options.mean_out, "json": options.json}
    assert options.backbone is not None
    path = Path(options.backbone)
    if ":" in options.backbone and not path.exists():
        if options.classes != "all":
            raise click.UsageError("--classes is for backbones of train-backbone")
        model = check_callable(load_object(options.backbone), options.backbone)
        refuse_replacing(outputs, [callable_file(options.backbone)])
        return model, None
    if options.size is not None:
        raise click.UsageError("--size is for callables; a backbone knows its own")
    files = [path / BACKBONE_FILE, path / LAST_FILE] if path.is_dir() else [path]
    refuse_replacing(outputs, files)
    return load_backbone(path)
