"""The models of `diffresnet nodes` by their names: a file in `models/` and a line here for each."""

from __future__ import annotations

from importlib import import_module

from diffresnet.errors import InputError
from diffresnet.graphs.node_data import NodeData

from .model_spec import ModelSpec

MODELS = {
    "diff_resnet": "diff_resnet:RELEASED",
    "diff_resnet_once": "diff_resnet:DROPOUT_ONCE",
    "best": "self_trained:SPEC",
    "no_diff_resnet": "diff_resnet:WITHOUT_DIFFUSION",
    "gcn": "gcn:SPEC",
    "gat": "gat:SPEC",
    "monet": "monet:SPEC",
    "sage_mean": "sage:MEAN",
    "sage_maxpool": "sage:MAXPOOL",
    "cgnn": "cgnn:SPEC",
    "gde": "gde:SPEC",
    "grand_l": "grand:LINEAR",
    "grand_nl": "grand:NONLINEAR",
    "grand_nl_rw": "grand:NONLINEAR_REWIRED",
    "mlp": "mlp:SPEC",
    "label_propagation": "label_propagation:SPEC",
    "appnp": "appnp:SPEC",
    "gcnii": "gcnii:SPEC",
}
"""Name -> module of `models` : attribute, a `ModelSpec` of that name."""


def registered_spec(name: str) -> ModelSpec:
    """Return the model of a name, with its hyperparameters for any graph.

    Raises
    ------
    InputError
        If there is no such model.
    """
    if name not in MODELS:
        raise InputError(f"no model {name!r}; there are {', '.join(MODELS)}", "model")
    module, _, attribute = MODELS[name].partition(":")
    spec = getattr(import_module(f".models.{module}", __package__), attribute)
    assert isinstance(spec, ModelSpec)
    return spec


def model_spec(name: str, data: NodeData) -> ModelSpec:
    """Return the model of a name, with its hyperparameters for a graph.

    Raises
    ------
    InputError
        If there is no such model.
    """
    return registered_spec(name).for_graph(data)
