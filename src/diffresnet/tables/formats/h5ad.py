"""Annotated matrices of cells (.h5ad): features in obsm, labels in obs, a graph in obsp."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import scipy.sparse

from ...errors import InputError
from ...files.atomic import atomic_write
from ...labels import Labels
from ..column_numbers import is_list
from ..columns import Columns
from ..content import BECAUSE, NOVELTY, Content, Features, RowResult, label_column_of, listed
from ..reading import one_line_errors
from .format import Format, columns_of

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = (pa.int64(), pa.int32(), pa.int16(), pa.int8(), pa.bool_())
HINT = "it is no .h5ad file, or is damaged"


@dataclass(frozen=True)
class Cells(Columns):
    """Annotations of cells, and their matrices as columns of vectors."""

    def choose_features(
        self,
        features: str | Sequence[str] | None,
        label_key: str | None,
        where: str,
        labels: Labels | None = None,
        id_column: str | None = None,
    ) -> Features:
        """Choose a matrix; annotations, such as numbers of counts, are features only by name."""
        vectors = [field.name for field in self.held.schema if is_list(field.type)]
        if features is None and not vectors:
            raise InputError(
                f"{where} has no matrix of numbers in obsm, such as X_pca; compute one, or choose "
                f"columns of obs",
                "features",
            )
        return super().choose_features(features, label_key, where, labels, id_column)


class H5adFormat(Format):
    """AnnData's file. The expression matrix X is neither read nor changed."""

    def read(self, path: Path) -> Content:
        """Read obs as columns, and every dense matrix of obsm as a column of vectors."""
        h5py, elements = _libraries()
        with one_line_errors(path, HINT), h5py.File(path, "r") as file:
            obs = elements.read_elem(file["obs"])
            table = pa.Table.from_pandas(obs, preserve_index=False)
            for key in file.get("obsm", ()):
                stored = file["obsm"][key]
                matrix = _dense(stored[:] if isinstance(stored, h5py.Dataset) else stored, elements)
                if matrix is not None:
                    table = table.append_column(key, _vectors(matrix))
            name = obs.index.name or "cell"
            if name not in table.column_names:
                table = table.add_column(0, name, pa.array(obs.index.astype(str)))
        return Cells(columns_of(table, path).held, source=path)

    def write(
        self,
        path: Path,
        content: Content,
        features: Features | None,
        like: pa.ChunkedArray | None,
        result: RowResult,
    ) -> None:
        """Write a copy of the file that was read, with the result in obs; else a new file."""
        h5py, elements = _libraries()
        label = label_column_of(result.values, like)
        with atomic_write(path) as temporary:
            if isinstance(content, Columns) and content.source is not None:
                shutil.copyfile(content.source, temporary)
                with h5py.File(temporary, "r+") as file:
                    obs = elements.read_elem(file["obs"])
                    obs = obs.drop(columns={NOVELTY, BECAUSE} & content.left_out)
                    elements.write_elem(file, "obs", _annotated(obs, label, result))
                return
            import anndata

            columns = pa.concat_tables(content.parts(features, typed=True))
            vectors = [field.name for field in columns.schema if is_list(field.type)]
            obs = columns.drop_columns(vectors).to_pandas()
            obs.index = obs.index.astype(str)
            for name in obs.columns[obs.isna().any()]:
                obs[name] = obs[name].astype("category")  # texts with gaps have no other form
            matrices = {name: _matrix(columns[name]) for name in vectors}
            if not vectors and features is not None:
                matrices = {"features": features.matrix}
            anndata.AnnData(obs=_annotated(obs, label, result), obsm=matrices).write_h5ad(temporary)


def read_cell_graph(path: Path, key: str) -> scipy.sparse.csr_array:
    """Read a graph between cells, a matrix of obsp such as "connectivities".

    Raises
    ------
    InputError
        If there is none of that name, or it is no sparse matrix.
    """
    h5py, elements = _libraries()
    with one_line_errors(path, HINT), h5py.File(path, "r") as file:
        graphs = list(file.get("obsp", ()))
        if key not in graphs:
            raise InputError(
                f"{str(path)!r} has no graph {key!r} in obsp; it has {listed(graphs) or 'none'}",
                "graph",
            )
        matrix = elements.read_elem(file["obsp"][key])
    if not scipy.sparse.issparse(matrix):
        raise InputError(f"the graph {key!r} of {str(path)!r} is no sparse matrix", "graph")
    return scipy.sparse.csr_array(matrix)


def _libraries() -> tuple[Any, Any]:
    try:
        import anndata.io
        import h5py
    except ImportError as error:
        raise InputError(
            'files of cells (.h5ad) need anndata; pip install "diffresnet[cells]"'
        ) from error
    return h5py, anndata.io


def _dense(stored: Any, elements: Any) -> np.ndarray | None:
    """Return an entry of obsm as a matrix of numbers; None where it is none."""
    found: Any = stored if isinstance(stored, np.ndarray) else elements.read_elem(stored)
    if scipy.sparse.issparse(found):
        found = found.toarray()
    found = found.to_numpy() if hasattr(found, "to_numpy") else np.asarray(found)
    is_matrix = found.ndim == 2 and found.shape[1] and found.dtype.kind in "fiub"
    return found if is_matrix else None


def _vectors(matrix: np.ndarray) -> pa.FixedSizeListArray:
    values = np.ascontiguousarray(matrix)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def _matrix(column: pa.ChunkedArray) -> np.ndarray:
    return np.array(column.to_pylist(), dtype=np.float32)


def _annotated(obs: pd.DataFrame, label: pa.Array, result: RowResult) -> pd.DataFrame:
    """Return annotations with label, confidence and flag; texts are categories, as in scanpy."""
    import pandas as pd

    whole = {pa.int64(): pd.Int64Dtype()} if label.null_count else {}
    labels = label.to_pandas(types_mapper=whole.get)
    obs["label"] = (labels if label.type in NUMBERS else labels.astype("category")).values
    obs["confidence"] = result.confidence.astype(np.float32)
    obs["flag"] = pd.Categorical(list(result.flags))
    if result.novelty is not None:
        obs[NOVELTY] = result.novelty.astype(np.float32)
    if result.because is not None:
        obs[BECAUSE] = pd.Categorical(list(result.because))
    return obs


FORMAT = H5adFormat()
