"""The protocol of data that comes with one split of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from diffresnet.errors import InputError
from diffresnet.graphs.node_data import NodeData

from .splits import NodeSplit
from .sweep import Protocol


@dataclass(frozen=True)
class FixedProtocol(Protocol):
    """One split, given by its nodes; only initialisations differ.

    Parameters
    ----------
    train, validation, test : tuple of int
    """

    splits: int = 1
    train: tuple[int, ...] = ()
    validation: tuple[int, ...] = ()
    test: tuple[int, ...] = ()

    @classmethod
    def of(cls, data: NodeData, inits: int = 20, seed: int = 42) -> FixedProtocol:
        """That of the split which the data is distributed with.

        Nodes without a class take no part.

        Raises
        ------
        InputError
            If there is none, or a part of it is empty, or no node of some class trains.
        """
        if data.split is None:
            raise InputError(
                f"the graph {data.name!r} has no split of its own; Planetoid's files have, for "
                f"example planetoid_cora"
            )
        labels = data.labels.cpu().numpy()
        parts: dict[str, Any] = {}
        for name in ("train", "validation", "test"):
            nodes = getattr(data.split, name)
            parts[name] = tuple(nodes[labels[nodes] >= 0].tolist())
            if not parts[name]:
                raise InputError(f"the split of {data.name!r} has no {name} node with a class")
        absent = np.setdiff1d(np.arange(data.classes), labels[list(parts["train"])])
        if len(absent):
            name = data.class_names[absent[0]] if data.class_names else str(absent[0])
            raise InputError(f"the split of {data.name!r} has no training node of class {name!r}")
        return cls(1, inits, seed=seed, **parts)

    def split(self, data: NodeData, index: int) -> NodeSplit:
        """That one, whatever the index."""
        return NodeSplit(*(np.array(part) for part in (self.train, self.validation, self.test)))
