"""diffresnet train-backbone: a network from images to features, trained on base classes."""

from __future__ import annotations

import functools
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import click

from diffresnet.cli.command import Outcome, command
from diffresnet.cli.options import Argument, Option, SeedOption, command_line
from diffresnet.cli.progress import note, progress
from diffresnet.errors import InputError
from diffresnet.files.atomic import refuse_replacing

from .backbone_results import epoch_line, result_line, write_report
from .images import ImageOptions, read_image_files, skipped_notes
from .results import prepare_folder

if TYPE_CHECKING:
    from ..backbones import TrainingConfig
    from ..data.images import ImageSet


@dataclass(frozen=True, kw_only=True)
class TrainOptions(ImageOptions, SeedOption):
    """Options of `diffresnet train-backbone`."""

    data: Annotated[tuple[Path, ...], Argument(metavar="DATA...", reads=True)]
    out: Annotated[
        Path,
        Option(
            help="Folder for backbone.safetensors, last.safetensors, report.html, metrics.json, "
            "curves.",
            metavar="DIR",
            type=click.Path(path_type=Path, file_okay=False),
            writes=True,
            folder=True,
        ),
    ]
    val: Annotated[
        tuple[Path, ...],
        Option(
            help="Images of other classes to validate on; may be given several times.",
            metavar="DATA",
            reads=True,
        ),
    ] = ()
    hold_out: Annotated[
        int | None,
        Option(
            help="Instead of --val: hold N classes of DATA out, chosen by the seed.",
            metavar="N",
            type=click.IntRange(2),
        ),
    ] = None
    backbone: Annotated[str, Option(help="conv4, resnet18 or wrn28-10.", metavar="NAME")] = (
        "resnet18"
    )
    size: Annotated[int, Option(help="Pixels.", type=click.IntRange(1))] = 84
    resize: Annotated[
        int | None,
        Option(
            help="Pixels of the stored image that is cropped.  [default: 96 for 84, in "
            "proportion; below 64 the size]",
            type=click.IntRange(1),
        ),
    ] = None
    early_sizes: Annotated[
        str,
        Option(
            help="Smaller sizes to train at first, such as 16,24: the epochs are shared equally "
            "among them and --size.",
            metavar="PIXELS,...",
        ),
    ] = ""
    augment: Annotated[
        str,
        Option(
            help="photo (crop, colour, mirror); drawing (small turn, shift, scale); "
            "drawing-turned (and each right angle is a class of its own); none.",
            metavar="NAME",
        ),
    ] = "photo"
    smallest_crop: Annotated[
        float | None,
        Option(
            help="Smallest share of the area that a crop of photo keeps.  [default: 0.08]",
            metavar="SHARE",
            type=click.FloatRange(0.0, 1.0, min_open=True),
        ),
    ] = None
    epochs: Annotated[int, Option(type=click.IntRange(1))] = 100
    batch: Annotated[
        int, Option(help="Images of a step, on all devices together.", type=click.IntRange(2))
    ] = 256
    learning_rate: Annotated[float, Option(type=click.FloatRange(0.0, min_open=True))] = 0.1
    schedule: Annotated[
        Literal["steps", "one-cycle"],
        Option(
            help="Learning rate: divided by 10 after half and three quarters of the epochs, or "
            "raised from 0 and lowered to 0 once."
        ),
    ] = "steps"
    ways: Annotated[int, Option(help="Of validation.", type=click.IntRange(2))] = 5
    queries: Annotated[int, Option(help="A class.", type=click.IntRange(1))] = 15
    tasks: Annotated[int, Option(type=click.IntRange(2))] = 1000
    resume: Annotated[bool, Option(help="Go on from what a stopped training left in --out.")] = (
        False
    )
    device: Annotated[
        str,
        Option(help="auto, cpu or cuda; `accelerate launch` spreads over several.", metavar="NAME"),
    ] = "auto"
    mixed_precision: Annotated[
        Literal["no", "bf16", "fp16"], Option(help="bf16 works on CPUs too.")
    ] = "no"

    def settings(self) -> dict[str, Any]:
        """Return what the configuration of the training does not tell."""
        names = ("data", "val", "hold_out", "device", "mixed_precision")
        return {name: value for name, value in super().settings().items() if name in names}


