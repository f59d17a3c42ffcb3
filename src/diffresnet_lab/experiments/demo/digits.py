"""Handwritten digits from 1, 5 and 20 labels a class: our classifier beside four others."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.semi_supervised import LabelSpreading
from torch import nn

from diffresnet.classify import DiffusionClassifier
from diffresnet.classify.convection import PaperTraining
from diffresnet.nn import DiffResNet

from ...data.digits import digits, hide_labels
from ...sweep import sweep

Scores = dict[str, dict[int, np.ndarray]]
"""Method, then labels a class -> accuracies in percent, one a draw."""

REFERENCE = "diffusion_classifier"


@dataclass(frozen=True)
class DigitsConfig:
    """The draws of labels.

    Parameters
    ----------
    labels_per_class : numbers of labels, each a table column.
    draws : int
        Draws of labelled rows for each number; all methods get the same.
    seed : int
    """

    labels_per_class: tuple[int, ...] = (1, 5, 20)
    draws: int = 10
    seed: int = 0

    @property
    def fits(self) -> int:
        """Return the number of models that are fitted in all."""
        return len(self.labels_per_class) * self.draws * len(METHODS)


def digits_scores(settings: DigitsConfig, advance: Callable[[int], Any] | None = None) -> Scores:
    """Return the accuracy over the unlabelled rows of every method in every draw.

    Draws are calls of a `sweep`, so `joblib.parallel_config` says where they run.

    Parameters
    ----------
    advance : called with the number of fits that have been done since the last call.
    """
    draws = [(count, draw) for count in settings.labels_per_class for draw in range(settings.draws)]
    results = sweep(joblib.delayed(_one_draw)(count, draw, settings.seed) for count, draw in draws)
    scores: Scores = {
        method: {count: np.zeros(settings.draws) for count in settings.labels_per_class}
        for method in METHODS
    }
    for (count, draw), accuracies in zip(draws, results, strict=True):
        for method, accuracy in accuracies.items():
            scores[method][count][draw] = accuracy
        if advance is not None:
            advance(len(METHODS))
    return scores


def digits_rows(scores: Scores) -> Iterator[dict[str, Any]]:
    """Yield a row for each method and number of labels, as in metrics.json.

    `std` is that of the draws (n - 1 in the denominator), NaN if there is one draw.
    """
    for method, of_method in scores.items():
        for count, values in of_method.items():
            yield {
                "data": "digits",
                "method": method,
                "labels_per_class": count,
                "draws": len(values),
                "accuracy": float(values.mean()),
                "std": _std(values),
            }


def paired_differences(scores: Scores, reference: str = REFERENCE) -> Iterator[dict[str, Any]]:
    """Yield the lead of the reference over each other method, paired by draw.

    Yields rows with `method`, `labels_per_class`, the mean `difference` in percentage points, and
    its `standard_error`.
    """
    for method, of_method in scores.items():
        if method == reference:
            continue
        for count, values in of_method.items():
            ahead = scores[reference][count] - values
            yield {
                "method": method,
                "labels_per_class": count,
                "difference": float(ahead.mean()),
                "standard_error": _std(ahead) / np.sqrt(len(ahead)),
            }


def _std(values: Float[np.ndarray, " draws"]) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def _one_draw(labels_per_class: int, draw: int, seed: int) -> dict[str, float]:
    x, y = digits()
    given = hide_labels(y, labels_per_class, draw, seed)
    hidden = given == -1
    model_seed = int(np.random.SeedSequence([seed, labels_per_class, draw]).generate_state(1)[0])
    return {
        method: 100.0 * float((label(x, given, model_seed)[hidden] == y[hidden]).mean())
        for method, (_, label) in METHODS.items()
    }


def _diffusion_classifier(x: np.ndarray, given: np.ndarray, seed: int) -> np.ndarray:
    return DiffusionClassifier(device="cpu", random_state=seed).fit(x, given).transduction_


def _diff_resnet(x: np.ndarray, given: np.ndarray, seed: int) -> np.ndarray:
    model = DiffusionClassifier(convection="paper", device="cpu", random_state=seed)
    return model.fit(x, given).transduction_


def _label_spreading(x: np.ndarray, given: np.ndarray, seed: int) -> np.ndarray:
    with warnings.catch_warnings():
        # Rows that no label reaches are 0 / 0 there, and it may not converge in its 30 rounds.
        warnings.simplefilter("ignore")
        return LabelSpreading(kernel="knn").fit(x, given).transduction_


def _without_diffusion(x: np.ndarray, given: np.ndarray, seed: int) -> np.ndarray:
    classes = np.unique(given[given >= 0])
    codes = np.searchsorted(classes, given)
    return classes[undiffused_network(x, given >= 0, codes, len(classes), seed)]


def _logistic_regression(x: np.ndarray, given: np.ndarray, seed: int) -> np.ndarray:
    labelled = given >= 0
    return LogisticRegression(max_iter=1000).fit(x[labelled], given[labelled]).predict(x)


def undiffused_network(
    x: Float[np.ndarray, "n d"],
    labelled: Bool[np.ndarray, " n"],
    codes: Int[np.ndarray, " n"],
    n_classes: int,
    seed: int,
    training: PaperTraining | None = None,
) -> Int[np.ndarray, " n"]:
    """Train the paper's network at r = 0 by its optimiser; return the classes of all rows.

    Parameters
    ----------
    labelled : (n,); codes : (n,), read where `labelled` is true.
    training : its gamma and steps are not used.
    """
    config = training or PaperTraining()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = DiffResNet(x.shape[1], n_classes, steps=0)
    points = torch.from_numpy(x).float()
    seen, target = points[labelled], torch.from_numpy(codes[labelled])
    optimizer = torch.optim.SGD(
        net.parameters(),
        config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
    )
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, list(config.milestones))
    for _ in range(config.epochs):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(seen), target).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return net(points).argmax(1).numpy()


Label = Callable[[np.ndarray, np.ndarray, int], np.ndarray]

METHODS: Mapping[str, tuple[str, Label]] = {
    REFERENCE: ("DiffusionClassifier", _diffusion_classifier),
    "diff_resnet": ("Diff-ResNet", _diff_resnet),
    "diff_resnet_without_diffusion": ("Diff-ResNet without diffusion", _without_diffusion),
    "label_spreading": ("LabelSpreading", _label_spreading),
    "logistic_regression": ("Logistic regression", _logistic_regression),
}
"""Key in metrics.json: name for readers, and a function (x, labels or -1, seed) -> labels."""
