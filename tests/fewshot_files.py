"""Data folders whose feature files are tiny, under the names that experiments look for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from diffresnet.files.npz import save_npz
from diffresnet_lab.experiments.fewshot.sources import SOURCES, FeatureSource
from fewshot_cases import clusters

GIVEN, OWN, DRAWINGS = SOURCES.values()


def write_source(folder: Path, source: FeatureSource, each: int = 40, seed: int = 0) -> None:
    """Features of novel and of val classes, which differ, and the mean of base classes."""
    (folder / "embeddings").mkdir(exist_ok=True)
    for offset, part in enumerate(("novel", "val", "base_mean")):
        features = clusters(classes=source.ways + 2, each=each, width=12, seed=3 * seed + offset)
        arrays = {"features": features.features, "labels": features.labels}
        if part == "base_mean":
            arrays = {"mean": features.features.mean(axis=0).astype(np.float32)}
        save_npz(folder / source.file(part), arrays)


def data_folder(folder: Path, sources: int = 2) -> Path:
    """The first few of the known sources."""
    for seed, source in enumerate([GIVEN, OWN, DRAWINGS][:sources]):
        write_source(folder, source, seed=seed)
    return folder
