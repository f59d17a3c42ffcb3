"""The training loop of all node classifiers: many initialisations at once, each stopped early."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn


class NodeModel(nn.Module, ABC):
    """`members` independent networks on one graph, trained side by side.

    Every parameter has the members as its first dimension, so that the gradient of the sum of
    their losses is the gradient of each.
    """

    members: int

    @abstractmethod
    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        """Class scores of some nodes; dropout acts in training mode only."""

    def prepare(self, train_rows: Int[Tensor, " k"]) -> None:
        """Told, before anything else, which labels may be read: for models that do not train."""

    def losses(self, rows: Int[Tensor, " k"], target: Int[Tensor, " k"]) -> Float[Tensor, " m"]:
        """What each member is to make small: cross entropy on the rows, unless it knows better."""
        return cross_entropies(self(rows), target)

    def keep(self, members: Int[Tensor, " j"]) -> None:
        """Go on with some of the members only."""
        for parameter in self.parameters():
            parameter.data = parameter.data[members]
        self.members = len(members)


@dataclass(frozen=True)
class Training:
    """Adam on all training nodes at once, stopped by the validation nodes.

    Patience is renewed when the validation loss is no larger, or the validation accuracy no
    smaller, than the best so far; the state that is kept is the last at which both were. Weight
    decay is added to the gradient.
    """

    learning_rate: float = 0.01
    weight_decay: float = 5e-4
    epochs: int = 10_000
    patience: int = 50


@dataclass(frozen=True)
class Trained:
    """What came of every member.

    Attributes
    ----------
    epochs : (m,)
        How many were run.
    validation : (m,)
        Accuracy in percent on the validation nodes, of the state that was kept.
    """

    epochs: Int[Tensor, " m"]
    validation: Float[Tensor, " m"]


def train(
    model: NodeModel,
    labels: Int[Tensor, " n"],
    train_rows: Int[Tensor, " k"],
    validation_rows: Int[Tensor, " l"],
    training: Training,
    advance: Callable[[int], None] | None = None,
) -> Trained:
    """Train every member, and leave each in its best state.

    A member that has run out of patience leaves the batch, and the others go on without it.

    Parameters
    ----------
    labels : (n,) classes from 0 on.
    advance : called with the number of members that have just stopped.
    """
    m = model.members
    device = labels.device
    target, held = labels[train_rows], labels[validation_rows]
    model.prepare(train_rows)
    if next(model.parameters(), None) is None:
        with torch.no_grad():
            accuracy = _accuracy(model.eval()(validation_rows), held)
        if advance is not None:
            advance(m)
        return Trained(torch.zeros(m, dtype=torch.long, device=device), accuracy)
    active = torch.arange(m, device=device)
    best_loss = torch.full((m,), float("inf"), device=device)
    best_accuracy = torch.zeros(m, device=device)
    kept_accuracy = torch.zeros(m, device=device)
    waited = torch.zeros(m, dtype=torch.long, device=device)
    epochs = torch.zeros(m, dtype=torch.long, device=device)
    best = [p.detach().clone() for p in model.parameters()]
    optimizer = _adam(model, training)
    for epoch in range(1, training.epochs + 1):
        model.train()
        optimizer.zero_grad()
        model.losses(train_rows, target).sum().backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            scores = model(validation_rows)
            loss = cross_entropies(scores, held)
            accuracy = _accuracy(scores, held)
        lower, higher = loss <= best_loss[active], accuracy >= best_accuracy[active]
        both = lower & higher
        if bool(both.any()):
            _store(best, model, active, both)
            kept_accuracy[active[both]] = accuracy[both]
        best_loss[active] = torch.minimum(best_loss[active], loss)
        best_accuracy[active] = torch.maximum(best_accuracy[active], accuracy)
        waited[active] = torch.where(lower | higher, 0, waited[active] + 1)
        epochs[active] = epoch
        going = waited[active] < training.patience
        if bool(going.all()):
            continue
        if advance is not None:
            advance(int((~going).sum()))
        active = active[going]
        if len(active) == 0:
            break
        _leave(model, optimizer, torch.nonzero(going)[:, 0])
    if advance is not None and len(active):
        advance(len(active))
    for parameter, state in zip(model.parameters(), best, strict=True):
        parameter.data = state
    model.members = m
    model.eval()
    return Trained(epochs, kept_accuracy)


def train_for(
    model: NodeModel,
    labels: Int[Tensor, " n"],
    rows: Int[Tensor, " k"],
    training: Training,
    epochs: int,
    advance: Callable[[int], None] | None = None,
) -> None:
    """Train on all labels that there are, for so many epochs: nothing is held out to stop it.

    Parameters
    ----------
    labels : (n,) classes from 0 on; those of other nodes are not read.
    advance : called with 1 after every epoch.
    """
    model.prepare(rows)
    target, optimizer = labels[rows], _adam(model, training)
    model.train()
    for _ in range(epochs):
        optimizer.zero_grad()
        model.losses(rows, target).sum().backward()
        optimizer.step()
        if advance is not None:
            advance(1)
    model.eval()


def _adam(model: NodeModel, training: Training) -> torch.optim.Adam:
    return torch.optim.Adam(
        model.parameters(), training.learning_rate, weight_decay=training.weight_decay, fused=True
    )


def cross_entropies(
    scores: Float[Tensor, "m k c"], target: Int[Tensor, " k"]
) -> Float[Tensor, " m"]:
    """Mean cross entropy of each member."""
    m, k, c = scores.shape
    each = F.cross_entropy(scores.reshape(m * k, c), target.repeat(m), reduction="none")
    return each.view(m, k).mean(-1)


def _accuracy(scores: Float[Tensor, "m k c"], target: Int[Tensor, " k"]) -> Float[Tensor, " m"]:
    return 100.0 * (scores.argmax(-1) == target).float().mean(-1)


def _store(
    best: list[Tensor], model: NodeModel, active: Int[Tensor, " j"], which: Bool[Tensor, " j"]
) -> None:
    # Member by member: indexing with tensors took ten times as long for the widest weights.
    to, of = active[which].tolist(), torch.nonzero(which)[:, 0].tolist()
    for state, parameter in zip(best, model.parameters(), strict=True):
        for kept, member in zip(to, of, strict=True):
            state[kept].copy_(parameter.detach()[member])


def _leave(model: NodeModel, optimizer: torch.optim.Adam, staying: Int[Tensor, " j"]) -> None:
    model.keep(staying)
    for parameter in model.parameters():
        parameter.grad = None
        state = optimizer.state[parameter]
        for name in ("exp_avg", "exp_avg_sq"):
            state[name] = state[name][staying]
