"""torch.compile of DiffResNet: time to compile and to train a step, with and without diffusion.

    python benchmarks/compiled.py [--nodes 2000]

A step is a forward and a backward pass in float32. The network without diffusion has the same
layers. Compilation starts from empty caches every time.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch
import torch._dynamo
import torch._inductor.config
from torch import Tensor, nn

from common import medians, publish
from diffresnet import DiffResNet, similarity_graph
from diffresnet.operators import SparseLaplacian

warnings.filterwarnings("ignore", message="dynamo_pgo force disabled")


class Plain(nn.Module):
    """The layers of a DiffResNet without its diffusion."""

    def __init__(self, network: DiffResNet) -> None:
        super().__init__()
        self.blocks, self.classifier = network.blocks, network.classifier

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return self.classifier(x)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=2000)
    parser.add_argument("--features", type=int, default=64)
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--compilations", type=int, default=3)
    args = parser.parse_args()
    torch._inductor.config.force_disable_caches = True
    rng = np.random.default_rng(0)
    points = rng.standard_normal((args.nodes, args.features)).astype(np.float32)
    graph = SparseLaplacian(similarity_graph(points, normalize="symmetric"))
    x = torch.from_numpy(points)
    torch.manual_seed(0)
    network = DiffResNet(args.features, 10, blocks=args.blocks)
    inside = torch.from_numpy(points[:100])  # whose graph is made by the layer
    modes: dict[str, tuple[nn.Module, tuple]] = {
        "no diffusion": (Plain(network), (x,)),
        "along a Laplacian": (network, (x, graph)),
        "along the graph of a batch of 100": (network, (inside,)),
    }
    first_compilation()  # loads the compiler
    compiling: dict[str, list[float]] = {name: [] for name in modes}
    for _ in range(args.compilations):
        for name, (model, inputs) in modes.items():
            torch._dynamo.reset()
            start = time.perf_counter()
            step(torch.compile(model), inputs)()
            compiling[name].append(time.perf_counter() - start)
    plain = statistics.median(compiling["no diffusion"])
    rows = []
    for name, (model, inputs) in modes.items():
        torch._dynamo.reset()
        steps = {"eager": step(model, inputs), "compiled": step(torch.compile(model), inputs)}
        seconds = medians(steps, args.repeats)
        compiled = statistics.median(compiling[name])
        rows.append(
            {
                "network": name,
                "seconds to compile": f"{compiled:.1f}",
                "against no diffusion": f"{compiled / plain:.2f}",
                "eager step, ms": f"{1e3 * seconds['eager']:.2f}",
                "compiled step, ms": f"{1e3 * seconds['compiled']:.2f}",
                "compiled / eager": f"{seconds['compiled'] / seconds['eager']:.2f}",
            }
        )
    publish("compiled", rows, nodes=args.nodes, features=args.features, blocks=args.blocks)


def step(model: Callable[..., Tensor], inputs: tuple) -> Callable[[], None]:
    def run() -> None:
        model(*inputs).square().mean().backward()

    return run


def first_compilation() -> None:
    layer = nn.Linear(3, 3)
    step(torch.compile(layer), (torch.ones(2, 3),))()


if __name__ == "__main__":
    main()
