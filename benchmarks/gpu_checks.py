"""Paths that take a device, each as numbers that must be the same on a GPU and on the CPU.

What is drawn at random is drawn on the CPU or left out, since a GPU draws other numbers; points
are Gaussian, so that no two distances tie.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
import torch
from torch import Tensor

from diffresnet import DiffusionClassifier, NodeClassifier
from diffresnet.flow import (
    ExplicitEuler,
    HeatFlow,
    ImplicitEuler,
    diffuse,
    diffuse_with_boundary,
    flow_map,
)
from diffresnet.graphs.graph import GraphData
from diffresnet.graphs.node_data import NodeData
from diffresnet.nn import DiffResNet, DiffusionLayer, ResidualBlock
from diffresnet.operators import DenseLaplacian, Laplacian, SparseLaplacian
from diffresnet.similarity import (
    GraphSettings,
    dense_similarity,
    nearest_neighbours,
    similarity_graph,
)
from diffresnet_lab.backbones.config import AUGMENTATIONS, TrainingConfig
from diffresnet_lab.backbones.embedding import embed_images
from diffresnet_lab.backbones.networks import BACKBONES, make_backbone
from diffresnet_lab.backbones.training import train_backbone
from diffresnet_lab.data.images import ImageSet
from diffresnet_lab.fewshot import Features, TaskBatch, evaluate, gather, sample_tasks
from diffresnet_lab.fewshot.config import FewShotConfig
from diffresnet_lab.fewshot.exact import exact_scores
from diffresnet_lab.fewshot.network import NetworkConfig, initial_weights
from diffresnet_lab.fewshot.network import TrainingConfig as TaskTraining
from diffresnet_lab.fewshot.objective import TaskObjective
from diffresnet_lab.fewshot.plain import plain_scores
from diffresnet_lab.fewshot.registry import METHODS, configure_method
from diffresnet_lab.nodes.corruption import Corruption
from diffresnet_lab.nodes.protocol import Protocol
from diffresnet_lab.nodes.registry import MODELS, model_spec
from diffresnet_lab.nodes.training import EarlyStoppingConfig, train_early_stopped
from diffresnet_lab.pde import Convection, FeynmanKac, step_lipschitz
from diffresnet_lab.theory.conductance import EdgeStopping
from diffresnet_lab.theory.geometry import subset_geometry
from diffresnet_lab.theory.nonlinear import diffuse_nonlinear

Numbers = Mapping[str, Any]
"""Name -> tensor, array or number."""

SETTINGS = GraphSettings.few_shot()

TRAINED = ("convection", "external", "internal")
"""Few-shot methods whose initial weights a GPU draws by its own generator."""


@dataclass(frozen=True)
class Check:
    """Numbers that a path computes, and how far those of a device may be from the CPU's.

    Parameters
    ----------
    run : (device, points) -> numbers
    tolerance : float
        Of the largest difference, over the largest entry where that is above 1.
    """

    name: str
    run: Callable[[torch.device, int], Numbers]
    tolerance: float = 1e-4

    def difference(self, device: torch.device, points: int) -> float:
        """Return the largest difference; infinite where shapes or NaNs differ."""
        expected, found = self.run(torch.device("cpu"), points), self.run(device, points)
        return max(
            largest_difference(_array(found[name]), _array(expected[name])) for name in expected
        )


def _array(value: Any) -> np.ndarray:
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
    return np.asarray(value, dtype=np.float64)


def largest_difference(found: np.ndarray, expected: np.ndarray) -> float:
    if found.shape != expected.shape or (np.isnan(found) != np.isnan(expected)).any():
        return float("inf")
    with np.errstate(invalid="ignore"):  # of infinities that are equal
        apart = np.abs(np.where(found == expected, 0.0, found - expected))
    size = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
    return float(np.nanmax(apart, initial=0.0) / size)


def clusters(n: int, width: int = 16, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Draw Gaussian classes that overlap a little."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % classes
    centres = 1.5 * rng.normal(size=(classes, width))
    return (centres[labels] + rng.normal(size=(n, width))).astype(np.float32), labels


def laplacians(n: int) -> dict[str, Laplacian]:
    """Build one operator of each symmetry, and a dense batch."""
    x, _ = clusters(n)
    graph = similarity_graph(x)
    directed = similarity_graph(x, symmetrize=None)
    batch = dense_similarity(torch.from_numpy(x[: n // 10 * 10]).view(10, -1, x.shape[1]), SETTINGS)
    return {
        "symmetric": SparseLaplacian(graph),
        "random walk": SparseLaplacian.random_walk(graph),
        "directed": SparseLaplacian(directed),
        "float64": SparseLaplacian(graph, dtype=torch.float64),
        "dense batch": DenseLaplacian(batch),
    }


def moved_and_gradient(x: Tensor, move: Callable[[Tensor], Tensor], *learned: Tensor) -> Numbers:
    """Return the moved points, and the gradients of their squares by points and parameters."""
    leaf = x.clone().requires_grad_()
    moved = move(leaf)
    gradients = torch.autograd.grad(moved.square().mean(), [leaf, *learned])
    return {"moved": moved} | {f"gradient {i}": g for i, g in enumerate(gradients)}


def named(**parts: Numbers) -> Numbers:
    return {f"{part}: {name}": n for part, found in parts.items() for name, n in found.items()}


def layer(device: torch.device, n: int) -> Numbers:
    x, _ = clusters(n)
    graph = similarity_graph(x).tocoo()
    points = torch.from_numpy(x).to(device)
    edges = torch.from_numpy(np.stack([graph.col, graph.row]).astype(np.int64)).to(device)
    weight = torch.from_numpy(graph.data).float().to(device)
    sparse = torch.sparse_coo_tensor(edges.flip(0), weight, graph.shape)
    forms: dict[str, tuple[Any, ...]] = {
        "scipy": (graph.tocsr(),),
        "edge_index": (edges, weight),
        "torch": (sparse,),
        "dense": (torch.from_numpy(graph.toarray()).to(device),),
        "batch": (),
    }
    found: dict[str, Numbers] = {}
    for name, form in forms.items():
        found[name] = moved_and_gradient(points, lambda v, f=form: DiffusionLayer(0.1)(v, *f))
    learned = DiffusionLayer(0.1, method="heat", learn_gamma=True).to(device)
    found["gamma"] = moved_and_gradient(points, lambda v: learned(v, graph), *learned.parameters())
    half = points.bfloat16()
    found["bfloat16"] = {"moved": DiffusionLayer(0.1)(half, graph).float()}
    return named(**found)


def network(device: torch.device, n: int) -> Numbers:
    x, _ = clusters(n)
    torch.manual_seed(0)
    net = DiffResNet(16, 5, width=24, blocks=2, gamma=0.1).to(device)
    points = torch.from_numpy(x).to(device)
    tasks = points[: n // 10 * 10].view(10, -1, 16)
    parameters = list(net.parameters())
    graph = similarity_graph(x)
    return named(
        graph=moved_and_gradient(points, lambda v: net(v, graph), *parameters),
        tasks=moved_and_gradient(tasks, net, *parameters),
    )


def flow(name: str, device: torch.device, n: int) -> Numbers:
    laplacian = laplacians(n)[name].to(device)
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(*laplacian.shape[:-1], 12, generator=draw).to(device, laplacian.dtype)
    found: dict[str, Numbers] = {}
    for method in (ExplicitEuler(0.05, 6), HeatFlow(0.5), ImplicitEuler(0.5, 2)):
        gamma = torch.tensor(method.gamma, device=device, requires_grad=True)
        found[type(method).__name__] = moved_and_gradient(
            x, lambda v, m=method, g=gamma: diffuse(laplacian, v, m, g), gamma
        )
    limits = {"step": laplacian.max_step(), "bound": laplacian.spectral_bound()}
    found["limits"] = {} if any(np.isinf(list(limits.values()))) else limits
    if x.ndim == 2:
        fixed = torch.arange(len(x), device=device)[:, None] < 20
        prior = x.softmax(1)
        found["boundary"] = {"u": diffuse_with_boundary(laplacian, prior, fixed, 2.0, 1e-6)}
        rows, steps = torch.arange(7, device=device), ExplicitEuler(0.05, 6)
        found["map"] = {
            "all": flow_map(laplacian, steps),
            "some": flow_map(laplacian, steps, rows),
        }
    return named(**found)


def neighbours(device: torch.device, n: int) -> Numbers:
    x, _ = clusters(n)
    points, new = torch.from_numpy(x).to(device), torch.from_numpy(x[:40] + 0.1).to(device)
    words = scipy.sparse.random_array((n, 60), density=0.2, rng=0, dtype=np.float32)
    sparse = torch.from_numpy(words.toarray()).to_sparse_csr().to(device)
    found: dict[str, Any] = {}
    for metric in ("euclidean", "cosine"):
        for name, rows in (("dense", points), ("sparse", sparse)):
            search = nearest_neighbours(rows, 10, metric=metric, method="exact")
            found[f"{name} {metric}"] = search.distances
        found[f"new {metric}"] = nearest_neighbours(
            points, 10, metric=metric, queries=new
        ).distances
    for preset in ("few_shot", "synthetic"):
        found[preset] = similarity_graph(points, preset=preset).to_dense()
    found["dense"] = dense_similarity(points, SETTINGS)
    return found


def clustered(device: torch.device, n: int) -> Numbers:
    """Rounding moves points between clusters: how much is found counts, not what."""
    x, _ = clusters(n)
    points = torch.from_numpy(x).to(device)
    found = nearest_neighbours(points, 10, method="clustered")
    new = nearest_neighbours(points, 10, method="clustered", queries=points[:40] + 0.1)
    return {
        "recall": found.recall,
        "distance": found.distances.mean(),
        "of new rows": new.distances.mean(),
    }


def classifier(labelled: int, options: Mapping[str, Any], device: torch.device, n: int) -> Numbers:
    x, labels = clusters(n)
    given = np.where(np.arange(n) < labelled, labels, -1)
    model = DiffusionClassifier(device=str(device), random_state=0, **options).fit(x, given)
    found: dict[str, Any] = {
        "rows": model.label_distributions_,
        "new rows": model.predict_proba(x[:50] + 0.1),
    }
    if model.convection is None:
        found["reached"] = model.predict_flagged(x[:50] + 0.1)[1]
        found["novelty"] = model.novelty_
        found["novelty of new rows"] = model.predict_novelty(x[:50] + 0.1)
        found["explained"] = [each.weight for each in model.explain(n - 1).contributions]
        if labelled > 5:  # one label a class leaves none to hold out
            found["audit"] = model.audit().probability
        found["gain of the next"] = model.suggest_with_gain(5)[1]
        given[60:90] = labels[60:90]
        found["refit"] = model.refit(given).label_distributions_
    return found


def given_graph(device: torch.device, n: int) -> Numbers:
    x, labels = clusters(n)
    given = np.where(np.arange(n) < 40, labels, -1)
    model = DiffusionClassifier(device=str(device), random_state=0)
    return {"rows": model.fit(None, given, graph=similarity_graph(x)).label_distributions_}


def tasks(device: torch.device, count: int = 8) -> TaskBatch:
    x, labels = clusters(400, 32)
    drawn = sample_tasks(labels, ways=5, shots=1, queries=8, tasks=count)
    return gather(torch.from_numpy(x).to(device), drawn)


def few_shot(name: str, device: torch.device, n: int) -> Numbers:
    x, labels = clusters(400, 32)
    configured = configure_method(name, FewShotConfig(1, "paper", x.mean(0)))
    method = configured.method
    if name in TRAINED:  # other weights: what is learned is compared, on tasks that are easy
        drawn = sample_tasks(labels, ways=5, shots=5, queries=8, tasks=8)
        apart = Features(x + 9.0 * np.eye(32, dtype=np.float32)[labels], labels)
        outcome = evaluate(method, apart, drawn, configured.transform, device=device)
        return {"accuracy": outcome.summary.mean / 100.0}
    return {"scores": method(configured.transform(tasks(device)))}


def exact_training(device: torch.device, n: int) -> Numbers:
    batch, cpu = tasks(device, 4), tasks(torch.device("cpu"), 4)
    drawn = initial_weights(cpu.seeds, 32, cpu.ways, cpu.support)
    weights = replace(drawn, **{f.name: getattr(drawn, f.name).to(device) for f in fields(drawn)})
    training = TaskTraining(epochs=20, milestones=(10, 15))
    found = {}
    for name, config in (
        ("internal", NetworkConfig(steps=6)),
        ("external", NetworkConfig(mu=0.1)),
        ("convection", NetworkConfig(alpha=0.1)),
    ):
        objective = TaskObjective.from_batch(batch, config)
        found[name] = exact_scores(objective, training, weights)
        found[f"{name}, plain loop"] = plain_scores(objective, training, weights)
    return found


def graph(n: int, unlike: bool = False) -> GraphData:
    """Draw a graph that joins like nodes, or unlike ones, with words of each class."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 3
    i, j = rng.integers(0, n, (2, 40 * n))
    joined = rng.random(len(i)) < np.where((labels[i] == labels[j]) != unlike, 0.1, 0.01)
    i, j = np.append(i[joined], np.arange(n)), np.append(j[joined], (np.arange(n) + 3) % n)
    i, j = np.append(i, [0, 1]), np.append(j, [1, 2])  # the three rings are one component
    edges = scipy.sparse.coo_array((np.ones(len(i)), (i, j)), shape=(n, n)).tocsr()
    edges.data[:] = 1.0
    words = rng.random((n, 48)) < np.where(np.arange(48) % 3 == labels[:, None], 0.3, 0.1)
    return GraphData("made", edges.maximum(edges.T), scipy.sparse.csr_array(1.0 * words), labels)


