"""Resumable state of a training after an epoch."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from diffresnet.errors import InputError

from ..data.images import ImageSet
from .checkpoint import read_tensors, write_tensors
from .config import TrainingConfig
from .encoder import ImageClassifier


@dataclass(frozen=True)
class EpochMetrics:
    """Metrics of one epoch; accuracies in percent.

    Attributes
    ----------
    loss, accuracy : float
        Means over the augmented training images, by the weights of their step.
    validation : float or None
        Nearest-prototype accuracy on the validation tasks, in epochs that are validated.
    """

    epoch: int
    learning_rate: float
    loss: float
    accuracy: float
    validation: float | None
    seconds: float


def fingerprint(
    config: TrainingConfig, train: ImageSet, validation: ImageSet | None
) -> dict[str, Any]:
    """Return what must be the same for a training to resume, as JSON has it."""
    facts = {
        "settings": asdict(config),
        "data": _describe(train),
        "validation data": None if validation is None else _describe(validation),
    }
    plain: dict[str, Any] = json.loads(json.dumps(facts))
    return plain


def _describe(images: ImageSet) -> dict[str, Any]:
    checksum = zlib.crc32(np.ascontiguousarray(images.labels, dtype="<i8").data)
    return {
        "images": len(images),
        "classes": images.class_names,
        "checksum": zlib.crc32(np.ascontiguousarray(images.images).data, checksum),
    }


@dataclass(frozen=True)
class TrainingState:
    """Weights, momentum and gradient scaler of a training, and the file that they are kept in.

    Attributes
    ----------
    scaler : the gradient scaler of mixed precision, or None.
    fingerprint : of `fingerprint`.
    """

    path: Path
    classifier: ImageClassifier
    optimizer: torch.optim.Optimizer
    scaler: Any
    fingerprint: dict[str, Any]

    def save(self, history: Sequence[EpochMetrics]) -> None:
        """Write the state after the epochs of `history`.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        weights = self.classifier.state_dict()
        tensors = {f"network.{name}": tensor for name, tensor in weights.items()}
        for name, parameter in self.classifier.named_parameters():
            tensors[f"momentum.{name}"] = self.optimizer.state[parameter]["momentum_buffer"]
        metadata = self.fingerprint | {
            "rows": [asdict(metrics) for metrics in history],
            "scaler": None if self.scaler is None else self.scaler.state_dict(),
        }
        write_tensors(self.path, tensors, metadata)

    def restore(self) -> list[EpochMetrics]:
        """Restore network, optimiser and scaler, and return the epochs so far.

        Raises
        ------
        InputError
            If the file holds no such state, or one with other settings or data.
        """
        tensors, metadata = read_tensors(self.path)
        name = repr(str(self.path))
        for key, now in self.fingerprint.items():
            if metadata.get(key) != now:
                difference = _difference(key, metadata.get(key), now)
                raise InputError(f"{name} was trained with other {difference}")
        try:
            history = [EpochMetrics(**row) for row in metadata["rows"]]
            weights = {key: tensors[f"network.{key}"] for key in self.classifier.state_dict()}
            self.classifier.load_state_dict(weights)
            for key, parameter in self.classifier.named_parameters():
                buffer = torch.empty_like(parameter).copy_(tensors[f"momentum.{key}"])
                self.optimizer.state[parameter]["momentum_buffer"] = buffer.detach()
        except (KeyError, TypeError, RuntimeError) as error:
            raise InputError(f"{name} holds no whole state: {error}") from error
        if self.scaler is not None and metadata.get("scaler"):
            self.scaler.load_state_dict(metadata["scaler"])
        return history


def _difference(key: str, then: Any, now: Any) -> str:
    """Name the setting, or the fact of the data, that differs."""
    if not isinstance(then, dict) or not isinstance(now, dict):
        return key
    names = [name for name in now if then.get(name) != now[name]]
    values = f": {then.get(names[0])} then, {now[names[0]]} now" if names else ""
    return f"{key} ({names[0] if names else key}{values if len(values) < 200 else ''})"
