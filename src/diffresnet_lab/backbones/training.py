"""Training a backbone on base classes: one or many devices, mixed precision, resumable."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor

from diffresnet.errors import InputError

from ..data.images import ImageSet
from ..fewshot.tasks import Tasks, sample_tasks
from .accelerator import accelerating
from .augment import View, augmenter
from .checkpoint import BACKBONE_FILE, LAST_FILE, BackboneCard, write_tensors
from .embed import embed
from .settings import TrainingSettings
from .state import EpochRow, identity, restore_state, save_state
from .validation import prototype_accuracies
from .views import Classifier, ImageModel, as_floats

Precision = Literal["no", "bf16", "fp16"]


def train_backbone(
    train: ImageSet,
    validation: ImageSet | None,
    settings: TrainingSettings,
    folder: Path,
    *,
    held_out: tuple[str, ...] = (),
    resume: bool = False,
    device: str = "auto",
    mixed_precision: Precision = "no",
    advance: Callable[[int], None] | None = None,
    tell: Callable[[EpochRow], None] | None = None,
) -> list[EpochRow]:
    """Train, keep the best backbone and the last state in a folder, and return all epochs.

    `backbone.safetensors` is the epoch with the best validation (the last epoch without validation
    images); `last.safetensors` is what `resume` goes on from. An epoch draws its batches and views
    from the seed and its number alone, so that a stopped training goes on as if it had not been
    stopped; on a CPU with the same number of threads, to the last bit.

    Parameters
    ----------
    train, validation : ImageSet
        Stored at `settings.resize` pixels; every image of `train` has a class. Classes without
        images are passed over.
    held_out : names of the classes that were held out of `train`, to be kept on record.
    resume : bool
        Go on from the folder if it has a state, whose settings and data must be the same.
    device : "auto", "cpu" or "cuda"
    mixed_precision : {"no", "bf16", "fp16"}
    advance : called with 1 for each step.
    tell : called after each epoch.

    Raises
    ------
    InputError
        If the data or the state in the folder do not fit, or accelerate is not installed.
    RuntimeError
        If the loss is no longer a number.
    """
    train, validation = train.drop_empty_classes(), validation and validation.drop_empty_classes()
    tasks = _check(train, validation, settings)
    with accelerating(device, mixed_precision) as accelerator:
        run = _Run(train, validation, tasks, settings, folder, held_out, accelerator)
        if (folder / LAST_FILE).exists():
            if not resume:
                raise InputError(
                    f"{str(folder / LAST_FILE)!r} is there already; go on with --resume, or name "
                    f"another folder"
                )
            run.restore()
        for epoch in range(len(run.rows) + 1, settings.epochs + 1):
            run.epoch(epoch, advance)
            if tell is not None and accelerator.is_main_process:
                tell(run.rows[-1])
        return run.rows


def steps_of(train: ImageSet, settings: TrainingSettings) -> int:
    """Steps of an epoch; what does not fill a batch waits for another epoch."""
    return max(len(train) // settings.batch, 1)


class _Run:
    """One training, from its start or its last state."""

    def __init__(
        self,
        train: ImageSet,
        validation: ImageSet | None,
        tasks: Tasks | None,
        settings: TrainingSettings,
        folder: Path,
        held_out: tuple[str, ...],
        accelerator: Any,
    ) -> None:
        self.train, self.validation, self.tasks = train, validation, tasks
        self.settings, self.folder, self.held_out = settings, folder, held_out
        self.accelerator = accelerator
        self.identity = identity(settings, train, validation)
        self.rows: list[EpochRow] = []
        self.images = torch.from_numpy(train.images)
        self.labels = torch.from_numpy(train.labels)
        classes = len(train.class_names)
        copies = settings.augmentation.copies
        self.view: View = augmenter(settings.augmentation, settings.size, train.channels, classes)
        with _seeded(settings.seed, 0, 0, accelerator.device):
            mean, std = _statistics(train)
            self.model = ImageModel(settings.backbone, settings.size, settings.resize, mean, std)
            self.classifier = Classifier(self.model, copies * classes)
        self.classifier.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.SGD(
            self.classifier.parameters(),
            settings.learning_rate,
            settings.momentum,
            weight_decay=settings.weight_decay,
        )
        self.network, self.optimizer = accelerator.prepare(self.classifier, optimizer)

    def epoch(self, number: int, advance: Callable[[int], None] | None) -> None:
        """Train for an epoch, look at it where it is to be looked at, and save."""
        start = time.perf_counter()
        rate = self.settings.learning_rate_in(number)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss, accuracy = self._train(number, advance)
        if not math.isfinite(loss):
            raise RuntimeError(
                f"the loss is no longer a number in epoch {number}; take a smaller learning rate"
            )
        looked = None
        if self.accelerator.is_main_process and self.settings.validates_in(number):
            looked = self._validate()
        seconds = time.perf_counter() - start
        best = max((row.validation for row in self.rows if row.validation is not None), default=-1)
        self.rows.append(EpochRow(number, rate, loss, accuracy, looked, seconds))
        if self.accelerator.is_main_process:
            last_of_all = self.validation is None and number == self.settings.epochs
            if last_of_all or (looked is not None and looked > best):
                self._save_backbone()
            self._save_state()
        self.accelerator.wait_for_everyone()

    def _train(self, number: int, advance: Callable[[int], None] | None) -> tuple[float, float]:
        """Loss and accuracy over the views of an epoch."""
        acc, seed = self.accelerator, self.settings.seed
        self.network.train()
        sums = torch.zeros(3, device=acc.device)  # losses, hits, views
        order = np.random.default_rng([seed, number]).permutation(len(self.train))
        with _seeded(seed, number, acc.process_index, acc.device):
            for step in range(steps_of(self.train, self.settings)):
                whole = order[step * self.settings.batch : (step + 1) * self.settings.batch]
                rows = torch.from_numpy(whole[acc.process_index :: acc.num_processes])
                images = as_floats(self.images[rows], acc.device)
                views, target = self.view(images, self.labels[rows].to(acc.device))
                scores = self.network(views.contiguous(memory_format=torch.channels_last))
                loss = F.cross_entropy(
                    scores, target, label_smoothing=self.settings.label_smoothing
                )
                self.optimizer.zero_grad()
                acc.backward(loss)
                self.optimizer.step()
                sums += self._counts(loss.detach(), scores.detach(), target)
                if advance is not None:
                    advance(1)
        losses, hits, views_seen = acc.reduce(sums).tolist()
        return losses / views_seen, 100.0 * hits / views_seen

    @staticmethod
    def _counts(loss: Tensor, scores: Tensor, target: Int[Tensor, " b"]) -> Tensor:
        hits = (scores.argmax(1) == target).sum()
        return torch.stack([loss * len(target), hits, torch.full_like(loss, len(target))])

    def _validate(self) -> float | None:
        if self.validation is None or self.tasks is None:
            return None
        features = embed(self.validation, self.model, device=self.accelerator.device)
        return float(prototype_accuracies(torch.from_numpy(features), self.tasks).mean())

    def _save_backbone(self) -> None:
        row = self.rows[-1]
        card = BackboneCard(
            self.settings.backbone,
            self.train.channels,
            self.settings.size,
            self.settings.resize,
            self.train.class_names,
            self.held_out,
            row.epoch,
            row.validation,
            asdict(self.settings),
        )
        write_tensors(self.folder / BACKBONE_FILE, self.model.state_dict(), asdict(card))

    def _save_state(self) -> None:
        save_state(
            self.folder / LAST_FILE,
            self.classifier,
            self.optimizer,
            self.accelerator.scaler,
            self.rows,
            self.identity,
        )

    def restore(self) -> None:
        """Go back to the state in the folder."""
        self.rows = restore_state(
            self.folder / LAST_FILE,
            self.classifier,
            self.optimizer,
            self.accelerator.scaler,
            self.identity,
        )


def _check(
    train: ImageSet, validation: ImageSet | None, settings: TrainingSettings
) -> Tasks | None:
    if len(train.class_names) < 2:
        raise InputError("training needs images of 2 classes or more, each with its class")
    unknown = int((train.labels < 0).sum())
    if unknown:
        raise InputError(f"{unknown} of {len(train)} training images have no class; leave them out")
    if len(train) < 2:
        raise InputError("training needs 2 images or more")
    if train.size != settings.resize:
        raise InputError(f"images are stored at {train.size} pixels, not {settings.resize}")
    if validation is None:
        return None
    if validation.channels != train.channels:
        raise InputError(
            f"training images have {train.channels} channels, those for validation "
            f"{validation.channels}"
        )
    shared = set(train.class_names) & set(validation.class_names)
    if shared:
        raise InputError(
            f"class {min(shared)!r} is in the training and the validation images "
            f"({len(shared)} shared); validation needs classes of its own"
        )
    v = settings.validation
    try:
        return sample_tasks(
            validation.labels,
            v.ways,
            v.shots,
            v.queries,
            tasks=v.tasks,
            seed=settings.seed,
            class_names=validation.class_names,
        )
    except InputError as error:
        raise InputError(f"of the validation images {error}") from error


def _statistics(train: ImageSet) -> tuple[list[float], list[float]]:
    """Mean and deviation of every channel, for bytes as numbers in [0, 1]."""
    levels = np.arange(256) / 255.0
    means, deviations = [], []
    for channel in range(train.channels):
        counts = np.bincount(train.images[..., channel].reshape(-1), minlength=256)
        shares = counts / counts.sum()
        mean = float(shares @ levels)
        means.append(mean)
        deviations.append(max(float(shares @ (levels - mean) ** 2) ** 0.5, 1e-3))
    return means, deviations


@contextmanager
def _seeded(seed: int, epoch: int, process: int, device: torch.device) -> Iterator[None]:
    """Torch's generators at a seed of this epoch and process, and as they were afterwards.

    kornia and the layers' own initialisation draw from no other generator.
    """
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(int(np.random.SeedSequence([seed, epoch, process]).generate_state(1)[0]))
        yield
