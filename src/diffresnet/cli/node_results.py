"""What `diffresnet nodes` tells of classes, by their names: in messages and predictions."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from ..data.npz import save_npz
from ..errors import InputError

if TYPE_CHECKING:
    from ..data.graphs import GraphData
    from ..nodes.sweep import Protocol, SplitRuns

# At the start or the end of a message: within, it may be the name of a file.
_CLASS = re.compile(r"^class \d+|class \d+$")


def class_names(graph: GraphData) -> list[str]:
    """What the classes 0, 1, ... of the protocol are called where the graph comes from."""
    assert graph.labels is not None
    codes = np.unique(graph.labels[graph.labels >= 0]).tolist()
    names = graph.class_names
    return [str(code) if names is None else names[code] for code in codes]


@contextlib.contextmanager
def named_classes(graph: GraphData) -> Iterator[None]:
    """What is wrong with a class, by its name."""
    try:
        yield
    except InputError as error:
        names = class_names(graph)
        said = re.sub(_CLASS, lambda found: f"class {names[int(found[0][6:])]!r}", str(error))
        raise InputError(said) from error


def write_predictions(
    path: Path,
    labels: Int[np.ndarray, " n"],
    graph: GraphData,
    protocol: Protocol,
    runs: Sequence[SplitRuns],
) -> None:
    """Classes of all nodes by every run, true ones, the test nodes of every split, and names."""
    test = np.zeros((len(runs), len(labels)), dtype=bool)
    for index in range(len(runs)):
        test[index, protocol.split(labels, index).test] = True
    arrays = {
        "predicted": np.stack([run.predicted for run in runs]),
        "true": labels,
        "test": test,
        "class_names": np.array(class_names(graph)),
    }
    save_npz(path, arrays if graph.ids is None else {**arrays, "ids": graph.ids})
