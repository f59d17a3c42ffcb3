"""The state of a training as it was after an epoch: written, and gone back to."""

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
from .settings import TrainingSettings
from .views import Classifier


@dataclass(frozen=True)
class EpochRow:
    """What one epoch came to; accuracies in percent.

    Attributes
    ----------
    loss, accuracy : float
        Means over the training views, as the network was when it saw them.
    validation : float or None
        Nearest-prototype accuracy on the validation tasks, in the epochs that are looked at.
    """

    epoch: int
    learning_rate: float
    loss: float
    accuracy: float
    validation: float | None
    seconds: float


def identity(
    settings: TrainingSettings, train: ImageSet, validation: ImageSet | None
) -> dict[str, Any]:
    """What must be the same for a training to go on, as JSON has it."""
    facts = {
        "settings": asdict(settings),
        "data": _facts(train),
        "validation data": None if validation is None else _facts(validation),
    }
    found: dict[str, Any] = json.loads(json.dumps(facts))
    return found


def _facts(images: ImageSet) -> dict[str, Any]:
    checksum = zlib.crc32(np.ascontiguousarray(images.labels, dtype="<i8").data)
    return {
        "images": len(images),
        "classes": images.class_names,
        "checksum": zlib.crc32(np.ascontiguousarray(images.images).data, checksum),
    }


def save_state(
    path: Path,
    classifier: Classifier,
    optimizer: torch.optim.Optimizer,
    scaler: Any,
    rows: Sequence[EpochRow],
    facts: dict[str, Any],
) -> None:
    """Write weights, momentum, the scaler of mixed precision (or None) and all epochs so far.

    Parameters
    ----------
    facts : of `identity`.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    tensors = {f"network.{name}": tensor for name, tensor in classifier.state_dict().items()}
    for name, parameter in classifier.named_parameters():
        tensors[f"momentum.{name}"] = optimizer.state[parameter]["momentum_buffer"]
    kept = facts | {
        "rows": [asdict(row) for row in rows],
        "scaler": None if scaler is None else scaler.state_dict(),
    }
    write_tensors(path, tensors, kept)


def restore_state(
    path: Path,
    classifier: Classifier,
    optimizer: torch.optim.Optimizer,
    scaler: Any,
    facts: dict[str, Any],
) -> list[EpochRow]:
    """Bring network, optimiser and scaler back to a saved state, and return its epochs.

    Raises
    ------
    InputError
        If the file is none of such a state, or of a training with other settings or data.
    """
    tensors, found = read_tensors(path)
    for key, now in facts.items():
        then = found.get(key)
        if then != now:
            raise InputError(f"{str(path)!r} was trained with other {_difference(key, then, now)}")
    try:
        rows = [EpochRow(**row) for row in found["rows"]]
        network = {name: tensors[f"network.{name}"] for name in classifier.state_dict()}
        classifier.load_state_dict(network)
        for name, parameter in classifier.named_parameters():
            buffer = torch.empty_like(parameter).copy_(tensors[f"momentum.{name}"])
            optimizer.state[parameter]["momentum_buffer"] = buffer.detach()
    except (KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{str(path)!r} holds no whole state: {error}") from error
    if scaler is not None and found.get("scaler"):
        scaler.load_state_dict(found["scaler"])
    return rows


def _difference(key: str, then: Any, now: Any) -> str:
    """Which of the settings differs, in words."""
    if not isinstance(then, dict) or not isinstance(now, dict):
        return key
    names = [name for name in now if then.get(name) != now[name]]
    value = f": {then.get(names[0])} then, {now[names[0]]} now" if names else ""
    return f"{key} ({names[0] if names else key}{value if len(value) < 200 else ''})"
