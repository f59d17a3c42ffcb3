"""diffresnet train-backbone: a network from images to features, trained on base classes."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diffresnet.cli.decorators import json_option, quiet_option, seed_option
from diffresnet.cli.output_paths import refuse_overwriting
from diffresnet.cli.progress import note, progress
from diffresnet.cli.result import environment, write_json
from diffresnet.errors import InputError

from .backbone_results import epoch_line, typed, write_report
from .images import images_root_option, note_skipped, strict_option
from .results import prepare_folder

if TYPE_CHECKING:
    from ..data.images import ImageSet


@click.command(name="train-backbone")
@click.argument("data", metavar="DATA...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for backbone.safetensors, last.safetensors, report.html, metrics.json, curves.",
)
@click.option(
    "--val",
    "val",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DATA",
    help="Images of other classes to validate on; may be given several times.",
)
@click.option(
    "--hold-out",
    type=click.IntRange(2),
    metavar="N",
    help="Instead of --val: hold N classes of DATA out, chosen by the seed.",
)
@images_root_option
@strict_option
@click.option(
    "--backbone",
    default="resnet18",
    show_default=True,
    metavar="NAME",
    help="conv4, resnet18 or wrn28-10.",
)
@click.option("--size", type=click.IntRange(1), default=84, show_default=True, help="Pixels.")
@click.option(
    "--resize",
    type=click.IntRange(1),
    help="Pixels of the stored image that is cropped.  [default: 96 for 84, in proportion; "
    "below 64 the size]",
)
@click.option(
    "--augment",
    default="photo",
    show_default=True,
    metavar="NAME",
    help="photo (crop, colour, mirror); drawing (small turn, shift, scale); drawing-turned (and "
    "each right angle is a class of its own); none.",
)
@click.option(
    "--smallest-crop",
    type=click.FloatRange(0.0, 1.0, min_open=True),
    metavar="SHARE",
    help="Smallest share of the area that a crop of photo keeps.  [default: 0.08]",
)
@click.option("--epochs", type=click.IntRange(1), default=100, show_default=True)
@click.option(
    "--batch",
    type=click.IntRange(2),
    default=256,
    show_default=True,
    help="Images of a step, on all devices together.",
)
@click.option(
    "--learning-rate", type=click.FloatRange(0.0, min_open=True), default=0.1, show_default=True
)
@click.option("--ways", type=click.IntRange(2), default=5, show_default=True, help="Of validation.")
@click.option("--queries", type=click.IntRange(1), default=15, show_default=True, help="A class.")
@click.option("--tasks", type=click.IntRange(2), default=1000, show_default=True)
@click.option("--resume", is_flag=True, help="Go on from what a stopped training left in --out.")
@click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="auto, cpu or cuda; `accelerate launch` spreads over several.",
)
@click.option(
    "--mixed-precision",
    type=click.Choice(["no", "bf16", "fp16"]),
    default="no",
    show_default=True,
    help="bf16 works on CPUs too.",
)
@seed_option
@json_option
@quiet_option
@click.pass_context
def command(
    ctx: click.Context,
    data: tuple[Path, ...],
    out: Path,
    val: tuple[Path, ...],
    hold_out: int | None,
    images_root: Path | None,
    strict: bool,
    backbone: str,
    size: int,
    resize: int | None,
    augment: str,
    smallest_crop: float | None,
    epochs: int,
    batch: int,
    learning_rate: float,
    ways: int,
    queries: int,
    tasks: int,
    resume: bool,
    device: str,
    mixed_precision: Any,
    seed: int,
    json_path: Path | None,
    quiet: bool,
) -> None:
    """Train a backbone to tell the classes of DATA apart, and keep the best for few-shot tasks.

    DATA are .npz files (images, labels), .csv splits (filename, label), or folders with a folder
    for each class. The settings are the paper's: SGD, learning rate divided by 10 at half and three
    quarters of the epochs, label smoothing 0.1; in the last quarter each epoch is looked at by
    nearest-prototype accuracy on 1-shot tasks of the validation classes, and the best is kept.
    """
    start = time.perf_counter()
    first = os.environ.get("RANK", "0") == "0"  # of the processes of `accelerate launch`
    quiet = quiet or not first
    if val and hold_out is not None:
        raise click.UsageError("--val and --hold-out exclude each other")
    from diffresnet.device import pick_device

    from ..backbones import AUGMENTATIONS, TrainingSettings, Validation, train_backbone
    from ..backbones.checkpoint import BACKBONE_FILE, LAST_FILE
    from ..backbones.settings import resize_for
    from ..backbones.summary import final_accuracies
    from ..backbones.training import steps_of
    from ..data.images import read_images

    if augment not in AUGMENTATIONS:
        raise InputError(f"no augmentation {augment!r}; there are {', '.join(AUGMENTATIONS)}")
    augmentation = AUGMENTATIONS[augment]
    if smallest_crop is not None:
        if augment != "photo":
            raise click.UsageError(
                f"--smallest-crop is an option of --augment photo, not {augment}"
            )
        augmentation = replace(augmentation, crop=smallest_crop)
    settings = TrainingSettings(
        backbone=backbone,
        size=size,
        resize=resize or resize_for(size),
        augmentation=augmentation,
        epochs=epochs,
        batch=batch,
        learning_rate=learning_rate,
        validation=Validation(ways=ways, queries=queries, tasks=tasks),
        seed=seed,
    )
    checkpoints = (out / BACKBONE_FILE, out / LAST_FILE)
    refuse_overwriting({"--out": out, "--json": json_path}, (*data, *val, *checkpoints))
    folder = prepare_folder(out, json_path)

    def read(paths: tuple[Path, ...], channels: int | None) -> ImageSet:
        with progress("reading images", None, quiet) as bar:
            found = read_images(
                paths,
                root=images_root,
                size=settings.resize,
                channels=channels,
                strict=strict,
                advance=bar,
            )
        note_skipped(found.skipped, quiet)
        return found.drop_empty_classes()

    train, validation = read(data, None), None
    skipped = len(train.skipped)
    if hold_out is not None:
        train, validation = train.hold_out_classes(hold_out, seed)
    elif val:
        validation = read(val, train.channels)
        skipped += len(validation.skipped)
    with progress(backbone, epochs * steps_of(train, settings), quiet) as bar:
        rows = train_backbone(
            train,
            validation,
            settings,
            out,
            held_out=validation.class_names if validation and hold_out else (),
            resume=resume,
            device=device,
            mixed_precision=mixed_precision,
            advance=bar,
            tell=lambda row: note(epoch_line(row, epochs), quiet),
        )
    if not first:
        return
    found = final_accuracies(out, train, validation, settings, pick_device(device))
    payload: dict[str, Any] = {
        "experiment": "train-backbone",
        "settings": {
            "data": [str(path) for path in data],
            "val": [str(path) for path in val],
            "hold_out": hold_out,
            "images": len(train),
            "classes": len(train.class_names),
            "skipped": skipped,
            **asdict(settings),
            "device": device,
            "mixed_precision": mixed_precision,
        },
        "results": found,
        "epochs": [asdict(row) for row in rows],
        "training_seconds": sum(row.seconds for row in rows),
        "environment": environment(None if device == "auto" else device),
        "seconds": time.perf_counter() - start,
    }
    write_report(folder, payload, settings, rows, typed(ctx))
    write_json(json_path, payload)
    for row in found:
        click.echo(
            f"{row['ways']}-way {row['shots']}-shot, {row['method']}: {row['accuracy']:.2f} % ± "
            f"{row['ci95']:.2f} (95% of {row['tasks']} tasks on validation classes)"
        )
    note(f"written   {folder.page}, in {payload['seconds']:.0f} s", quiet)
