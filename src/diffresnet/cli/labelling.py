"""Labels for a table: by fitting a model to it or to its graph, or by a model that was saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..graphs.graph import GraphData
from ..tables.labelled_table import FeatureTable
from .progress import progress


@dataclass(frozen=True)
class Labelling:
    """What a row gets: label (n,), confidence (n,) and whether a given label reaches it (n,)."""

    labels: np.ndarray
    confidence: np.ndarray
    reached: np.ndarray


def fit(table: FeatureTable, device: str, seed: int, relabel: bool) -> tuple[Labelling, Any]:
    """Labels from a model fitted to the labelled rows of a table, and that model.

    Raises
    ------
    InputError
        If the labels are all of one class.
    """
    _check_classes(table)
    from .. import DiffusionClassifier

    model = DiffusionClassifier(device=device, random_state=seed, relabel=relabel)
    model.fit(table.features, table.labels)
    if _has_names(table):
        # As scikit-learn does with a data frame: saved with the model, for `label_with`.
        model.feature_names_in_ = np.array(table.feature_names, dtype=object)
    labels = np.array(model.transduction_)
    if not relabel:
        labels = _keep_given(table, labels)
    return Labelling(labels, np.asarray(model.confidence_), np.asarray(model.reached_)), model


def fit_nodes(
    table: FeatureTable, graph: GraphData, device: str, seed: int, quiet: bool
) -> Labelling:
    """Labels of the nodes of a graph, from networks trained on those that have one.

    Raises
    ------
    InputError
        If the labels are all of one class.
    """
    _check_classes(table)
    from ..device import pick_device
    from ..graphs.labelling import EPOCHS, label_nodes
    from ..graphs.node_data import NodeData

    data = NodeData.from_graph(graph, pick_device(device), largest_component=False)
    with progress(f"training on {len(data)} nodes", EPOCHS, quiet) as bar:
        found = label_nodes(data, seed=seed, advance=bar)
    # Classes as they stand in the table, where they may be integers.
    called = {str(label): label for label in table.labels[table.labelled].tolist()}
    names = np.array([called[name] for name in data.class_names], dtype=table.labels.dtype)
    return Labelling(names[found.codes], found.confidence, found.reached)


def _check_classes(table: FeatureTable) -> None:
    classes = set(table.labels[table.labelled].tolist())
    if len(classes) < 2:
        only = classes.pop()
        hint = "; -1 means unlabelled, so name two classes -1 and +1 otherwise" if only == 1 else ""
        raise InputError(
            f"all labels of {str(table.path)!r} are {only!r}; labelled rows of at least "
            f"two classes are needed{hint}"
        )


def label_with(path: Path, table: FeatureTable, relabel: bool) -> Labelling:
    """Labels from a saved model; given labels are kept, at confidence 1, unless `relabel`.

    Raises
    ------
    InputError
        If the model was fitted on other features, or its classes have names where the given
        labels are integers.
    """
    from .. import DiffusionClassifier

    model = DiffusionClassifier.load(path)
    count = table.features.shape[1]
    if model.n_features_in_ != count:
        raise InputError(
            f"the model {str(path)!r} was fitted on {model.n_features_in_} features, but "
            f"{str(table.path)!r} has {count}"
        )
    _check_names(model, path, table)
    probabilities, reached = model.predict_flagged(table.features)
    labels, confidence = model.classes_[probabilities.argmax(axis=1)], probabilities.max(axis=1)
    if not relabel and table.labelled.any():
        labels = _keep_given(table, _of_type(table, labels, path))
        confidence = np.where(table.labelled, 1.0, confidence)
    return Labelling(labels, confidence, reached)


def _check_names(model: Any, path: Path, table: FeatureTable) -> None:
    # Taken away from the model, which would miss the names in the array that it is given.
    fitted = vars(model).pop("feature_names_in_", None)
    if fitted is None or not _has_names(table):
        return
    for i, (name, here) in enumerate(zip(fitted, table.feature_names, strict=True)):
        if name != here:
            raise InputError(
                f"the model {str(path)!r} was fitted on other features: number {i + 1} was "
                f"{str(name)!r}, and is {here!r} in {str(table.path)!r}"
            )


def _has_names(table: FeatureTable) -> bool:
    """Whether the features have names of their own, as columns have, and not numbers alone."""
    return not isinstance(table.carried, dict)


def _of_type(table: FeatureTable, labels: np.ndarray, path: Path) -> np.ndarray:
    """Labels of a model, as integers where the given labels are."""
    given = table.labels[table.labelled].tolist()
    if not all(isinstance(label, int) for label in given) or labels.dtype.kind in "iu":
        return labels
    try:
        return np.array([int(label) for label in labels.tolist()], dtype=np.int64)
    except ValueError as error:
        raise InputError(
            f"the labels of {str(table.path)!r} are integers, but the classes of the model "
            f"{str(path)!r} are names such as {str(labels[0])!r}; --relabel writes names for all"
        ) from error


def _keep_given(table: FeatureTable, labels: np.ndarray) -> np.ndarray:
    if table.labels.dtype == object:
        labels = labels.astype(object)
    return np.where(table.labelled, table.labels, labels)
