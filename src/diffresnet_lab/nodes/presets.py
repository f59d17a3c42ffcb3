"""The named models of `diffresnet nodes`, with their settings on each data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from diffresnet.errors import InputError
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.preset import Preset, of
from diffresnet.graphs.self_training import network as self_teaching
from diffresnet.graphs.training import Training

from .models import appnp, cgnn, gat, gcn, gcnii, gde, grand, label_propagation, mlp, monet, sage
from .models.diff_resnet import DiffResNetNodes, DiffResNetSettings
from .published import published_name

__all__ = ["PRESETS", "PUBLISHED", "Preset", "preset"]

PUBLISHED = {
    "cora": DiffResNetSettings(0.25, 20, 0.25),
    "citeseer": DiffResNetSettings(0.20, 20, 0.35),
    "pubmed": DiffResNetSettings(0.40, 10, 0.30),
}
"""The authors' settings; those of Citeseer and Pubmed come from their later repository."""


def _published(data: NodeData) -> DiffResNetSettings:
    if published_name(data) in PUBLISHED:
        return PUBLISHED[published_name(data)]
    # On a graph that the authors never saw: Cora's strength, with steps that are stable on it.
    cora = PUBLISHED["cora"]
    gamma = min(cora.gamma, 0.9 * data.laplacian.max_step())
    return replace(cora, gamma=gamma, steps=round(cora.gamma * cora.steps / gamma))


def _diff_resnet(name: str, title: str, **changes: Any) -> Callable[[NodeData], Preset]:
    def make(data: NodeData) -> Preset:
        settings = replace(_published(data), **changes)
        return replace(of(name, title, DiffResNetNodes, settings, Training()), members=1)

    return make


PRESETS: dict[str, Callable[[NodeData], Preset]] = {
    "diff_resnet": _diff_resnet("diff_resnet", "Diff-ResNet"),
    "diff_resnet_once": _diff_resnet(
        "diff_resnet_once", "Diff-ResNet, dropout once", placement="once"
    ),
    "best": self_teaching.preset,
    "no_diff_resnet": _diff_resnet("no_diff_resnet", "No-Diff-ResNet", steps=0),
    "gcn": gcn.preset,
    "gat": gat.preset,
    "monet": monet.preset,
    "sage_mean": sage.preset_mean,
    "sage_maxpool": sage.preset_maxpool,
    "cgnn": cgnn.preset,
    "gde": gde.preset,
    "grand_l": grand.preset_l,
    "grand_nl": grand.preset_nl,
    "grand_nl_rw": grand.preset_nl_rw,
    "mlp": mlp.preset,
    "label_propagation": label_propagation.preset,
    "appnp": appnp.preset,
    "gcnii": gcnii.preset,
}


def preset(name: str, data: NodeData) -> Preset:
    """The model of that name, set up for a graph.

    Raises
    ------
    InputError
        If there is no such model.
    """
    if name not in PRESETS:
        raise InputError(f"no model {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name](data)
