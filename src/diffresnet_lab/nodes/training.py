"""Training of many initialisations at once, each stopped early by the validation nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffresnet.graphs.training import (
    ReplicatedModule,
    TrainingConfig,
    adam,
    cross_entropies,
    training_step,
)


@dataclass(frozen=True)
class EarlyStoppingConfig(TrainingConfig):
    """Adam, stopped by the validation nodes (see `EarlyStopping`).

    Parameters
    ----------
    epochs : int
        At most.
    patience : int
        Epochs that may pass without an improvement.
    """

    epochs: int = 10_000
    patience: int = 50


@dataclass(frozen=True)
class TrainingResult:
    """Epochs and validation accuracy of every replica.

    Attributes
    ----------
    epochs : (m,)
        Until it stopped.
    validation : (m,)
        Accuracy in percent on the validation nodes, in the best state.
    """

    epochs: Int[Tensor, " m"]
    validation: Float[Tensor, " m"]


class EarlyStopping:
    """Best state and patience of every replica, by validation loss and accuracy.

    Patience is renewed when the loss is no larger, or the accuracy no smaller, than the best so
    far; the best state is the last at which both were.

    Attributes
    ----------
    active : (j,)
        Replicas that still train; `update` takes and returns one entry for each.
    epochs : (m,)
    best_accuracy : (m,)
        In the best state.
    """

    def __init__(self, model: ReplicatedModule, patience: int, device: torch.device) -> None:
        m = model.replicas
        self.patience = patience
        self.active = torch.arange(m, device=device)
        self.epochs = torch.zeros(m, dtype=torch.long, device=device)
        self.best_accuracy = torch.zeros(m, device=device)
        self._lowest_loss = torch.full((m,), float("inf"), device=device)
        self._highest_accuracy = torch.zeros(m, device=device)
        self._waited = torch.zeros(m, dtype=torch.long, device=device)
        self._best = [parameter.detach().clone() for parameter in model.parameters()]

    def update(
        self, model: ReplicatedModule, loss: Float[Tensor, " j"], accuracy: Float[Tensor, " j"]
    ) -> Bool[Tensor, " j"]:
        """Take note of an epoch, and return which active replicas have patience left.

        Those that have none are active no more.
        """
        active = self.active
        lower = loss <= self._lowest_loss[active]
        higher = accuracy >= self._highest_accuracy[active]
        best = lower & higher
        if bool(best.any()):
            self._store(model, best)
            self.best_accuracy[active[best]] = accuracy[best]
        self._lowest_loss[active] = torch.minimum(self._lowest_loss[active], loss)
        self._highest_accuracy[active] = torch.maximum(self._highest_accuracy[active], accuracy)
        self._waited[active] = torch.where(lower | higher, 0, self._waited[active] + 1)
        self.epochs[active] += 1
        patient = self._waited[active] < self.patience
        self.active = active[patient]
        return patient

    def restore(self, model: ReplicatedModule) -> None:
        """Put every replica, stopped ones too, into its best state."""
        for parameter, state in zip(model.parameters(), self._best, strict=True):
            parameter.data = state
        model.replicas = len(self.epochs)

    def _store(self, model: ReplicatedModule, best: Bool[Tensor, " j"]) -> None:
        # One by one: indexing with tensors took ten times as long for the widest weights.
        replicas, positions = self.active[best].tolist(), torch.nonzero(best)[:, 0].tolist()
        for state, parameter in zip(self._best, model.parameters(), strict=True):
            for replica, position in zip(replicas, positions, strict=True):
                state[replica].copy_(parameter.detach()[position])


def train_early_stopped(
    model: ReplicatedModule,
    labels: Int[Tensor, " n"],
    train_rows: Int[Tensor, " k"],
    validation_rows: Int[Tensor, " l"],
    config: EarlyStoppingConfig,
    advance: Callable[[int], None] | None = None,
) -> TrainingResult:
    """Train every replica, and leave each in its best state.

    A replica that has run out of patience leaves the batch, and the others go on without it.

    Parameters
    ----------
    labels : (n,) classes from 0 on.
    advance : called with the number of replicas that have just stopped.
    """
    tell = advance or (lambda replicas: None)
    target, validation_target = labels[train_rows], labels[validation_rows]
    model.prepare(train_rows)
    stopping = EarlyStopping(model, config.patience, labels.device)
    if next(model.parameters(), None) is None:
        _, accuracy = _validate(model, validation_rows, validation_target)
        tell(model.replicas)
        return TrainingResult(stopping.epochs, accuracy)
    optimizer = adam(model, config)
    for _ in range(config.epochs):
        training_step(model, optimizer, train_rows, target)
        loss, accuracy = _validate(model, validation_rows, validation_target)
        patient = stopping.update(model, loss, accuracy)
        if bool(patient.all()):
            continue
        tell(int((~patient).sum()))
        if not bool(patient.any()):
            break
        _drop_replicas(model, optimizer, torch.nonzero(patient)[:, 0])
    if len(stopping.active):
        tell(len(stopping.active))
    stopping.restore(model)
    model.eval()
    return TrainingResult(stopping.epochs, stopping.best_accuracy)


@torch.no_grad()
def _validate(
    model: ReplicatedModule, rows: Int[Tensor, " l"], target: Int[Tensor, " l"]
) -> tuple[Float[Tensor, " m"], Float[Tensor, " m"]]:
    """Return loss and accuracy in percent of every replica, without dropout."""
    scores = model.eval()(rows)
    accuracy = 100.0 * (scores.argmax(-1) == target).float().mean(-1)
    return cross_entropies(scores, target), accuracy


def _drop_replicas(
    model: ReplicatedModule, optimizer: torch.optim.Adam, kept: Int[Tensor, " j"]
) -> None:
    """Drop all replicas but some, and their moments of Adam."""
    model.keep(kept)
    for parameter in model.parameters():
        parameter.grad = None
        state = optimizer.state[parameter]
        for name in ("exp_avg", "exp_avg_sq"):
            state[name] = state[name][kept]
