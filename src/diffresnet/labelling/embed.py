"""Encode the texts or images of a table, once, to a file of features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..files.atomic import Pathlike, check_writable, refuse_replacing
from ..files.npz import save_npz
from ..progress import Progress, silent
from ..tables.content import Features, refuse_replaced
from ..tables.formats import read_content
from .model_file import encoded_rows

OWN = ("features", "feature_names")
"""Arrays that an output has besides those of the file."""


def embed_file(
    path: Pathlike,
    out: Pathlike,
    *,
    text: str | Sequence[str] | None = None,
    image: str | None = None,
    encoder: str | None = None,
    strict: bool = False,
    device: str = "auto",
    progress: Progress = silent,
) -> Features:
    """Write the features of texts or images to .npz, with the other columns of the table.

    Parameters
    ----------
    path, text, image, encoder, strict, device, progress
        As of `label_file`.
    out : path
        Gets `features` (n, d), `feature_names`, and every column as texts: `label_file` reads it.

    Raises
    ------
    InputError
        A ValueError with one line that says what is wrong and what to do. Nothing is written then.
    """
    path, out = Path(path), check_writable(out, (".npz",))
    refuse_replacing({"out": out}, [path])
    content = read_content(path)
    refuse_replaced([name for name in OWN if name in content.names], path)
    raw, _ = encoded_rows(
        path, text, image, encoder, device, out=out, strict=strict, progress=progress
    )
    if raw is None:
        raise InputError("name the column of texts, or of paths of images", "text")
    features = raw.features(content, path, None)
    own = dict(zip(OWN, (features.matrix, np.array(features.names)), strict=True))
    save_npz(out, content.to_arrays(features) | own)
    return features
