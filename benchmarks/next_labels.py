"""Labels needed for an accuracy, where rows to label are chosen in rounds.

    DIFFRESNET_DATA=... python benchmarks/next_labels.py [--draws 5]

The first round has no label to go by, and each later round all labels so far. Every way to choose
rows feeds the same classifier. "margin" takes the rows whose two likeliest classes are closest,
after a first round at random; TypiClust takes the most typical row (by its 20 nearest neighbours)
of each of the largest clusters without a label. Draws differ by the seed, and for embeddings by the
rows. Develop on draws from 1000 on (--first 1000).
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from common import data_file, publish
from diffresnet import DiffusionClassifier

GOALS = (80, 90, 95)
SUBSAMPLE = 3000
EMBEDDINGS = {
    "Banking77, 20 intents": ("embeddings/banking77_minilm-l6.npz", 20),
    "CIFAR-FS val": ("embeddings/cifarfs_val_efficientnet-lite0.npz", 16),
}
TABLES = {"digits": load_digits, "wine": load_wine, "breast cancer": load_breast_cancer}


def load(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    if name in TABLES:
        return TABLES[name](return_X_y=True)
    file, classes = EMBEDDINGS[name]
    with np.load(data_file(file)) as arrays:
        x, y = arrays["features"].astype(np.float32), arrays["labels"].astype(np.int64)
    rng = np.random.default_rng(seed)
    kept = np.flatnonzero(np.isin(y, rng.permutation(y.max() + 1)[:classes]))
    rows = rng.permutation(kept)[:SUBSAMPLE]
    return x[rows], np.unique(y[rows], return_inverse=True)[1]


def by_suggestion(x: np.ndarray, model: DiffusionClassifier | None, few, count, seed) -> np.ndarray:
    if model is None:
        return DiffusionClassifier(random_state=seed).suggest(count, x)
    return model.suggest(count)


def at_random(x, model, few, count, seed) -> np.ndarray:
    free = np.flatnonzero(few < 0)
    return np.random.default_rng((seed, len(free))).choice(free, count, replace=False)


def by_margin(x, model, few, count, seed) -> np.ndarray:
    if model is None:
        return at_random(x, model, few, count, seed)
    two = np.sort(model.label_distributions_, axis=1)[:, -2:]
    margin = np.where(few < 0, two[:, 1] - two[:, 0], np.inf)
    return np.argsort(margin, kind="stable")[:count]


def by_typiclust(x, model, few, count, seed) -> np.ndarray:
    z = x / np.linalg.norm(x, axis=1, keepdims=True) if x.shape[1] >= 64 else None
    z = StandardScaler().fit_transform(x) if z is None else z
    labelled = int((few >= 0).sum())
    cluster = KMeans(min(len(z), labelled + count), n_init=1, random_state=seed).fit_predict(z)
    distances = NearestNeighbors(n_neighbors=21).fit(z).kneighbors(z)[0][:, 1:]
    typical = 1.0 / np.maximum(distances.mean(axis=1), 1e-9)
    size = np.bincount(cluster)
    covered = np.isin(np.arange(len(size)), cluster[few >= 0])
    chosen = []
    for c in np.lexsort((-size, covered)):
        rows = np.flatnonzero((cluster == c) & (few < 0))
        if len(rows) and len(chosen) < count:
            chosen.append(rows[typical[rows].argmax()])
    return np.array(chosen)


WAYS = {
    "suggest": by_suggestion,
    "random": at_random,
    "margin": by_margin,
    "TypiClust": by_typiclust,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--data", nargs="+", default=[*TABLES, *EMBEDDINGS])
    args = parser.parse_args()
    rows = []
    for name in args.data:
        curves = {way: [] for way in WAYS}
        for seed in range(args.first, args.first + args.draws):
            x, y = load(name, seed)
            for way, choose in WAYS.items():
                curves[way].append(curve(x, y, choose, args.rounds, seed))
        each = len(np.unique(y))
        counts = each * np.arange(1, args.rounds + 1)
        for way, found in curves.items():
            mean = np.mean(found, axis=0)
            row = {"data": name, "way": way, "labels a round": each}
            row |= {f"after {r}": f"{mean[r - 1]:.1f}" for r in (1, 2, 4, args.rounds)}
            row |= {f"labels for {goal}%": labels_for(mean, counts, goal) for goal in GOALS}
            rows.append(row)
            print(row, flush=True)
    publish("next_labels", rows, draws=args.draws, first_seed=args.first, rounds=args.rounds)


def curve(x: np.ndarray, y: np.ndarray, choose, rounds: int, seed: int) -> list[float]:
    """Accuracy over the rows without a label after each round."""
    few, model, accuracy = np.full(len(y), -1), None, []
    each = len(np.unique(y))
    for _ in range(rounds):
        rows = choose(x, model, few, each, seed)
        few[rows] = y[rows]
        rest = few < 0
        if len(np.unique(few[~rest])) < 2:
            accuracy.append(100 * float((y[rest] == few[~rest][0]).mean()))
            continue
        model = DiffusionClassifier(random_state=seed).fit(x, few)
        accuracy.append(100 * float((model.transduction_ == y)[rest].mean()))
    return accuracy


def labels_for(mean: np.ndarray, counts: np.ndarray, goal: float) -> str:
    """Return the labels that the mean curve needs for a goal, between rounds by a line."""
    reached = np.flatnonzero(mean >= goal)
    if not len(reached):
        return f"> {counts[-1]}"
    at = reached[0]
    if at == 0:
        return f"<= {counts[0]}"
    share = (goal - mean[at - 1]) / (mean[at] - mean[at - 1])
    return f"{counts[at - 1] + share * (counts[at] - counts[at - 1]):.0f}"


if __name__ == "__main__":
    main()
