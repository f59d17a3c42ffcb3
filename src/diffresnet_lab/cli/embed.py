"""diffresnet embed: images to a file of features, by a trained backbone or any callable."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from diffresnet.cli.decorators import device_option, json_option, quiet_option, seed_option
from diffresnet.cli.output_paths import refuse_overwriting
from diffresnet.cli.progress import note, progress
from diffresnet.cli.result import write_json
from diffresnet.errors import InputError
from diffresnet.files.atomic import check_writable

from .images import images_root_option, note_skipped, strict_option


@click.command(name="embed")
@click.argument(
    "images", metavar="IMAGES...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--backbone",
    required=True,
    metavar="DIR|MODULE:NAME",
    help="The folder of a train-backbone; or a torch module or function of Python, which gets "
    "images (b, c, h, w) in [0, 1] and returns (b, d).",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to write features, labels and class_names, as .npz.",
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float16"]),
    default="float32",
    show_default=True,
    help="Of the features.",
)
@click.option(
    "--mean-out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the mean of the features too: what fewshot takes as --base-mean.",
)
@click.option(
    "--classes",
    type=click.Choice(["all", "trained", "held-out"]),
    default="all",
    show_default=True,
    help="Only those that the backbone was trained on, or that were held out of its training.",
)
@images_root_option
@click.option(
    "--size",
    type=click.IntRange(1),
    help="Pixels that images are brought to for a callable; a backbone knows its own.",
)
@click.option("--batch", type=click.IntRange(1), default=256, show_default=True)
@strict_option
@device_option
@seed_option
@json_option
@quiet_option
def command(
    images: tuple[Path, ...],
    backbone: str,
    out: Path,
    dtype: str,
    mean_out: Path | None,
    classes: str,
    images_root: Path | None,
    size: int | None,
    batch: int,
    strict: bool,
    device: str,
    seed: int,
    json_path: Path | None,
    quiet: bool,
) -> None:
    """Turn IMAGES into a file of features.

    IMAGES are .npz files (images, labels), .csv splits (filename, label), or folders with a folder
    for each class; a folder of loose images gets the label -1.
    """
    start = time.perf_counter()
    check_writable(out, (".npz",))
    for path in (mean_out, json_path):
        if path is not None:
            check_writable(path, (".npz",) if path is mean_out else None)
    outputs = {"--out": out, "--mean-out": mean_out, "--json": json_path}
    refuse_overwriting(outputs, images)
    import numpy as np
    import torch

    from diffresnet.device import pick_device
    from diffresnet.files.npz import save_npz

    from ..backbones import embed
    from ..backbones.checkpoint import BACKBONE_FILE, LAST_FILE, load_backbone
    from ..backbones.embed import find_callable, source_of
    from ..data.images import read_images

    where = pick_device(device)
    channels: int | None = None
    card = None
    if ":" in backbone and not Path(backbone).exists():
        if classes != "all":
            raise click.UsageError("--classes is for backbones of train-backbone")
        model: Any = find_callable(backbone)
        refuse_overwriting(outputs, (source_of(backbone),))
    else:
        if size is not None:
            raise click.UsageError("--size is for callables; a backbone knows its own")
        place = Path(backbone)
        files = (place / BACKBONE_FILE, place / LAST_FILE) if place.is_dir() else (place,)
        refuse_overwriting(outputs, files)
        model, card = load_backbone(backbone)
        size, channels = card.resize, card.channels
    with progress("reading images", None, quiet) as bar:
        data = read_images(
            images, root=images_root, size=size, channels=channels, strict=strict, advance=bar
        )
    if classes != "all" and card is not None:
        names = card.classes if classes == "trained" else card.held_out
        if not names:
            raise InputError(f"{backbone!r} was trained with no class held out")
        data = data.select_classes(names)
    with (
        torch.random.fork_rng(devices=[where] if where.type == "cuda" else []),
        progress("embedding images", len(data), quiet) as bar,
    ):
        torch.manual_seed(seed)  # for callables that draw; ours do not
        features = embed(data, model, batch=batch, device=where, advance=bar)
    arrays = {"features": _as(features, dtype), "labels": data.labels}
    if data.class_names:
        arrays["class_names"] = np.array(data.class_names)
    save_npz(out, arrays)
    if mean_out is not None:
        mean = features.mean(axis=0, dtype=np.float64).astype(np.float32)
        save_npz(mean_out, {"mean": mean})
    seconds = time.perf_counter() - start
    row = {
        "images": len(data),
        "features": features.shape[1],
        "classes": len(data.class_names),
        "skipped": len(data.skipped),
        "images_per_second": len(data) / seconds,
    }
    settings = {
        "images": [str(path) for path in images],
        "backbone": backbone,
        "out": out,
        "dtype": dtype,
        "mean_out": mean_out,
        "classes": classes,
        "size": size,
        "batch": batch,
        "strict": strict,
        "device": device,
        "seed": seed,
    }
    write_json(
        json_path,
        {"experiment": "embed", "settings": settings, "results": [row], "seconds": seconds},
    )
    note_skipped(data.skipped, quiet)
    note(
        f"{len(data)} images, {features.shape[1]} features each, written to {out} in "
        f"{seconds:.0f} s",
        quiet,
    )


def _as(features: Any, dtype: str) -> Any:
    import numpy as np

    if dtype == "float16" and np.abs(features).max() > np.finfo(np.float16).max:
        raise InputError("the features are too large for float16; write float32")
    return features.astype(dtype)