def nodes(name: str, device: torch.device, n: int) -> Numbers:
    """Train without dropout, which a GPU would draw otherwise."""
    data = NodeData.from_graph(graph(n), device)
    spec = model_spec(name, data)
    rates = {
        f.name: 0.0
        for f in fields(spec.config)
        if f.name.endswith("dropout") and isinstance(getattr(spec.config, f.name), float)
    }
    model = replace(spec, config=replace(spec.config, **rates)).build(data, [0, 1])
    rows = torch.arange(len(data), device=device)
    few = rows[:30]
    model.prepare(few)
    with torch.no_grad():
        found = {"scores": model.eval()(rows)}
    parameters = dict(model.train().named_parameters())
    if parameters:
        loss = model.losses(few, data.labels[few]).sum()
        gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
        found |= {n: g for n, g in zip(parameters, gradients, strict=True) if g is not None}
    # Adam makes steps of gradients that are rounding alone, so that only the epochs are compared.
    config = EarlyStoppingConfig(epochs=3)
    trained = train_early_stopped(model, data.labels, few, rows[30:60], config)
    return found | {"epochs": trained.epochs}


def corrupted(device: torch.device, n: int) -> Numbers:
    data = NodeData.from_graph(graph(n), device)
    split = Protocol(1, 1, 10, 10).split(data, 0)
    damaged = Corruption(edge_rewiring=0.3, label_noise=0.2).apply(data, split, [0])
    x = torch.from_numpy(damaged.features.toarray()).float().to(device)
    return {"labels": damaged.labels, "smoothed": damaged.laplacian.product(x)}


