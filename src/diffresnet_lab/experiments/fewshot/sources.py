"""Sets of features that few-shot tasks are sampled from, by the names of their files."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from diffresnet.errors import InputError

from ...cache import digest
from ...data.find import data_folders
from ...fewshot import Features, read_base_mean
from ..base import RunConfig
from ..plans import read_toml
from .plan import Classes, TaskPlan


@dataclass(frozen=True)
class FeatureSource:
    """A data set through a backbone: three files in `embeddings` of the data folder.

    DATA_novel_BACKBONE.npz and DATA_val_BACKBONE.npz are features files, DATA_base_mean_BACKBONE
    .npz holds the mean of the base classes.

    Parameters
    ----------
    data, backbone : str
        As in the names of the files.
    title, about : str
        Name and description on pages.
    recipe : str
        How to make its files.
    ways : int
        Classes of a task.
    unequal_queries : int
        Mean number of queries a class where their numbers are unequal: small classes have not
        enough rows for many.
    task_share : float
        Share of a plan's tasks. A large task has so many queries that a few give as sharp a mean
        as many small ones.
    """

    data: str
    backbone: str
    title: str
    about: str
    recipe: str
    ways: int = 5
    unequal_queries: int = 15
    task_share: float = 1.0

    @property
    def name(self) -> str:
        return f"{self.data}_{self.backbone}"

    def task_count(self, planned: int) -> int:
        """Return how many of the tasks of a plan are run."""
        return max(round(self.task_share * planned), 1)

    def file(self, part: str) -> str:
        """Return the path of a file of features in the data folder."""
        return f"embeddings/{self.data}_{part}_{self.backbone}.npz"

    def paths(self, data: Path | None, classes: Classes) -> tuple[Path, Path] | None:
        """Return the files of features and mean, both in one folder, if they are there."""
        for folder in data_folders(data):
            features, mean = folder / self.file(classes), folder / self.file("base_mean")
            if features.is_file() and mean.is_file():
                return features, mean
        return None


def _sources() -> dict[str, FeatureSource]:
    sources = {}
    for name, values in read_toml(Path(__file__).with_name("sources.toml")).items():
        data, backbone = name.split("_", 1)
        sources[name] = FeatureSource(data, backbone, **values)
    return sources


SOURCES = _sources()


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """The features of a source, read.

    Attributes
    ----------
    mean : (d,)
        Mean of the base classes.
    digest : str
        Of features, labels and mean.
    """

    source: FeatureSource
    classes: Classes
    features: Features = field(repr=False)
    mean: Float[np.ndarray, " d"] = field(repr=False)
    digest: str

    @property
    def title(self) -> str:
        return self.source.title

    @property
    def keys(self) -> dict[str, str]:
        """The keys of a row of metrics.json that name the set."""
        source = self.source
        return {"data": source.data, "backbone": source.backbone, "classes": self.classes}


def feature_sets(config: RunConfig, plan: TaskPlan) -> list[FeatureSet]:
    """Return the sources of a plan whose files are in the data folder or in the cache.

    Raises
    ------
    InputError
        If there is none, or a file is not as it should be.
    """
    sources = _planned(plan)
    paths = {source: source.paths(config.data, plan.classes) for source in sources}
    sets = [_read(source, plan.classes, *files) for source, files in paths.items() if files]
    if not sets:
        raise InputError(
            f"this experiment needs features, such as {sources[0].file(plan.classes)} and "
            f"{sources[0].file('base_mean')}: name the folder that has them, or set "
            f"DIFFRESNET_DATA",
            "data",
        )
    return sets


def source_values(config: RunConfig, plan: TaskPlan) -> dict[str, Any]:
    """Return what the templates of this folder call `feature_sets` and `missing`."""
    return {
        "feature_sets": feature_sets(config, plan),
        "missing": [s for s in _planned(plan) if s.paths(config.data, plan.classes) is None],
    }


def _planned(plan: TaskPlan) -> list[FeatureSource]:
    if unknown := [name for name in plan.sources if name not in SOURCES]:
        raise InputError(f"no source {unknown[0]!r} of features; there are {', '.join(SOURCES)}")
    return [SOURCES[name] for name in plan.sources]


@lru_cache(maxsize=4)
def _read(source: FeatureSource, classes: Classes, features: Path, mean: Path) -> FeatureSet:
    rows = Features.read(features)
    base_mean = read_base_mean(mean, rows.width)
    content = digest(rows.features, rows.labels, base_mean)
    return FeatureSet(source, classes, rows, base_mean, content)
