"""Splits and initialisations that a model is evaluated on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from diffresnet.errors import InputError
from diffresnet.graphs.node_data import NodeData

from .splits import MASTER_SEED, NodeSplit, random_split, split_seeds


@dataclass(frozen=True)
class Protocol:
    """Random splits, and initialisations on each of them.

    Parameters
    ----------
    splits, inits : int
    train_per_class, validation_per_class : int
        Nodes of each class; the rest test.
    seed : int
        The master seed of the splits; 42 is the paper's.
    """

    splits: int = 100
    inits: int = 20
    train_per_class: int = 20
    validation_per_class: int = 30
    seed: int = MASTER_SEED

    def split(self, data: NodeData, index: int) -> NodeSplit:
        """Return the split of that index; the same whatever the number of splits.

        Raises
        ------
        InputError
            As `random_split`, with the names of classes.
        """
        return random_split(
            data.labels.cpu().numpy(),
            split_seeds(index + 1, self.seed)[index],
            self.train_per_class,
            self.validation_per_class,
            data.class_names,
        )


@dataclass(frozen=True)
class SharesProtocol(Protocol):
    """Random splits of all labelled nodes by shares, as heterophilous benchmarks have them.

    Parameters
    ----------
    train_share, validation_share : float
        Of the labelled nodes, whatever their classes; the rest test. 0.48 and 0.32 are those of
        Pei et al. (Geom-GCN, arXiv 2002.05287).
    """

    train_share: float = 0.48
    validation_share: float = 0.32

    def split(self, data: NodeData, index: int) -> NodeSplit:
        """Return the split of that index; the same whatever the number of splits.

        Raises
        ------
        InputError
            If no node is left to train, validate or test on.
        """
        labelled = np.flatnonzero(data.labels.cpu().numpy() >= 0)
        order = np.random.RandomState(split_seeds(index + 1, self.seed)[index]).permutation(
            labelled
        )
        ends = np.cumsum([self.train_share, self.validation_share]) * len(order)
        parts = np.split(order, np.round(ends).astype(int))
        if any(len(part) == 0 for part in parts):
            raise InputError(
                f"{len(order)} labelled nodes are too few for shares of {self.train_share:g} to "
                f"train on and {self.validation_share:g} to validate on"
            )
        return NodeSplit(*(np.sort(part) for part in parts))


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
    def from_public_split(
        cls, data: NodeData, inits: int = 20, seed: int = MASTER_SEED
    ) -> FixedProtocol:
        """Return the protocol of the public split that is shipped with the data.

        Nodes without a class take no part.

        Raises
        ------
        InputError
            If there is none, or a part of it is empty, or a class has no training node.
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
        """Return the fixed split; `index` is ignored."""
        return NodeSplit(*(np.array(part) for part in (self.train, self.validation, self.test)))
