"""Backbone training on base classes: one or many devices, mixed precision, resumable."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from diffresnet.errors import InputError

from ..data.images import ImageSet
from ..fewshot import Tasks
from .accelerator import open_accelerator, seeded
from .augmentation import Augmenter
from .checkpoint import BACKBONE_FILE, LAST_FILE, BackboneCard, write_tensors
from .config import TrainingConfig
from .embedding import Precision, embed_images
from .encoder import ImageClassifier, ImageEncoder, resize, to_floats
from .state import EpochMetrics, TrainingState, fingerprint
from .validation import prototype_accuracies, sample_validation_tasks

Advance = Callable[[int], None]


def train_backbone(
    train: ImageSet,
    validation: ImageSet | None,
    config: TrainingConfig,
    folder: Path,
    *,
    held_out: tuple[str, ...] = (),
    resume: bool = False,
    device: str = "auto",
    mixed_precision: Precision = "no",
    advance: Advance | None = None,
    on_epoch: Callable[[EpochMetrics], None] | None = None,
) -> list[EpochMetrics]:
    """Train, keep the best backbone and the last state in a folder, and return all epochs.

    `backbone.safetensors` is the epoch with the best validation (the last epoch without validation
    images); `last.safetensors` is the state that `resume` goes on from. An epoch draws its batches
    and augmentations from the seed and its number alone, so that a stopped training goes on as if
    it had not been stopped; on a CPU with the same number of threads, to the last bit.

    Parameters
    ----------
    train, validation : ImageSet
        Stored at `config.resize` pixels; every image of `train` has a class. Classes without
        images are passed over.
    held_out : names of the classes that were held out of `train`, to be kept on record.
    resume : bool
        Go on from the folder if it has a state, whose settings and data must be the same.
    device : "auto", "cpu" or "cuda"
    mixed_precision : {"no", "bf16", "fp16"}
    advance : called with 1 for each step.
    on_epoch : called after each epoch.

    Raises
    ------
    InputError
        If the data or the state in the folder do not fit.
    RuntimeError
        If the loss is no longer a number.
    """
    train = train.drop_empty_classes()
    validation = validation and validation.drop_empty_classes()
    _check_images(train, validation, config)
    tasks = None
    if validation is not None:
        tasks = sample_validation_tasks(validation, config.validation, config.seed)
    with open_accelerator(device, mixed_precision) as accelerator:
        trainer = _Trainer(train, validation, tasks, config, folder, held_out, accelerator)
        if trainer.state.path.exists():
            if not resume:
                raise InputError(
                    f"{str(trainer.state.path)!r} is there already; resume it, or name another "
                    f"folder",
                    "resume",
                )
            trainer.history = trainer.state.restore()
        for epoch in range(len(trainer.history) + 1, config.epochs + 1):
            trainer.run_epoch(epoch, advance)
            if on_epoch is not None and accelerator.is_main_process:
                on_epoch(trainer.history[-1])
        return trainer.history


class _Trainer:
    """Model, optimiser and data of one training."""

    def __init__(
        self,
        train: ImageSet,
        validation: ImageSet | None,
        tasks: Tasks | None,
        config: TrainingConfig,
        folder: Path,
        held_out: tuple[str, ...],
        accelerator: Any,
    ) -> None:
        self.train, self.validation, self.tasks = train, validation, tasks
        self.config, self.folder, self.held_out = config, folder, held_out
        self.accelerator = accelerator
        self.history: list[EpochMetrics] = []
        self.images, self.labels = torch.from_numpy(train.images), torch.from_numpy(train.labels)
        classes = len(train.class_names)
        self.augment = Augmenter(config.augmentation, config.size, train.channels, classes)
        with self._seeded(epoch=0, process=0):
            mean, std = _channel_statistics(train)
            self.model = ImageEncoder(config.backbone, config.size, config.resize, mean, std)
            classes *= config.augmentation.classes_per_class
            classifier = ImageClassifier(self.model, classes)
        classifier.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.SGD(
            classifier.parameters(),
            config.learning_rate,
            config.momentum,
            weight_decay=config.weight_decay,
        )
        self.network, self.optimizer = accelerator.prepare(classifier, optimizer)
        self.state = TrainingState(
            folder / LAST_FILE,
            classifier,
            self.optimizer,
            accelerator.scaler,
            fingerprint(config, train, validation),
        )

    def run_epoch(self, epoch: int, advance: Advance | None) -> None:
        """Train for an epoch, validate where the configuration says so, and save."""
        start = time.perf_counter()
        loss, accuracy = self._train(epoch, advance)
        if not math.isfinite(loss):
            raise RuntimeError(
                f"the loss is no longer a number in epoch {epoch}; take a smaller learning rate"
            )
        validation = None
        if self.accelerator.is_main_process and self.config.validates_at(epoch):
            validation = self._validate()
        seconds = time.perf_counter() - start
        best = max((e.validation for e in self.history if e.validation is not None), default=-1)
        rate = self.config.learning_rate_at(epoch)
        self.history.append(EpochMetrics(epoch, rate, loss, accuracy, validation, seconds))
        if self.accelerator.is_main_process:
            last = self.validation is None and epoch == self.config.epochs
            if last or (validation is not None and validation > best):
                self._save_backbone()
            self.state.save(self.history)
        self.accelerator.wait_for_everyone()

    def _train(self, epoch: int, advance: Advance | None) -> tuple[float, float]:
        """Return loss and accuracy in percent over the augmented images of an epoch."""
        accelerator, config = self.accelerator, self.config
        size, pixels = config.batch, config.size_at(epoch)
        steps = config.steps_per_epoch(len(self.train))
        process, processes = accelerator.process_index, accelerator.num_processes
        self.network.train()
        sums = torch.zeros(3, device=accelerator.device)  # losses, hits, images
        order = np.random.default_rng([config.seed, epoch]).permutation(len(self.train))
        with self._seeded(epoch, process):
            for step in range(steps):
                for group in self.optimizer.param_groups:
                    group["lr"] = config.learning_rate_at(epoch, (step + 0.5) / steps)
                batch = order[step * size : (step + 1) * size]
                rows = torch.from_numpy(batch[process::processes])
                images = to_floats(self.images[rows], accelerator.device)
                images, labels = self.augment(images, self.labels[rows].to(accelerator.device))
                if pixels != config.size:
                    images = resize(images, pixels)
                logits = self.network(images.contiguous(memory_format=torch.channels_last))
                loss = F.cross_entropy(logits, labels, label_smoothing=config.label_smoothing)
                self.optimizer.zero_grad()
                accelerator.backward(loss)
                self.optimizer.step()
                loss, hits = loss.detach(), (logits.detach().argmax(1) == labels).sum()
                count = torch.full_like(loss, len(labels))
                sums += torch.stack([loss * len(labels), hits, count])
                if advance is not None:
                    advance(1)
        losses, correct, images_seen = accelerator.reduce(sums).tolist()
        return losses / images_seen, 100.0 * correct / images_seen

    def _validate(self) -> float | None:
        if self.validation is None or self.tasks is None:
            return None
        features = embed_images(
            self.validation,
            self.model,
            device=self.accelerator.device,
            mixed_precision=self.accelerator.mixed_precision,
        )
        return float(prototype_accuracies(torch.from_numpy(features), self.tasks).mean())

    def _save_backbone(self) -> None:
        card = BackboneCard(
            self.config.backbone,
            self.train.channels,
            self.config.size,
            self.config.resize,
            self.train.class_names,
            self.held_out,
            self.history[-1].epoch,
            self.history[-1].validation,
            asdict(self.config),
        )
        write_tensors(self.folder / BACKBONE_FILE, self.model.state_dict(), asdict(card))

    def _seeded(self, epoch: int, process: int) -> AbstractContextManager[None]:
        # kornia and the layers' own initialisation draw from torch's generators alone.
        seed = np.random.SeedSequence([self.config.seed, epoch, process]).generate_state(1)[0]
        return seeded(int(seed), self.accelerator.device)


def _check_images(train: ImageSet, validation: ImageSet | None, config: TrainingConfig) -> None:
    unlabelled = int((train.labels < 0).sum())
    if len(train.class_names) < 2:
        raise InputError("training needs images of 2 classes or more, each with its class")
    if unlabelled:
        raise InputError(
            f"{unlabelled} of {len(train)} training images have no class; leave them out"
        )
    if len(train) < 2:
        raise InputError("training needs 2 images or more")
    if train.size != config.resize:
        raise InputError(f"images are stored at {train.size} pixels, not {config.resize}")
    if validation is None:
        return
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


def _channel_statistics(images: ImageSet) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of every channel, for bytes as numbers in [0, 1]."""
    levels = np.arange(256) / 255.0
    means, deviations = [], []
    for channel in range(images.channels):
        counts = np.bincount(images.images[..., channel].reshape(-1), minlength=256)
        shares = counts / counts.sum()
        mean = float(shares @ levels)
        means.append(mean)
        deviations.append(max(float(shares @ (levels - mean) ** 2) ** 0.5, 1e-3))
    return means, deviations
