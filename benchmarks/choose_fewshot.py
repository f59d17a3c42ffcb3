"""Settings of the trained few-shot methods, chosen on tasks of validation classes.

    python benchmarks/choose_fewshot.py --tasks 500 --shots 1 5
    python benchmarks/choose_fewshot.py --data omniglot --backbone conv4 --ways 20

Sweeps r and ntop of Diff-ResNet and mu of external diffusion, one at a time, on the same tasks.
Rows are centred by the base mean, of length 1, and shifted (Table III); not shifted with
--tricks unit; as they are with --tricks none (Table II). Tasks have another seed than the tables,
and are of validation classes only: the file is embeddings/DATA_val_BACKBONE.npz.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import torch

from common import data_file, publish
from diffresnet_lab.fewshot import (
    Chain,
    ExternalDiffusion,
    Features,
    InternalDiffusion,
    Method,
    Outcome,
    centre_and_normalize,
    evaluate,
    paper_transforms,
    read_base_mean,
    sample_tasks,
)

SEED = 7


def candidates(options: argparse.Namespace, shots: int) -> Iterator[tuple[str, float, Method]]:
    """What is swept, its value, the method."""
    r = 6 if shots == 1 else 2
    for steps in options.steps:
        yield "r", steps, InternalDiffusion(steps=steps)
    for ntop in options.ntop:
        yield "ntop", ntop, InternalDiffusion(steps=r, ntop=ntop)
    for mu in options.mu:
        yield "mu", mu, ExternalDiffusion(mu=mu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="cifarfs")
    parser.add_argument("--backbone", default="efficientnet-lite0")
    parser.add_argument("--tricks", choices=["paper", "unit", "none"], default="paper")
    parser.add_argument("--tasks", type=int, default=500)
    parser.add_argument("--ways", type=int, default=5)
    parser.add_argument("--shots", type=int, nargs="+", default=[1, 5])
    parser.add_argument("--steps", type=int, nargs="*", default=list(range(11)))
    parser.add_argument("--ntop", type=int, nargs="*", default=[5, 8, 12, 16])
    parser.add_argument("--mu", type=float, nargs="*", default=[1e-4, 1e-3, 3e-3, 1e-2, 3e-2])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--name", default="choose_fewshot", help="of the file in results/")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    val, base_mean = (
        data_file(f"embeddings/{options.data}_{part}_{options.backbone}.npz")
        for part in ("val", "base_mean")
    )
    features = Features.read(val)
    mean = read_base_mean(base_mean, features.width)
    transform = {
        "paper": paper_transforms(mean),
        "unit": centre_and_normalize(mean),
        "none": Chain(),
    }[options.tricks]
    rows = []
    for shots in options.shots:
        tasks = sample_tasks(features.labels, options.ways, shots, 15, options.tasks, SEED)
        swept: dict[str, list[tuple[float, Outcome]]] = {}
        for name, value, method in candidates(options, shots):
            found = evaluate(method, features, tasks, transform, device=options.device)
            print(shots, name, value, f"{found.summary.mean:.2f}", file=sys.stderr, flush=True)
            swept.setdefault(name, []).append((value, found))
        for name, outcomes in swept.items():
            best = max(outcomes, key=lambda pair: pair[1].summary.mean)[1]
            for value, found in outcomes:
                behind = found.minus(best)
                rows.append(
                    {
                        "shots": shots,
                        "swept": name,
                        "value": value,
                        "accuracy": f"{found.summary.mean:.2f} ± {found.summary.ci95:.2f}",
                        "less the best": f"{behind.mean:+.2f} ± {behind.ci95:.2f}",
                        "ms a task": f"{1e3 * found.seconds_per_task:.1f}",
                    }
                )
    settings = vars(options) | {"seed": SEED}
    publish(settings.pop("name"), rows, **settings)


if __name__ == "__main__":
    main()
