"""Labelled features to draw tasks from, the mean of base classes, and batches of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.errors import LARGEST, InputError, Note
from diffresnet.files.atomic import Pathlike
from diffresnet.files.npz import load_npz
from diffresnet.labels import Marks
from diffresnet.tables import LabelledTable
from diffresnet.tables.content import check_finite, listed

from .batch import TaskBatch
from .tasks import Tasks

SMALLEST = 1e-12
"""Least size of the largest feature, so that lengths are right in 32-bit floats."""


@dataclass(frozen=True)
class Features:
    """Rows of features with the label of each.

    Attributes
    ----------
    features : (n, d) float32, finite
    labels : (n,) int64
        -1 is unlabelled.
    class_names : (classes,) texts, optional
        Names of the classes 0, 1, ...
    text : bool
        Whether the labels were texts, and so are to be written as texts.
    notes : tuple of str
        Remarks on how the file was read, one line each.
    """

    features: Float[np.ndarray, "n d"] = field(repr=False)
    labels: Int[np.ndarray, " n"] = field(repr=False)
    class_names: tuple[str, ...] | None = None
    text: bool = False
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        x, y = np.asarray(self.features), np.asarray(self.labels)
        if x.ndim != 2 or x.dtype.kind not in "fiub" or 0 in x.shape:
            raise InputError(f"features must be (n, d) numbers, not {x.dtype} of shape {x.shape}")
        if y.shape != (len(x),) or y.dtype.kind not in "iu":
            raise InputError(
                f"labels must be an integer for each of the {len(x)} rows (-1 for none), not "
                f"{y.dtype} of shape {y.shape}"
            )
        with np.errstate(over="ignore"):  # reported as infinite, with its place
            x = np.ascontiguousarray(x, dtype=np.float32)
        check_finite(x, [f"features[{i}]" for i in range(x.shape[1])], "the features")
        largest = float(np.abs(x).max())
        if 0.0 < largest < SMALLEST:
            raise InputError(
                f"the largest feature is {largest:.3g}, whose square 32-bit floats do not hold; "
                f"scale the features"
            )
        if y.min() < -1:
            raise InputError(f"a label is {y.min()}; classes are numbered from 0, -1 is unlabelled")
        object.__setattr__(self, "features", x)
        object.__setattr__(self, "labels", y.astype(np.int64))

    def __len__(self) -> int:
        return len(self.features)

    @property
    def width(self) -> int:
        return self.features.shape[1]

    @property
    def mean(self) -> Float[np.ndarray, " d"]:
        """Mean of all rows, unlabelled ones included."""
        return self.features.mean(axis=0, dtype=np.float64).astype(np.float32)

    def tensor(self, device: torch.device | str = "cpu") -> Float[Tensor, "n d"]:
        """Return the features as a tensor."""
        return torch.from_numpy(self.features).to(device)

    def file_labels(self, labels: Int[np.ndarray, "*t q"]) -> np.ndarray:
        """Return labels as the file writes them: names if they are texts there."""
        return np.array(self.class_names)[labels] if self.text else labels

    @classmethod
    def read(
        cls,
        path: Pathlike,
        *,
        label_column: str = "label",
        features: str | Sequence[str] | None = None,
        unlabelled: Marks = None,
    ) -> Features:
        """Read a features file: npz with `features`, `labels` and perhaps `class_names`.

        Or a table as `diffresnet label` reads it.

        Parameters
        ----------
        label_column, features, unlabelled : as `LabelledTable.read` takes them.

        Raises
        ------
        InputError
            If the file holds no labelled features, or a feature is NaN or infinite.
        """
        table = LabelledTable.read(
            path, label_column=label_column, features=features, unlabelled=unlabelled
        )
        labels = table.labels
        if not table.has_names and labels.classes.dtype.kind not in "OU":
            values = labels.classes.astype(np.int64)
            numbers = np.where(labels.labelled, values[labels.codes], -1)
            return cls(table.features, numbers, table.class_names, notes=table.notes)
        names = sorted(labels.names)
        rank = np.array([names.index(name) for name in labels.names])
        codes = np.where(labels.labelled, rank[labels.codes], -1)
        return cls(table.features, codes, tuple(names), text=True, notes=table.notes)


def read_base_mean(path: Pathlike, width: int) -> Float[np.ndarray, " d"]:
    """Read the mean of the features of base classes: array `mean` of an npz file.

    Raises
    ------
    InputError
        If there is none, or it is of another width than the features.
    """
    arrays = load_npz(path)
    if "mean" not in arrays:
        raise InputError(f"{str(path)!r} has no array 'mean'; it holds {listed(arrays)}")
    mean = arrays["mean"]
    if mean.shape != (width,) or mean.dtype.kind not in "fiu":
        raise InputError(
            f"the mean in {str(path)!r} must be {width} numbers, as wide as the features, not "
            f"{mean.dtype} of shape {mean.shape}"
        )
    with np.errstate(over="ignore"):
        mean = mean.astype(np.float32)
    if not np.isfinite(mean).all() or np.abs(mean).max() > LARGEST:
        raise InputError(
            f"the mean in {str(path)!r} has values that are NaN, infinite or beyond {LARGEST:g}"
        )
    return mean


def gather(features: Float[Tensor, "n d"], tasks: Tasks) -> TaskBatch:
    """Collect the rows of tasks in one batch, on the device of the features."""

    def to_device(array: Int[np.ndarray, "..."]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(features.device)

    return TaskBatch(
        support=features[to_device(tasks.support)],
        labels=to_device(tasks.support_labels),
        query=features[to_device(tasks.query)],
        ways=tasks.ways,
        seeds=to_device(tasks.seeds),
    )
