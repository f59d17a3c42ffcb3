"""A named model with all its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .node_data import NodeData
from .training import NodeModel, Training


@dataclass(frozen=True)
class Preset:
    """A model with all its settings.

    Attributes
    ----------
    name : str
        As --model names it.
    title : str
        As tables name it.
    build : (data, seeds) -> an untrained model with a member for every seed
    settings : what tables and metrics.json say of it
    members : int
        Initialisations that are best trained side by side: several where an epoch is mostly
        overhead, one where it is mostly arithmetic.
    needs : names of cached properties of the data
        What takes long enough to be made once, before processes share the data.
    """

    name: str
    title: str
    build: Callable[[NodeData, Sequence[int]], NodeModel]
    training: Training = field(default_factory=Training)
    settings: Mapping[str, Any] = field(default_factory=dict)
    members: int = 4
    needs: tuple[str, ...] = ()


def of(
    name: str, title: str, model: Callable[..., NodeModel], settings: Any, training: Training
) -> Preset:
    """The preset of a model class whose settings are a frozen dataclass."""
    return Preset(
        name,
        title,
        lambda data, seeds: model(data, settings, seeds),
        training,
        asdict(settings),
    )
