"""Random splits of labelled nodes into training, validation and test nodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from diffresnet.errors import InputError
from diffresnet.graphs.graph import NodeSplit

MASTER_SEED = 42


def split_seeds(splits: int, master: int = MASTER_SEED) -> list[int]:
    """Return the seeds of the first so many splits; more splits begin with the same ones."""
    return [int(s) for s in np.random.RandomState(master).randint(0, 2**31 - 1, size=splits)]


def random_split(
    labels: Int[np.ndarray, " n"],
    seed: int,
    train_per_class: int = 20,
    validation_per_class: int = 30,
    class_names: Sequence[str] = (),
) -> NodeSplit:
    """Draw nodes class by class without replacement: first for training, then for validation.

    All other labelled nodes are for testing; nodes of label -1 are in none of them. This is the
    protocol of Shchur et al., "Pitfalls of Graph Neural Network Evaluation" (arXiv 1811.05868).

    Parameters
    ----------
    labels : (n,)
    class_names : sequence of str
        Names of the labels 0, 1, ... for errors; by default their numbers.

    Raises
    ------
    InputError
        If a class has too few nodes to leave at least one for testing.

    Examples
    --------
    >>> split = random_split(np.repeat([0, 1], 60), seed=1)
    >>> len(split.train), len(split.validation), len(split.test)
    (40, 60, 20)
    """
    if train_per_class < 1 or validation_per_class < 1:
        raise InputError("a split needs at least 1 node a class for training and for validation")
    labelled = np.flatnonzero(labels >= 0)
    if len(labelled) == 0:
        raise InputError("no node has a label, so there is nothing to train on")
    classes, counts = np.unique(labels[labelled], return_counts=True)
    needed = train_per_class + validation_per_class
    if counts.min() <= needed:
        smallest, nodes = classes[counts.argmin()], "node" if counts.min() == 1 else "nodes"
        name = repr(class_names[smallest]) if class_names else smallest
        raise InputError(
            f"class {name} has {counts.min()} {nodes}; a split takes {train_per_class} of each "
            f"class to train on and {validation_per_class} to validate on, and leaves the rest to "
            f"test on: take fewer, or label its nodes -1"
        )
    rng = np.random.RandomState(seed)

    def draw(nodes: Int[np.ndarray, " m"], each: int) -> Int[np.ndarray, " k"]:
        by_class = [nodes[labels[nodes] == code] for code in classes]
        return np.sort(np.concatenate([rng.choice(some, each, replace=False) for some in by_class]))

    train = draw(labelled, train_per_class)
    rest = np.setdiff1d(labelled, train)
    validation = draw(rest, validation_per_class)
    return NodeSplit(train, validation, np.setdiff1d(rest, validation))
