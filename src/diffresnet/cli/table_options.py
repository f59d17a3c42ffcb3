"""Options of the commands that read a table: where its labels and features are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from ..files.atomic import either
from ..tables.formats import READ_FORMATS
from .options import DeviceOption, Option, SeedOption, UnlabelledMarks


@dataclass(frozen=True, kw_only=True)
class TableOptions(SeedOption, DeviceOption):
    """Add where labels and features of a table are."""

    label_column: Annotated[
        str, Option(help="Column, or array, that holds the labels.", metavar="NAME")
    ] = "label"
    labels: Annotated[
        Path | None,
        Option(
            help=f"A second file that holds the labels, {either(READ_FORMATS)}: for the rows of "
            "equal id, or in the order of the rows.",
            metavar="FILE",
            reads=True,
        ),
    ] = None
    id_column: Annotated[
        str | None,
        Option(
            help="The column that names the rows; with --labels, in both files, by which they "
            "belong together.",
            metavar="NAME",
        ),
    ] = None
    features: Annotated[
        str | None,
        Option(
            help="Feature columns: a comma list, or a prefix. By default every numeric column, or "
            "the column of vectors if there is one. In .npz: the array.",
            metavar="NAMES",
        ),
    ] = None
    text: Annotated[
        tuple[str, ...],
        Option(
            help="Column of texts that an encoder turns into features; repeat it to join columns.",
            metavar="NAME",
        ),
    ] = ()
    image: Annotated[
        str | None,
        Option(
            help="Column of paths of images, relative to FILE. A folder of images needs none.",
            metavar="NAME",
        ),
    ] = None
    encoder: Annotated[
        str | None,
        Option(
            help="What encodes texts or images: tfidf, LIBRARY:MODEL for sentence-transformers, "
            "fastembed, model2vec, timm or open_clip, or MODULE:NAME of Python. What it has done "
            "is kept in OUT.embeddings.  [default: tfidf for texts]",
            metavar="NAME",
        ),
    ] = None
    unlabelled: UnlabelledMarks = ()

    def table_settings(self) -> dict[str, Any]:
        """Return these options as `label_file` takes them."""
        names = ("label_column", "labels", "id_column", "features", "image", "encoder")
        chosen = {name: getattr(self, name) for name in names}
        return chosen | {"text": self.text or None, "unlabelled": self.unlabelled or None}
