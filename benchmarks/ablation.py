"""What each part of the default classifier earns: without it, or with the paper's instead.

    DIFFRESNET_DATA=... python benchmarks/ablation.py [--draws 5] [--rows 1500]

Each row changes one thing. Entries are mean accuracies over draws, with the paired difference to
the default and its standard error. Sets are those of `diffresnet bench fewlabels`, cut to so many
rows.
"""

from __future__ import annotations

import argparse

import numpy as np

from common import labelled_set, publish
from diffresnet import DiffusionClassifier
from diffresnet.similarity import GraphSettings
from diffresnet_lab.experiments.fewlabels.sets import SETS, draw_labels

INF = float("inf")
VARIANTS = {
    "default": {},
    "the head on diffused features alone": {"diffusion_time": 1 / 0.03},
    "the head on undiffused features alone": {"diffusion_time": 0.0},
    "scores not propagated": {"prior_weight": INF},
    "features not diffused, scores not propagated": {"diffusion_time": 0.0, "prior_weight": INF},
    "tails of columns not compressed": {"scale": "standard"},
    "columns as they are": {"scale": None},
    "with a trained convection": {"convection": "trained"},
    "the paper's network, graph and optimiser": {"convection": "paper"},
    "the paper's few-shot graph": {"similarity": GraphSettings.few_shot()},
}
# Where columns have no units, both would be other scales than those of the default.
OF_TABLES = ("tails of columns not compressed", "columns as they are")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--labels", type=int, nargs="+", default=[1, 5, 20])
    parser.add_argument(
        "--data", nargs="+", default=["digits", "breast_cancer", "cifarfs", "amazon"]
    )
    args = parser.parse_args()
    rows: dict[str, dict[str, str]] = {v: {"variant": v} for v in VARIANTS}
    for name in args.data:
        data = labelled_set(name, args.rows)
        scaled = DiffusionClassifier().fit(data.x, draw_labels(data.y, 1, 0)).scaled_
        for per_class in args.labels:
            found: dict[str, list[float]] = {v: [] for v in VARIANTS}
            for seed in range(args.draws):
                few = draw_labels(data.y, per_class, seed)
                for variant, options in VARIANTS.items():
                    if variant in OF_TABLES and not scaled:
                        continue
                    model = DiffusionClassifier(random_state=0, **options).fit(data.x, few)
                    right = (model.transduction_ == data.y)[few == -1]
                    found[variant].append(100 * float(right.mean()))
            for variant, values in found.items():
                if not values:
                    continue
                difference = np.subtract(values, found["default"])
                error = difference.std(ddof=1) / len(difference) ** 0.5
                text = f"{np.mean(values):.1f}"
                if variant != "default":
                    text += f" ({difference.mean():+.1f} ± {error:.1f})"
                rows[variant][f"{SETS[name].title}, {per_class}"] = text
                print(name, per_class, variant, text, flush=True)
    publish("ablation", list(rows.values()), draws=args.draws, at_most=args.rows)


if __name__ == "__main__":
    main()
