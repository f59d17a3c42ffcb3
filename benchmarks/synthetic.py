"""Training the networks of Fig. 4: plain loops over the diffusion beside one precomputed map.

    python benchmarks/synthetic.py [--repeats 5] [--without-pytorch]

20 training steps on the paper's circle, moon and spiral (1,000 points; 200, 60 and 900 diffusion
steps), in float64 on one thread. The making of the map is counted, that of the graph is not. With
PyTorch's own sparse product the spiral alone takes minutes a run.
"""

from __future__ import annotations

import argparse

import torch

from common import publish
from diffresnet_lab.experiments.fig4.speed import MEANING, MODERATE, WAYS, compare
from diffresnet_lab.experiments.fig4.training import SETS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--without-pytorch", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    ways = MODERATE if args.without_pytorch else tuple(WAYS)
    rows = []
    for config in SETS:
        found = compare(config, config.seed, args.repeats, ways)
        rows += [
            {
                "set": config.name,
                "diffusion steps": config.steps,
                "diffusion by": MEANING[way],
                "ms a network": f"{1e3 * seconds:.0f}",
                "times as fast as the plain loop": f"{found.ratio(way):.2f}",
                "making the map, ms": f"{1e3 * found.making:.0f}" if way.startswith("map") else "",
                "loss differs by at most": f"{found.loss_difference:.0e}",
                "predictions that differ": found.other_predictions,
            }
            for way, seconds in found.seconds.items()
        ]
    publish("synthetic", rows, repeats=args.repeats, threads=1, precision="float64")


if __name__ == "__main__":
    main()
