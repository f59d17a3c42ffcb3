"""Checkpoints: safetensors files with JSON in their header. Nothing is unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from diffresnet.errors import InputError
from diffresnet.files.atomic import atomic_write, check_readable, reason

from .encoder import ImageEncoder

BACKBONE_FILE = "backbone.safetensors"
"""Name, in the folder of a training, of the best backbone."""

LAST_FILE = "last.safetensors"
"""Name, in the folder of a training, of the state that it resumes from."""

_KEY = "diffresnet"


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write tensors and JSON metadata in one safetensors file, whole or not at all.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # Not save_file, which makes a file that its owner alone can read.
    content = safetensors.torch.save(plain, metadata={_KEY: json.dumps(metadata)})
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read the tensors and metadata that `write_tensors` wrote.

    Raises
    ------
    InputError
        If the file is missing, damaged, or not ours.
    """
    check_readable(path)
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            header = (file.metadata() or {}).get(_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = json.loads(header) if header is not None else None
    except Exception as error:  # safetensors' own error type is a plain Exception
        raise InputError(f"{str(path)!r} is damaged: {reason(error)}") from error
    if not isinstance(metadata, dict):
        raise InputError(f"{str(path)!r} is no checkpoint of diffresnet train-backbone")
    return tensors, metadata


@dataclass(frozen=True)
class BackboneCard:
    """Description of a trained backbone, kept in the header of its file.

    Attributes
    ----------
    channels, size, resize
        Of the images, as in `TrainingConfig`.
    classes, held_out : tuple of str
        Training classes, and those held out of the same data for validation.
    epoch : int
        Of the saved weights.
    validation : float or None
        Their nearest-prototype accuracy in percent.
    settings : dict
        The `TrainingConfig`.
    """

    backbone: str
    channels: int
    size: int
    resize: int
    classes: tuple[str, ...]
    held_out: tuple[str, ...]
    epoch: int
    validation: float | None
    settings: dict[str, Any]


def load_backbone(path: Path | str) -> tuple[ImageEncoder, BackboneCard]:
    """Load a trained backbone from the folder of its training, or from its file.

    Raises
    ------
    InputError
        If there is none, or it is damaged.
    """
    path = Path(path)
    path = path / BACKBONE_FILE if path.is_dir() else path
    if not path.exists():
        raise InputError(
            f"no backbone at {str(path)!r}: name the folder of a `diffresnet train-backbone`, or a "
            f"callable as module:function"
        )
    tensors, metadata = read_tensors(path)
    try:
        classes, held_out = tuple(metadata.pop("classes")), tuple(metadata.pop("held_out"))
        card = BackboneCard(classes=classes, held_out=held_out, **metadata)
        mean, std = (tensors[name].flatten().tolist() for name in ("mean", "std"))
        model = ImageEncoder(card.backbone, card.size, card.resize, mean, std)
        model.load_state_dict(tensors)
    except (KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{str(path)!r} is no backbone, or is damaged: {reason(error)}") from error
    return model.eval(), card