def node_classifier(unlike: bool, device: torch.device, n: int) -> Numbers:
    """Dropout differs, and answers with it; what comes out is nearly as good."""
    made = graph(n, unlike)
    labels = made.labels
    given = np.where(np.arange(n) < 60, labels, -1)
    model = NodeClassifier(2, epochs=30, device=str(device), random_state=0).fit(made, given)
    return {"accuracy": (model.transduction_ == labels).mean(), "diffuses": model.diffuses_}


def pde(device: torch.device, n: int) -> Numbers:
    torch.manual_seed(0)
    blocks = [ResidualBlock(2, 8).double().to(device) for _ in range(3)]
    convection = Convection.of_blocks(blocks)
    x = torch.from_numpy(clusters(n, 2)[0]).double().to(device)
    draw = torch.Generator(device).manual_seed(0)
    still = Convection((torch.zeros_like,))
    found = {"lipschitz": [step_lipschitz(block, 0.5) for block in blocks]}
    for scheme in ("network", "strang"):
        paths = FeynmanKac(0.0, 4, 4, scheme)
        found[f"{scheme}, no noise"] = paths(convection, torch.tanh, x, draw).mean
        # Pairs of opposite noise have the mean of a linear function, whatever is drawn.
        noisy = FeynmanKac(0.5, 4, 64, scheme)
        found[f"{scheme}, linear"] = noisy(still, lambda v: 2.0 * v + 1.0, x, draw).mean
    return found


