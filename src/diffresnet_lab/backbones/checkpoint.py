"""Tensors and facts in one file: safetensors, with JSON in its header. Nothing is unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from diffresnet.errors import InputError
from diffresnet.files.atomic import atomic_write, check_readable, reason

from .views import ImageModel

BACKBONE_FILE = "backbone.safetensors"
"""In the folder of a training: the best backbone."""

LAST_FILE = "last.safetensors"
"""In the folder of a training: all that is needed to go on."""

_KEY = "diffresnet"


def write_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write tensors and JSON facts in one safetensors file, whole or not at all.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    safetensors = _safetensors()
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # Not save_file, which makes a file that its owner alone can read.
    whole = safetensors.torch.save(plain, metadata={_KEY: json.dumps(facts)})
    with atomic_write(path) as temporary:
        temporary.write_bytes(whole)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write_tensors` wrote.

    Raises
    ------
    InputError
        If the file is missing, damaged, or not ours.
    """
    check_readable(path)
    safetensors = _safetensors()
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            header = (file.metadata() or {}).get(_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        facts = json.loads(header) if header is not None else None
    except Exception as error:  # safetensors' own error type is a plain Exception
        raise InputError(f"{str(path)!r} is damaged: {reason(error)}") from error
    if not isinstance(facts, dict):
        raise InputError(f"{str(path)!r} is no checkpoint of diffresnet train-backbone")
    return tensors, facts


@dataclass(frozen=True)
class BackboneCard:
    """What is known of a trained backbone.

    Attributes
    ----------
    channels, size, resize
        Of the images.
    classes, held_out : tuple of str
        The classes that it was trained on, and those held out of the same data for validation.
    epoch : int
        After which it was saved.
    validation : float or None
        Its nearest-prototype accuracy then, in percent.
    settings : dict
        All settings of the training.
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


def load_backbone(place: Path | str) -> tuple[ImageModel, BackboneCard]:
    """A trained backbone, ready to embed, from the folder of its training or its file.

    Raises
    ------
    InputError
        If there is none, or it is damaged.
    """
    place = Path(place)
    path = place / BACKBONE_FILE if place.is_dir() else place
    if not path.exists():
        raise InputError(
            f"no backbone at {str(path)!r}: name the folder of a `diffresnet train-backbone`, or a "
            f"callable as module:function"
        )
    tensors, facts = read_tensors(path)
    try:
        facts["classes"], facts["held_out"] = tuple(facts["classes"]), tuple(facts["held_out"])
        card = BackboneCard(**facts)
        mean, std = (tensors[name].flatten().tolist() for name in ("mean", "std"))
        model = ImageModel(card.backbone, card.size, card.resize, mean, std)
        model.load_state_dict(tensors)
    except (KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{str(path)!r} is no backbone, or is damaged: {reason(error)}") from error
    return model.eval(), card


def _safetensors() -> Any:
    try:
        import safetensors.torch
    except ImportError as error:
        raise InputError(
            "backbones need safetensors: pip install 'diffresnet[backbones]'"
        ) from error
    return safetensors