@command("train-backbone")
def train_command(options: TrainOptions) -> Outcome | None:
    """Train a backbone to tell the classes of DATA apart, and keep the best for few-shot tasks.

    DATA are .npz files (images, labels), .csv splits (filename, label), or folders with a folder
    for each class. The settings are the paper's: SGD, learning rate divided by 10 at half and three
    quarters of the epochs, label smoothing 0.1; in the last quarter each epoch is looked at by
    nearest-prototype accuracy on 1-shot tasks of the validation classes, and the best is kept.
    """
    from diffresnet.device import pick_device

    from ..backbones import final_accuracies, train_backbone
    from ..backbones.checkpoint import BACKBONE_FILE, LAST_FILE

    main_process = os.environ.get("RANK", "0") == "0"  # of those of `accelerate launch`
    quiet = options.quiet or not main_process
    config = _config(options)
    checkpoints = (options.out / BACKBONE_FILE, options.out / LAST_FILE)
    refuse_replacing({"json": options.json}, checkpoints)
    folder = prepare_folder(options.out, options.json)
    train, validation, skipped = _read(replace(options, quiet=quiet), config)
    steps = config.epochs * config.steps_per_epoch(len(train))
    with progress(config.backbone, steps, quiet) as advance:
        history = train_backbone(
            train,
            validation,
            config,
            options.out,
            held_out=validation.class_names if validation and options.hold_out else (),
            resume=options.resume,
            device=options.device,
            mixed_precision=options.mixed_precision,
            advance=advance,
            on_epoch=lambda metrics: note(epoch_line(metrics, config.epochs), quiet),
        )
    if not main_process:
        return None
    results = final_accuracies(
        options.out,
        train,
        validation,
        config,
        pick_device(options.device),
        options.mixed_precision,
    )
    counts = {"images": len(train), "classes": len(train.class_names), "skipped": skipped}
    return Outcome(
        results,
        text="\n".join(map(result_line, results)),
        summary=f"written   {folder.page}, in {{seconds}} s",
        settings=counts | asdict(config),
        extra={
            "epochs": [asdict(metrics) for metrics in history],
            "training_seconds": sum(metrics.seconds for metrics in history),
        },
        report=functools.partial(
            write_report,
            folder,
            config,
            history,
            command_line("train-backbone", options, ["resume"]),
        ),
    )


def _config(options: TrainOptions) -> TrainingConfig:
    """Return the configuration of the training that the options ask for."""
    from ..backbones import AUGMENTATIONS, TrainingConfig, ValidationConfig
    from ..backbones.config import default_resize

    if options.val and options.hold_out is not None:
        raise click.UsageError("--val and --hold-out exclude each other")
    if options.augment not in AUGMENTATIONS:
        names = ", ".join(AUGMENTATIONS)
        raise InputError(f"no augmentation {options.augment!r}; there are {names}", "augment")
    augmentation = AUGMENTATIONS[options.augment]
    if options.smallest_crop is not None:
        if options.augment != "photo":
            raise click.UsageError(
                f"--smallest-crop is an option of --augment photo, not {options.augment}"
            )
        augmentation = replace(augmentation, crop=options.smallest_crop)
    return TrainingConfig(
        backbone=options.backbone,
        size=options.size,
        resize=options.resize or default_resize(options.size),
        early_sizes=_sizes(options.early_sizes),
        augmentation=augmentation,
        epochs=options.epochs,
        batch=options.batch,
        learning_rate=options.learning_rate,
        schedule=options.schedule,
        validation=ValidationConfig(
            ways=options.ways, queries=options.queries, tasks=options.tasks
        ),
        seed=options.seed,
    )


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part)
    except ValueError:
        raise InputError(f"sizes are numbers such as 16,24, not {text!r}", "early_sizes") from None


def _read(options: TrainOptions, config: TrainingConfig) -> tuple[ImageSet, ImageSet | None, int]:
    """Read training and validation images; the number is that of broken ones."""

    def read(paths: tuple[Path, ...], channels: int | None) -> ImageSet:
        images = read_image_files(paths, options, config.resize, channels)
        for text in skipped_notes(images):
            note(f"note: {text}", options.quiet)
        return images.drop_empty_classes()

    train = read(options.data, None)
    skipped = len(train.skipped)
    if options.hold_out is not None:
        return *train.hold_out_classes(options.hold_out, options.seed), skipped
    if not options.val:
        return train, None, skipped
    validation = read(options.val, train.channels)
    return train, validation, skipped + len(validation.skipped)
