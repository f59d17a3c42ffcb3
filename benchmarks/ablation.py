"""What each part of the default classifier earns: without it, or with the paper's instead.

    DIFFRESNET_DATA=... python benchmarks/ablation.py [--digits 10] [--banking 3]

Each row changes one thing. Entries are mean accuracies over draws, with the paired difference to
the default and its standard error.
"""

from __future__ import annotations

import argparse

import numpy as np

from common import publish
from diffresnet import DiffusionClassifier
from diffresnet.similarity import GraphSettings
from quality import draw_labels, load

VARIANTS = {
    "default": {},
    "with a trained convection": {"convection": "trained"},
    "the paper's network, graph and optimiser": {"convection": "paper"},
    "features not diffused": {"diffusion_time": 0.0},
    "scores not diffused": {"prior_weight": float("inf")},
    "neither": {"diffusion_time": 0.0, "prior_weight": float("inf")},
    "the paper's few-shot graph": {"similarity": GraphSettings.few_shot()},
    "heat flow (t = 33)": {"flow": "heat", "diffusion_time": 1 / 0.03},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--digits", type=int, default=10, help="draws")
    parser.add_argument("--banking", type=int, default=3, help="draws (below 2: none)")
    args = parser.parse_args()
    rows: dict[str, dict[str, str]] = {v: {"variant": v} for v in VARIANTS}
    for name, draws, counts in (
        ("digits", args.digits, (1, 5, 20)),
        ("Banking77", args.banking, (1, 5)),
    ):
        if draws < 2:
            continue
        x, y = load(name)
        for per_class in counts:
            found: dict[str, list[float]] = {v: [] for v in VARIANTS}
            for seed in range(draws):
                few = draw_labels(y, per_class, seed)
                for variant, options in VARIANTS.items():
                    model = DiffusionClassifier(random_state=0, **options).fit(x, few)
                    right = (model.transduction_ == y)[few == -1]
                    found[variant].append(100 * float(right.mean()))
            for variant, values in found.items():
                difference = np.subtract(values, found["default"])
                error = difference.std(ddof=1) / len(difference) ** 0.5
                text = f"{np.mean(values):.1f}"
                if variant != "default":
                    text += f" ({difference.mean():+.1f} ± {error:.1f})"
                rows[variant][f"{name}, {per_class}"] = text
                print(name, per_class, variant, text, flush=True)
    publish("ablation", list(rows.values()), digits_draws=args.digits, banking_draws=args.banking)


if __name__ == "__main__":
    main()
