"""Methods run over the tasks of a feature set, in shards that survive a stop."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import joblib
import numpy as np
from jaxtyping import Float

from diffresnet.files.npz import load_npz, save_npz

from ...fewshot import (
    METHODS,
    ConfiguredMethod,
    Outcome,
    Tasks,
    evaluate,
    sample_tasks,
)
from ...statistics import Estimate
from ..experiment import Setup
from .sources import FeatureSet

SHARD = 256
"""Tasks of a shard; what a stop can lose."""


@dataclass(frozen=True)
class Draw:
    """A list of tasks, but for its length and seed.

    Parameters
    ----------
    alpha : float, optional
        Numbers of queries are unequal, by a Dirichlet distribution of this concentration.
    """

    shots: int
    ways: int = 5
    queries: int = 15
    alpha: float | None = None

    @property
    def title(self) -> str:
        """As columns and sentences name it.

        Examples
        --------
        >>> Draw(1).title, Draw(5, ways=20, alpha=2.0).title
        ('1 shot', '20 classes, 5 shots, unequal')
        """
        ways = "" if self.ways == 5 else f"{self.ways} classes, "
        shots = f"{ways}{self.shots} shot{'s' if self.shots > 1 else ''}"
        return shots if self.alpha is None else f"{shots}, unequal"

    def tasks(self, of: FeatureSet, number: int, seed: int) -> Tasks:
        """The first so many; fewer are the beginning of more."""
        labels = of.features.labels
        return sample_tasks(
            labels, self.ways, self.shots, self.queries, number, seed, alpha=self.alpha
        )


def draws(of: FeatureSet, shots: Sequence[int], alpha: float | None = None) -> list[Draw]:
    """One for each number of shots, of as many classes and queries as suit the set."""
    queries = 15 if alpha is None else of.source.unequal
    return [Draw(each, of.source.ways, queries, alpha) for each in shots]


def run(
    setup: Setup, of: FeatureSet, preset: ConfiguredMethod, draw: Draw, number: int, jobs: int = 1
) -> Outcome:
    """A method on the first tasks of the list; what `setup.shards` has of it is read instead.

    Parameters
    ----------
    number : int
        Of tasks that the plan has; the source may take a share of them only.
    jobs : int
        Threads, each with whole batches; seconds of the outcome are then by the clock of all.
    """
    number = of.source.tasks(number)
    tasks = draw.tasks(of, number, setup.seed)
    folder = None if setup.shards is None else setup.shards / _key(setup, of, preset, draw, jobs)
    parts, warm = [], False
    for first in range(0, number, SHARD):
        part = tasks[first : first + SHARD]
        # A shorter list has a shorter last shard, which is another file.
        path = None if folder is None else folder / f"{first:06}-{len(part)}.npz"
        if path is not None and path.exists():
            parts.append(_read(path, part))
            continue
        if not warm:  # what compiles at its first call is not to be in the seconds
            evaluate(preset.method, of.features, part[:1], preset.transform)
            warm = True
        with joblib.parallel_config(backend="threading"):
            found = evaluate(preset.method, of.features, part, preset.transform, jobs=jobs)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_npz(path, _arrays(found))
        parts.append(found)
    return Outcome(
        np.concatenate([part.predicted for part in parts]),
        np.concatenate([part.accuracy for part in parts]),
        sum(part.seconds for part in parts),
        sum(part.diverged for part in parts),
    )


def ahead(one: Outcome, other: Outcome) -> Estimate:
    """The mean paired difference over the tasks that both have."""
    both = min(len(one.accuracy), len(other.accuracy))
    return _first(one, both).minus(_first(other, both))


def failed(outcome: Outcome) -> float:
    """Percent of tasks whose queries were all given to one class: training came to nothing.

    Scores that are not numbers, of a training that diverged, are read as the first class.
    """
    predicted = outcome.predicted
    return 100.0 * float((predicted == predicted[:, :1]).all(axis=1).mean())


def known(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names of methods: those that there are, those that there are not (yet)."""
    return (
        [name for name in names if name in METHODS],
        [name for name in names if name not in METHODS],
    )


def _first(outcome: Outcome, number: int) -> Outcome:
    return replace(
        outcome, predicted=outcome.predicted[:number], accuracy=outcome.accuracy[:number]
    )


def _arrays(found: Outcome) -> dict[str, np.ndarray]:
    return {
        "predicted": found.predicted.astype(np.int16),
        "seconds": np.array(found.seconds),
        "diverged": np.array(found.diverged),
    }


def _read(path: Path, tasks: Tasks) -> Outcome:
    """Predictions are kept, and judged anew."""
    arrays = load_npz(path)
    predicted = arrays["predicted"].astype(np.int64)
    right: Float[np.ndarray, " t"] = 100.0 * (predicted == tasks.query_labels).mean(axis=1)
    # Older shards do not say; where training diverged the first class was predicted.
    diverged = arrays.get("diverged", (predicted == 0).all(axis=1).sum())
    return Outcome(predicted, right, float(arrays["seconds"]), int(diverged))


def _key(setup: Setup, of: FeatureSet, preset: ConfiguredMethod, draw: Draw, jobs: int) -> str:
    """A name for everything that predictions depend on but the tasks' place in their list."""
    what = {
        "features": of.digest,
        "method": type(preset.method).__name__,
        "settings": dict(preset.settings),
        "transform": repr(_named(preset.transform)),
        "draw": asdict(draw),
        "seed": setup.seed,
        "jobs": jobs,
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:20]


def _named(transform: object) -> list[str]:
    """The parts of a transform by name and, where they have any, by settings."""
    parts = getattr(transform, "parts", (transform,))
    return [getattr(part, "__name__", None) or repr(part) for part in parts]
