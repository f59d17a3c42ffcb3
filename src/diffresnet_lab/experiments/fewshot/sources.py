"""Sets of features that few-shot tasks are drawn from, by the names of their files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float

from diffresnet.errors import InputError

from ...data.find import data_folders
from ...fewshot import Features, read_base_mean
from ..experiment import Setup

Classes = Literal["novel", "val"]
"""What a plan draws its tasks from; settings are chosen on val, and only there."""


@dataclass(frozen=True)
class Source:
    """A data set through a backbone: three files in `embeddings` of the data folder.

    DATA_novel_BACKBONE.npz and DATA_val_BACKBONE.npz are features files, DATA_base_mean_BACKBONE
    .npz holds the mean of the base classes.

    Parameters
    ----------
    data, backbone : str
        As in the names of the files.
    title, about : str
        As pages name and describe it.
    recipe : str
        How its files are made.
    ways : int
        Classes of a task.
    unequal : int
        Mean number of queries a class where their numbers are unequal: small classes have not
        enough rows for many.
    share : float
        Of the tasks that a plan has. A large task has so many queries that a few give as sharp a
        mean as many small ones.
    """

    data: str
    backbone: str
    title: str
    about: str
    recipe: str
    ways: int = 5
    unequal: int = 15
    share: float = 1.0

    @property
    def name(self) -> str:
        return f"{self.data}_{self.backbone}"

    def tasks(self, planned: int) -> int:
        """How many of the tasks of a plan are run."""
        return max(round(self.share * planned), 1)

    def file(self, part: str) -> str:
        return f"embeddings/{self.data}_{part}_{self.backbone}.npz"


SOURCES = (
    Source(
        "cifarfs",
        "efficientnet-lite0",
        "CIFAR-FS, EfficientNet-Lite0",
        "photographs, 600 of each class, as 1280 features of a network that was trained on "
        "ImageNet and not on the base classes alone: these numbers stand beside each other, not "
        "beside those of networks that know base classes only",
        "they come with the data sets of this project: `diffresnet data list` tells where",
    ),
    Source(
        "cifarfs",
        "resnet18",
        "CIFAR-FS, ResNet-18",
        "the same photographs, as 512 features of a ResNet-18 that was trained on the 64 base "
        "classes alone",
        "diffresnet train-backbone cifar_fs_base_a.npz cifar_fs_base_b.npz --val cifar_fs_val.npz "
        "--backbone resnet18 --size 32 --out RUN; then diffresnet embed IMAGES --backbone RUN "
        "--out FILE of the novel and of the val images, and of the base images with --mean-out",
    ),
    Source(
        "omniglot",
        "conv4",
        "Omniglot, Conv-4",
        "20 drawings each of characters of alphabets that were not trained on, as 64 features of "
        "a Conv-4 that was trained on the background characters",
        "diffresnet train-backbone omniglot_background.npz --hold-out 100 --backbone conv4 "
        "--size 28 --augment drawing --out RUN (docs/backbones.md has all options); then "
        "diffresnet embed --backbone RUN --out FILE of omniglot_evaluation.npz for novel, of the "
        "background with --classes held-out for val, and with --classes trained and --mean-out",
        ways=20,
        unequal=5,
        share=0.2,
    ),
)


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """The features of a source, read.

    Attributes
    ----------
    mean : (d,)
        Of the base classes.
    digest : str
        Of features, labels and mean: what has another one is another set.
    """

    source: Source
    classes: Classes
    features: Features = field(repr=False)
    mean: Float[np.ndarray, " d"] = field(repr=False)
    digest: str


def feature_sets(
    setup: Setup, classes: Classes, sources: Sequence[Source] = SOURCES
) -> list[FeatureSet]:
    """Those whose features and base mean are in the data folder or in the cache.

    Raises
    ------
    InputError
        If there is none, or a file is not as it should be.
    """
    found = [source for source in sources if _places(setup, source, classes) is not None]
    if not found:
        raise InputError(
            f"this experiment needs features, such as {sources[0].file(classes)} and "
            f"{sources[0].file('base_mean')}: name the folder that has them with --data or "
            f"DIFFRESNET_DATA"
        )
    return [_read(source, classes, *_must(setup, source, classes)) for source in found]


def left_out(setup: Setup, classes: Classes, sources: Sequence[Source] = SOURCES) -> list[str]:
    """A sentence for each source that is not there, with what would make its files."""
    return [
        f"Left out: {source.title}, for want of {source.file(classes)} and of "
        f"{source.file('base_mean')} in the data folder. To make them: {source.recipe}."
        for source in sources
        if _places(setup, source, classes) is None
    ]


def _places(setup: Setup, source: Source, classes: Classes) -> tuple[Path, Path] | None:
    """The files of features and mean; both in one folder, the named one first."""
    for folder in data_folders(setup.data):
        features, mean = folder / source.file(classes), folder / source.file("base_mean")
        if features.is_file() and mean.is_file():
            return features, mean
    return None


def _must(setup: Setup, source: Source, classes: Classes) -> tuple[Path, Path]:
    places = _places(setup, source, classes)
    assert places is not None
    return places


@lru_cache(maxsize=4)
def _read(source: Source, classes: Classes, features_path: Path, mean_path: Path) -> FeatureSet:
    features = Features.read(features_path)
    mean = read_base_mean(mean_path, features.width)
    content = hashlib.sha256()
    for array in (features.features, features.labels, mean):
        content.update(np.ascontiguousarray(array).tobytes())
    return FeatureSet(source, classes, features, mean, content.hexdigest())
