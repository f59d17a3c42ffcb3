"""A fitted classifier as one npz file: arrays and JSON, no pickle."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..errors import InputError
from ..files.atomic import atomic_write
from ..files.npz import load_npz
from ..similarity import GraphSettings
from .induction import FittedFeatures, FittedScores, Induction, LinearHead

if TYPE_CHECKING:
    from .estimator import DiffusionClassifier

FORMAT = "diffresnet classifier 1"
FITTED = ("transduction_", "label_distributions_", "confidence_", "reached_")

Model = TypeVar("Model", bound="DiffusionClassifier")


def save_classifier(model: DiffusionClassifier, path: Path) -> None:
    """Write everything that predicting needs, atomically."""
    if model.head is not None:
        raise InputError("only a model with the default head can be saved: it needs no pickle")
    arrays: dict[str, np.ndarray] = {
        "classes": _plain(model.classes_),
        "transduction": _plain(model.transduction_),
    }
    for name in FITTED[1:]:
        arrays[name[:-1]] = getattr(model, name)
    scores = model._scores
    arrays |= {"scores": scores.scores, "prior": scores.prior, "points_reached": scores.reached}
    header: dict[str, Any] = {
        "format": FORMAT,
        "parameters": {
            k: v for k, v in model.get_params(deep=False).items() if k not in ("head", "similarity")
        },
        "similarity": None if model.similarity is None else asdict(model.similarity),
        "text_labels": model.classes_.dtype == object,
        "n_features_in": model.n_features_in_,
        "feature_names": [str(f) for f in getattr(model, "feature_names_in_", [])],
        "strength": model.strength_,
        "prior_weight": scores.prior_weight,
        "sharpness": scores.sharpness,
        "recall": model.recall_,
        "has_points": model._induction is not None,
        "has_features": False,
    }
    if not isinstance(header["parameters"]["random_state"], int | None):
        header["parameters"]["random_state"] = None
    if model._projection is not None:
        arrays["projection"] = model._projection
    if model._induction is not None:
        induction = model._induction
        arrays |= {"points": induction.points, "width": induction.width}
        header["settings"] = asdict(induction.settings)
        f = induction.features
        if f is not None:
            header |= {"has_features": True, "feature_strength": f.strength}
            arrays |= {"mean": f.mean, "centre": f.centre}
            arrays |= {"head_weight": f.head.weight, "head_bias": f.head.bias}
            if f.moved is not None:
                arrays["moved"] = f.moved
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    with atomic_write(path) as target, target.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def load_classifier(cls: type[Model], path: Path) -> Model:
    """Read what `save_classifier` wrote."""
    arrays = load_npz(path, suffixes=None)
    try:
        header = json.loads(arrays["header"].tobytes())
        if header["format"] != FORMAT:
            raise InputError(f"{path} is a model of another version ({header['format']!r})")
        return _restore(cls, header, arrays)
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise InputError(f"{path} is not a model saved by diffresnet, or is damaged") from error


def _restore(cls: type[Model], header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Model:
    similarity = header["similarity"]
    model = cls(
        **header["parameters"],
        similarity=None if similarity is None else GraphSettings(**similarity),
    )
    as_given = (lambda a: a.astype(object)) if header["text_labels"] else (lambda a: a)
    model.classes_ = as_given(arrays["classes"])
    model.transduction_ = as_given(arrays["transduction"])
    for name in FITTED[1:]:
        setattr(model, name, arrays[name[:-1]])
    model.n_features_in_ = int(header["n_features_in"])
    if header["feature_names"]:
        model.feature_names_in_ = np.array(header["feature_names"], dtype=object)
    model.strength_, model.prior_weight_ = header["strength"], header["prior_weight"]
    model.recall_ = header["recall"]
    model._projection = arrays.get("projection")
    model._block = None
    model._scores = FittedScores(
        arrays["scores"],
        arrays["prior"],
        arrays["points_reached"],
        header["prior_weight"],
        header["sharpness"],
    )
    model._induction = None
    n, c = arrays["scores"].shape
    if arrays["prior"].shape != (n, c) or len(arrays["points_reached"]) != n:
        raise ValueError("arrays of different lengths")
    if len(model.classes_) != c or arrays["label_distributions"].shape[1] != c:
        raise ValueError("another number of classes")
    if header["has_points"]:
        if len(arrays["points"]) != n or arrays["width"].shape != (n,):
            raise ValueError("arrays of different lengths")
        features = None
        if header["has_features"]:
            features = FittedFeatures(
                arrays.get("moved"),
                arrays["mean"],
                arrays["centre"],
                header["feature_strength"],
                LinearHead(arrays["head_weight"], arrays["head_bias"]),
            )
        model._induction = Induction(
            arrays["points"],
            arrays["width"],
            GraphSettings(**header["settings"]),
            model._scores,
            features,
        )
    return model


def _plain(values: np.ndarray) -> np.ndarray:
    """Text labels as fixed-width text, which needs no pickle."""
    return values.astype(np.str_) if values.dtype == object else values
