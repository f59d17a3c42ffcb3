"""How many runs each model of Table I gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Runs = tuple[int, int]
"""Random splits, and initialisations on each of them."""


@dataclass(frozen=True)
class Table1Plan:
    """How much is run.

    Models of more splits begin with the splits of those of fewer, so that any two can be paired.

    Parameters
    ----------
    runs : of every model that has none of its own.
    datasets, models : names
    epochs : of every run at most; 10,000 is the paper's, and early stopping ends runs long before.
    jobs : processes, each with whole splits.
    device : as torch names it; runs made on one are kept as those of any other.
    model_runs : model -> runs; of models that are slow, or of which all runs on a split are alike.
    most_runs : data set -> runs; a graph that is large: no model has more there.
    model_runs_on : data set -> model -> runs, before all else; none at all leaves the model out.
    ablation_datasets, changes : data sets, and names of `ablation.CHANGES`; with the runs that the
        best Diff-ResNet has in the table.
    """

    runs: Runs
    datasets: tuple[str, ...]
    models: tuple[str, ...]
    epochs: int = 10_000
    jobs: int = 1
    device: str = "cpu"
    model_runs: Mapping[str, Runs] = field(default_factory=dict)
    most_runs: Mapping[str, Runs] = field(default_factory=dict)
    model_runs_on: Mapping[str, Mapping[str, Runs]] = field(default_factory=dict)
    ablation_datasets: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def trained(self) -> bool:
        """Whether early stopping, and not the cap on epochs, ends most runs."""
        return self.epochs >= 1000

    def runs_of(self, model: str, dataset: str) -> Runs:
        """Return the runs of a model on a data set.

        Examples
        --------
        >>> plan = Table1Plan((20, 2), (), (), most_runs={"pubmed": (5, 2)})
        >>> plan.runs_of("gcn", "cora"), plan.runs_of("gcn", "pubmed")
        ((20, 2), (5, 2))
        """
        if model in (exact := self.model_runs_on.get(dataset, {})):
            return exact[model]
        splits, inits = self.model_runs.get(model, self.runs)
        most_splits, most_inits = self.most_runs.get(dataset, (splits, inits))
        return min(splits, most_splits), min(inits, most_inits)

    def too_slow(self, dataset: str) -> tuple[str, ...]:
        """Return the models that are left out on a data set."""
        return tuple(model for model in self.models if self.runs_of(model, dataset)[0] == 0)

    def settings(self) -> dict[str, str]:
        """Return the numbers of runs as metrics.json names them."""
        exact = {
            f"{model} on {dataset}": runs
            for dataset, models in self.model_runs_on.items()
            for model, runs in models.items()
        }
        return {
            "splits_and_inits": runs_text(self.runs),
            "of_some_models": _joined({**self.model_runs, **exact}),
            "at_most_on": _joined(self.most_runs),
        }


def runs_text(runs: Runs) -> str:
    """Return numbers of runs as pages write them.

    Examples
    --------
    >>> runs_text((10, 2))
    '10 × 2'
    """
    splits, inits = runs
    return f"{splits} × {inits}"


def _joined(named: Mapping[str, Runs]) -> str:
    return "; ".join(f"{name} {runs_text(runs)}" for name, runs in named.items())
