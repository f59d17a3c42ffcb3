"""LaplacianShot, TIM and PT-MAP beside those of easyfsl, on the same few-shot tasks.

    DIFFRESNET_DATA=... python benchmarks/fewshot_peers.py [--tasks 50]

5-way tasks with 15 queries a class on the novel classes of CIFAR-FS, by EfficientNet-Lite0. easyfsl
takes a task at a time, ours all at once. Both sides have their own defaults. Ours transforms
features as the paper does; easyfsl gets them of unit length, and centred before but for PT-MAP,
which transforms them by itself. Timed from features to scores, by the seconds of all cores.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from common import data_file, publish
from diffresnet_lab.fewshot import (
    Features,
    TaskBatch,
    centre_and_normalize,
    gather,
    sample_tasks,
)
from diffresnet_lab.fewshot.config import FewShotConfig
from diffresnet_lab.fewshot.method_spec import ConfiguredMethod
from diffresnet_lab.fewshot.registry import configure_method

METHODS = {"laplacian_shot": "LaplacianShot", "tim": "TIM", "pt_map": "PTMAP"}


def easyfsl_scores(name: str, batch: TaskBatch) -> Tensor:
    from easyfsl import methods

    scores = []
    for task in range(len(batch)):
        classifier = getattr(methods, name)(backbone=nn.Identity())
        classifier.process_support_set(batch.support[task], batch.labels[task])
        scores.append(classifier(batch.query[task]).detach())
    return torch.stack(scores)


def our_scores(configured: ConfiguredMethod, batch: TaskBatch) -> Tensor:
    return configured.method(configured.transform(batch))


def first(batch: TaskBatch, count: int) -> TaskBatch:
    parts = {name: getattr(batch, name)[:count] for name in ("support", "labels", "query", "seeds")}
    return replace(batch, **parts)


def timed(run: Callable[[TaskBatch], Tensor], batch: TaskBatch) -> tuple[Tensor, float]:
    run(first(batch, 2))  # warm up
    start = time.process_time()
    return run(batch), time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=50)
    args = parser.parse_args()
    torch.manual_seed(0)
    features = Features.read(data_file("embeddings/cifarfs_novel_efficientnet-lite0.npz"))
    rows = []
    for shots in (1, 5):
        tasks = sample_tasks(features.labels, 5, shots, 15, args.tasks)
        raw = gather(features.tensor(), tasks)
        centred = centre_and_normalize(features.mean)(raw)
        unit = replace(
            raw, support=normalize(raw.support, dim=-1), query=normalize(raw.query, dim=-1)
        )
        truth = torch.from_numpy(tasks.query_labels)
        for ours, theirs in METHODS.items():
            configured = configure_method(ours, FewShotConfig(shots, "paper", features.mean))
            found = {
                "ours": timed(lambda batch, one=configured: our_scores(one, batch), raw),
                "easyfsl": timed(
                    lambda batch, name=theirs: easyfsl_scores(name, batch),
                    unit if theirs == "PTMAP" else centred,
                ),
            }
            right = {
                side: 100 * (scores.argmax(-1) == truth).double().mean(1).numpy()
                for side, (scores, _) in found.items()
            }
            lead = right["ours"] - right["easyfsl"]
            row = {"method": theirs, "shots": shots}
            row |= {f"{side}, %": f"{values.mean():.1f}" for side, values in right.items()}
            row["difference"] = f"{lead.mean():+.1f} ± {lead.std(ddof=1) / len(lead) ** 0.5:.1f}"
            for side, (_, seconds) in found.items():
                row[f"{side}, CPU ms a task"] = f"{1e3 * seconds / args.tasks:.1f}"
            row["times as fast"] = f"{found['easyfsl'][1] / found['ours'][1]:.1f}"
            rows.append(row)
            print(row, flush=True)
    publish("fewshot_peers", rows, tasks=args.tasks, threads=torch.get_num_threads())


if __name__ == "__main__":
    main()
