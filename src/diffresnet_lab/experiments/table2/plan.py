"""What Table II runs, declared before a single task is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from ..fewshot.sources import SOURCES, Classes, Source

METHODS = ("nearest_prototype", "laplacian_shot", "convection", "external", "internal")
"""The five of the paper, in its order."""

PAIRS = (
    ("internal", "external"),
    ("internal", "convection"),
    ("external", "convection"),
    ("internal", "laplacian_shot"),
)
"""What is compared, task by task."""

ROWS = {"raw": "raw features", "unit": "centred, length 1"}
"""What the rows of a task are: as the backbone gives them; or less the mean of the base classes,
each of length 1, for features that are too long to train on at the published rate."""

RAW_MU = {
    "cifarfs_efficientnet-lite0": {1: 1e-7, 5: 1e-3},
    "omniglot_conv4": {1: 3e-3, 5: 3e-3},
}
"""Source and shots -> the weight of external diffusion on raw features.

Chosen on validation tasks (`benchmarks/choose_fewshot.py --tricks none`) after a first run of the
table, in which the weights of rows of length 1 made training diverge on raw ones.
"""


@dataclass(frozen=True)
class Plan:
    """How much is run.

    Parameters
    ----------
    rows : names in ROWS
    classes : "novel" or "val"
    jobs : int
        Threads.
    """

    tasks: int = 1000
    shots: tuple[int, ...] = (1, 5)
    rows: tuple[str, ...] = tuple(ROWS)
    methods: tuple[str, ...] = METHODS
    sources: tuple[Source, ...] = SOURCES
    classes: Classes = "novel"
    jobs: int = 2


TWO_CORES = Plan()
"""The paper's 1,000 tasks."""

QUICK = Plan(tasks=16, classes="val", sources=SOURCES[:1], jobs=1)
