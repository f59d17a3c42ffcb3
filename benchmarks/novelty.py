"""Rows of no class: how well scores tell them from rows of known classes.

    DIFFRESNET_DATA=... python benchmarks/novelty.py [--draws 10]

A quarter of the classes has no label, or rows of another kind are mixed in; draws without any
show the false flags. Draws 0 to 9 are those reported; the score was settled on others (from 1000
on). AUROC in %, over the unlabelled rows.
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np
from sklearn.datasets import load_digits, load_wine, make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from common import data_file, publish
from diffresnet import DiffusionClassifier

EMBEDDINGS = {
    "Banking77": ("embeddings/banking77_minilm-l6.npz", 4000),
    "CIFAR-FS val": ("embeddings/cifarfs_val_efficientnet-lite0.npz", 3200),
}
# Rows of another kind, all classes labelled.
FOREIGN = ("digits and noise", "CIFAR-FS val and noise")
PEERS = ("low confidence", "logistic softmax", "logistic logit", "nearest label", "prototype")


def load(name: str) -> tuple[np.ndarray, np.ndarray]:
    if name == "digits":
        x, y = load_digits(return_X_y=True)
    elif name == "wine":
        x, y = load_wine(return_X_y=True)
    elif name == "blobs":
        x, y = make_blobs(2000, 10, centers=10, cluster_std=np.linspace(1, 4, 10), random_state=1)
    else:
        path, size = EMBEDDINGS[name]
        with np.load(data_file(path)) as file:
            x, y = file["features"], file["labels"].astype(np.int64)
        keep = np.random.default_rng(7).permutation(len(y))[:size]
        x, y = x[keep], y[keep]
    return x.astype(np.float32), y


def draw(
    name: str, per_class: int | str, unknown: bool, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, labels with -1, and which rows are of no class."""
    x, y = load(name.removesuffix(" and noise"))
    classes = np.unique(y)
    out: Any = []
    if unknown and name in FOREIGN:
        # Each new row takes the value of every column from another row.
        x = np.concatenate([x, rng.permuted(x, axis=0)[:200]])
        y = np.concatenate([y, np.full(200, -2)])
        out = [-2]
    elif unknown:
        out = rng.choice(classes, max(1, round(len(classes) / 4)), replace=False)
    few = np.full(len(y), -1)
    for c in np.setdiff1d(classes, out):
        rows = np.flatnonzero(y == c)
        count = int(rng.choice([1, 2, 5, 10, 20])) if per_class == "1 to 20" else int(per_class)
        few[rng.choice(rows, min(count, len(rows) // 2), replace=False)] = c
    return x, few, np.isin(y, out)


def peers(x: np.ndarray, few: np.ndarray, model: DiffusionClassifier) -> dict[str, np.ndarray]:
    """Scores of the usual kind, in the metric of the classifier."""
    if x.shape[1] >= 64:
        x = x / np.linalg.norm(x, axis=1, keepdims=True).clip(1e-12)
    else:
        x = StandardScaler().fit_transform(x)
    seen = few >= 0
    logistic = LogisticRegression(C=10.0, max_iter=1000).fit(x[seen], few[seen])
    logits = logistic.decision_function(x)
    means = np.stack([x[few == c].mean(axis=0) for c in np.unique(few[seen])])
    return {
        "low confidence": 1.0 - model.confidence_,
        "logistic softmax": 1.0 - logistic.predict_proba(x).max(axis=1),
        "logistic logit": -np.abs(logits) if logits.ndim == 1 else -logits.max(axis=1),
        "nearest label": nearest(x, x[seen]),
        "prototype": nearest(x, means),
    }


def nearest(x: np.ndarray, points: np.ndarray) -> np.ndarray:
    square = (x**2).sum(axis=1)[:, None] + (points**2).sum(axis=1) - 2.0 * x @ points.T
    return square.min(axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="seed of the first draw")
    args = parser.parse_args()
    # One label a class is what this is for.
    warnings.filterwarnings("ignore", message="The number of unique classes is greater")
    rows = []
    for name in ("digits", "Banking77", "CIFAR-FS val", "wine", "blobs", *FOREIGN):
        for per_class in (1, 5, 20, "1 to 20"):
            found: dict[str, list[float]] = {m: [] for m in ("novelty", *PEERS)}
            caught, false, none, sure = [], [], [], []
            for seed in range(args.first, args.first + args.draws):
                x, few, out = draw(name, per_class, True, np.random.default_rng(seed))
                model = DiffusionClassifier().fit(x, few)
                rest = few < 0
                scores = {"novelty": model.novelty_} | peers(x, few, model)
                for method, score in scores.items():
                    found[method].append(100 * roc_auc_score(out[rest], score[rest]))
                caught.append(100 * model.novel_[rest & out].mean())
                false.append(100 * model.novel_[rest & ~out].mean())
                sure.append(100 * (model.confidence_[rest & out] > 0.9).mean())
                x, few, _ = draw(name, per_class, False, np.random.default_rng(seed))
                flagged = DiffusionClassifier().fit(x, few).novel_
                none.append(100 * flagged[few < 0].mean())
            best = max(PEERS, key=lambda m: np.mean(found[m]))
            difference = np.subtract(found["novelty"], found[best])
            error = difference.std(ddof=1) / len(difference) ** 0.5
            row: dict[str, Any] = {"data": name, "labels a class": per_class}
            row |= {m: f"{np.mean(v):.1f}" for m, v in found.items()}
            row["against the best peer"] = f"{best}: {difference.mean():+.1f} ± {error:.1f}"
            row["flagged of no class"] = f"{np.mean(caught):.1f}"
            row["flagged of a class"] = f"{np.mean(false):.1f}"
            row["flagged, no unknown rows"] = f"{np.mean(none):.1f}"
            row["of no class, confidence > 0.9"] = f"{np.mean(sure):.1f}"
            rows.append(row)
            print(row, flush=True)
    publish("novelty", rows, draws=args.draws, first_seed=args.first)


if __name__ == "__main__":
    main()