def geometry(device: torch.device, n: int) -> Numbers:
    found: dict[str, Any] = {}
    for width in (2, 16):
        x, labels = clusters(n, width)
        points = torch.from_numpy(x).to(device)
        sizes = subset_geometry(points, torch.from_numpy(labels))
        found[f"{width} columns"] = [sizes.diameter, sizes.distance, *sizes.diameters.values()]
        graph, steps = similarity_graph(x), ImplicitEuler(0.5)
        found[f"nonlinear, {width}"] = diffuse_nonlinear(graph, points, EdgeStopping(), steps, 3)
    return found


def images(count: int, classes: int = 4) -> ImageSet:
    """Draw random images of CIFAR-FS's shape."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    return ImageSet(pixels, np.arange(count) % classes, tuple(f"class {c}" for c in range(classes)))


def embedding(name: str, device: torch.device, n: int) -> Numbers:
    torch.manual_seed(0)
    return {"features": embed_images(images(4), make_backbone(name, 3, 32), device=device)}


def backbone_training(device: torch.device, n: int) -> Numbers:
    config = TrainingConfig("conv4", 32, 32, augmentation=AUGMENTATIONS["none"], epochs=2, batch=16)
    with tempfile.TemporaryDirectory() as folder:
        train_backbone(images(32), None, config, Path(folder), device=device.type)
        kept = train_backbone(
            images(32), None, config, Path(folder), device=device.type, resume=True
        )
    return {"loss": [epoch.loss for epoch in kept]}


CHECKS = (
    Check("diffusion layer", layer),
    Check("Diff-ResNet", network),
    *(Check(f"flows, {name}", partial(flow, name)) for name in laplacians(30)),
    Check("neighbours and graphs", neighbours),
    Check("clustered neighbours", clustered, 0.02),
    Check("classifier", partial(classifier, 40, {}), 1e-3),
    Check("classifier, a label a class", partial(classifier, 5, {"flow": "heat"}), 1e-3),
    Check("classifier, trained", partial(classifier, 40, {"convection": "trained"}), 0.02),
    Check("classifier, paper", partial(classifier, 40, {"convection": "paper"}), 0.02),
    Check("classifier, given graph", given_graph, 1e-3),
    *(Check(f"few-shot, {name}", partial(few_shot, name), 2e-3) for name in METHODS),
    Check("few-shot, exact training", exact_training, 1e-3),
    *(Check(f"nodes, {name}", partial(nodes, name), 1e-3) for name in MODELS),
    Check("nodes, corrupted graph", corrupted),
    Check("node classifier", partial(node_classifier, False), 0.05),
    Check("node classifier, unlike neighbours", partial(node_classifier, True), 0.05),
    Check("PDE", pde),
    Check("geometry", geometry),
    *(Check(f"embedding, {name}", partial(embedding, name), 0.01) for name in BACKBONES),
    Check("backbone training", backbone_training, 0.02),
)
