"""Encoders of raw texts and images by name: a new one is a file of its own and a line here.

An encoder, and the library that it stands on, is imported when its name is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, Note

if TYPE_CHECKING:
    from .encoder import Encoder

ENCODERS = {
    "tfidf": "tfidf",
    "sentence-transformers": "sentence_transformers",
    "fastembed": "fastembed",
    "model2vec": "model2vec",
    "timm": "timm",
    "open_clip": "open_clip",
}
"""Name -> module of this package, whose `ENCODER` makes an `Encoder` of (name, device)."""

GROUP = "diffresnet.encoders"
"""Entry points by which other packages add encoders: name -> what makes one of (name, device)."""


def encoder_of(spec: str, device: str = "auto") -> Encoder:
    """Make the encoder that a user names, ready to encode (tfidf: to be fitted).

    Parameters
    ----------
    spec : str
        "tfidf"; or the name of a library and of one of its models, as in
        "sentence-transformers:all-MiniLM-L6-v2" or "timm:resnet50.a1_in1k", where a folder with a
        model will do too; or "module:name", any callable that Python can import (see
        `CallableEncoder`).
    device : str
        As in `pick_device`. A callable chooses its own.

    Raises
    ------
    InputError
        If there is no such encoder, its library is not installed, or the model cannot be loaded.

    Examples
    --------
    >>> encoder_of("tfidf").kinds
    frozenset({'text'})
    """
    kind, _, name = spec.partition(":")
    make = _maker(kind)
    if make is not None:
        return make(name, device)
    if not name:
        raise InputError(f"there is no encoder {spec!r}; choose {choices()}", "encoder")
    from .callables import CallableEncoder

    return CallableEncoder(spec)


def choices() -> str:
    """Return how encoders can be named, for a message or a help text."""
    others = sorted({point.name for point in entry_points(group=GROUP)} - set(ENCODERS))
    named = [f"{name}:MODEL" for name in (*ENCODERS, *others) if name != "tfidf"]
    return f"tfidf, {', '.join(named)}, or MODULE:NAME of Python"


def is_callable_spec(spec: str) -> bool:
    """Whether a name asks for code of the user's own, not for a registered encoder."""
    kind, _, name = spec.partition(":")
    return bool(name) and kind not in ENCODERS and not entry_points(group=GROUP, name=kind)


def encoder_to_state(encoder: Encoder) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return what a model file keeps of an encoder: facts for JSON, and arrays."""
    facts, arrays = encoder.state()
    return {"spec": encoder.spec, "identity": encoder.identity, **facts}, arrays


def encoder_from_state(
    facts: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    device: str = "auto",
    spec: str | None = None,
) -> tuple[Encoder, tuple[Note, ...]]:
    """Make again the encoder that a model file keeps.

    Parameters
    ----------
    facts, arrays : as `encoder_to_state` returned them.
    spec : str, optional
        How the user names the encoder now, say because its folder has moved. A callable must be
        named: a file from somewhere else is not to choose which code runs here.

    Returns
    -------
    encoder : Encoder
    notes : tuple of Note
        One, if the encoder is another version than the model was fitted with.

    Raises
    ------
    InputError
        As `encoder_of`; or if a callable is not named, or the state is damaged.
    """
    kept = facts.get("spec")
    if not isinstance(kept, str):
        raise InputError("the model file does not say which encoder it was fitted with")
    if spec is None and is_callable_spec(kept):
        raise InputError(
            f"the model was fitted with the callable {kept!r}, which is run only where it is "
            f"named: name it",
            "encoder",
        )
    encoder = encoder_of(spec or kept, device)
    try:
        encoder.restore(facts, arrays)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"the model file's encoder {kept!r} is damaged") from error
    if encoder.identity == facts.get("identity"):
        return encoder, ()
    return encoder, (
        Note(
            f"the encoder {encoder.spec!r} is not the version that the model was fitted with; "
            f"its features may differ"
        ),
    )


def _maker(kind: str) -> Callable[[str, str], Encoder] | None:
    if kind in ENCODERS:
        made: Callable[[str, str], Encoder] = import_module(
            f".{ENCODERS[kind]}", __package__
        ).ENCODER
        return made
    points = tuple(entry_points(group=GROUP, name=kind))
    return points[0].load() if points else None


__all__ = [
    "ENCODERS",
    "choices",
    "encoder_from_state",
    "encoder_of",
    "encoder_to_state",
    "is_callable_spec",
]
