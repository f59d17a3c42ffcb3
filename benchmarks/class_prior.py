"""Shares of the classes: what `class_prior` does where the unlabelled rows are uneven.

    DIFFRESNET_DATA=... python benchmarks/class_prior.py [--draws 5]

Labels are a few of every class. The unlabelled rows are all others, those of a quarter of the
classes alone, or of classes whose sizes fall geometrically to a tenth. "no transduction" is the
head on features as they are, balanced, of the labelled rows alone. "true" is told the shares.
Accuracy in %, over the unlabelled rows; the last columns are paired with no transduction. Draws 0
to 4 are those reported.
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from common import labelled_set, publish
from diffresnet import DiffusionClassifier
from diffresnet_lab.experiments.fewlabels.sets import SETS

ROWS = 2000
PRIORS = ("None", "uniform", "estimate", "true")


def unlabelled(y: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """The rows that take part without a label."""
    classes = np.unique(y)
    if kind == "all classes":
        return np.arange(len(y))
    if kind == "a quarter of them":
        kept = rng.choice(classes, max(2, len(classes) // 4), replace=False)
        return np.flatnonzero(np.isin(y, kept))
    smallest = np.bincount(y).min()
    share = rng.permutation(np.geomspace(1.0, 0.1, len(classes)))
    parts = [
        rng.permutation(np.flatnonzero(y == c))[: max(2, round(smallest * s))]
        for c, s in zip(classes, share, strict=True)
    ]
    return np.concatenate(parts)


def head_alone(x: np.ndarray, few: np.ndarray) -> np.ndarray:
    z = x if x.shape[1] >= 64 else StandardScaler().fit_transform(x)
    if x.shape[1] >= 64:
        z = z - z.mean(axis=0)
        z /= np.linalg.norm(z, axis=1, keepdims=True)
    seen = few >= 0
    model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000)
    return model.fit(z[seen], few[seen]).predict(z)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--data", nargs="+", default=["digits", "wine", "cifarfs", "banking77"])
    parser.add_argument("--first", type=int, default=0, help="seed of the first draw")
    args = parser.parse_args()
    rows = []
    for name in args.data:
        data = labelled_set(name, ROWS)
        x, y = data.x, data.y
        for kind in ("all classes", "a quarter of them", "falling sizes"):
            for per_class in (1, 5, 20):
                found: dict[str, list[float]] = {m: [] for m in ("no transduction", *PRIORS)}
                for seed in range(args.first, args.first + args.draws):
                    rng = np.random.default_rng(seed)
                    labelled = np.concatenate(
                        [
                            rng.choice(rows_of, min(per_class, len(rows_of) // 2), replace=False)
                            for rows_of in (np.flatnonzero(y == c) for c in np.unique(y))
                        ]
                    )
                    rest = np.setdiff1d(unlabelled(y, kind, rng), labelled)
                    kept = np.concatenate([labelled, rest])
                    few = np.where(np.arange(len(kept)) < len(labelled), y[kept], -1)
                    true = y[kept]
                    sizes = np.bincount(true, minlength=y.max() + 1)
                    shares = {c: size / len(true) for c, size in enumerate(sizes.tolist())}
                    answers = {"no transduction": head_alone(x[kept], few)}
                    for prior in PRIORS:
                        wanted = {"None": None, "true": shares}.get(prior, prior)
                        model = DiffusionClassifier(class_prior=wanted).fit(x[kept], few)
                        answers[prior] = model.transduction_
                    for method, answer in answers.items():
                        found[method].append(100 * float((answer == true)[few < 0].mean()))
                row = {"data": SETS[name].title, "unlabelled": kind, "labels a class": per_class}
                row |= {method: f"{np.mean(values):.1f}" for method, values in found.items()}
                for prior in ("None", "estimate"):
                    lead = np.subtract(found[prior], found["no transduction"])
                    error = lead.std(ddof=1) / len(lead) ** 0.5
                    row[f"{prior} ahead by"] = f"{lead.mean():+.1f} ± {error:.1f}"
                rows.append(row)
                print(row, flush=True)
    publish("class_prior", rows, draws=args.draws, first_seed=args.first)


if __name__ == "__main__":
    main()
