"""Annotated matrices of cells: obsm, obs and obsp of .h5ad files."""

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from diffresnet import label_file
from diffresnet.errors import InputError

RNG = np.random.default_rng(0)
TRUTH = np.repeat(["B", "T"], 30)
PCA = RNG.normal(size=(60, 8)) + 5.0 * (TRUTH == "T")[:, None]


@pytest.fixture
def cells(tmp_path):
    given = pd.Categorical(np.where(np.arange(60) % 10 == 0, TRUTH, None), ["T", "B", "NK"])
    obs = pd.DataFrame(
        {"cell_type": given, "n_counts": RNG.integers(1000, 9000, 60), "batch": "a"},
        index=[f"AAAC{i}" for i in range(60)],
    )
    near = (TRUTH[:, None] == TRUTH[None]) & (RNG.random((60, 60)) < 0.2)
    made = anndata.AnnData(
        X=scipy.sparse.csr_matrix(RNG.poisson(1.0, (60, 12)).astype(np.float32)),
        obs=obs,
        obsm={"X_pca": PCA, "X_umap": PCA[:, :2] * 0},
        obsp={"connectivities": scipy.sparse.csr_matrix((near | near.T).astype(float))},
        uns={"note": "kept"},
        layers={"raw": np.ones((60, 12), dtype=np.float32)},
    )
    path = tmp_path / "cells.h5ad"
    made.write_h5ad(path)
    return path


def test_labels_of_obs_by_features_of_obsm(cells, tmp_path):
    out = tmp_path / "out.h5ad"
    result = label_file(cells, out, label_column="cell_type")
    assert (result.labels == TRUTH).all()
    assert result.feature_names[0] == "X_pca[0]"
    before, after = anndata.read_h5ad(cells), anndata.read_h5ad(out)
    assert after.obs["label"].tolist() == TRUTH.tolist()
    assert after.obs["label"].cat.categories.tolist() == ["T", "B", "NK"]
    assert after.obs["flag"].value_counts().to_dict() == {"predicted": 54, "given": 6}
    pd.testing.assert_frame_equal(after.obs[before.obs.columns], before.obs)
    np.testing.assert_array_equal(after.X.toarray(), before.X.toarray())
    np.testing.assert_array_equal(after.layers["raw"], before.layers["raw"])
    np.testing.assert_array_equal(after.obsm["X_umap"], before.obsm["X_umap"])
    assert after.uns["note"] == "kept"
    again = label_file(out, out, label_column="cell_type")  # an output goes on, in its own place
    np.testing.assert_array_equal(again.labels, result.labels)


def test_a_graph_of_obsp(cells, tmp_path):
    result = label_file(cells, label_column="cell_type", graph="connectivities", features="X_umap")
    assert (result.labels == TRUTH).all()  # X_umap is zeros: the graph alone tells
    with pytest.raises(InputError, match="no graph 'distances' in obsp; it has 'connectivities'"):
        label_file(cells, label_column="cell_type", graph="distances")


def test_to_columns_and_back(cells, tmp_path):
    label_file(cells, tmp_path / "out.parquet", label_column="cell_type")
    table = pd.read_parquet(tmp_path / "out.parquet")
    assert table["cell"].tolist()[:2] == ["AAAC0", "AAAC1"]
    label_file(tmp_path / "out.parquet", tmp_path / "b.h5ad", label_column="cell_type")
    back = anndata.read_h5ad(tmp_path / "b.h5ad")
    np.testing.assert_allclose(back.obsm["X_pca"], PCA, rtol=1e-6)


def test_whole_numbers_as_labels(cells, tmp_path):
    made = anndata.read_h5ad(cells)
    made.obs["cluster"] = np.where(np.arange(60) % 10 == 0, (TRUTH == "T").astype(int), -1)
    made.write_h5ad(cells)
    result = label_file(cells, tmp_path / "out.h5ad", label_column="cluster")
    assert (result.labels == (TRUTH == "T")).all()
    assert anndata.read_h5ad(tmp_path / "out.h5ad").obs["label"].dtype.kind == "i"


def test_several_embeddings_ask_for_one(cells):
    made = anndata.read_h5ad(cells)
    made.obsm["X_scvi"] = PCA
    made.write_h5ad(cells)
    with pytest.raises(InputError, match=r"'X_pca', 'X_scvi' .* all hold vectors; choose one"):
        label_file(cells, label_column="cell_type")
    assert (label_file(cells, label_column="cell_type", features="X_scvi").labels == TRUTH).all()


@pytest.mark.parametrize("kind", ["frame", "sparse"])
def test_matrices_of_every_kind(cells, kind):
    made = anndata.read_h5ad(cells)
    frame = pd.DataFrame(PCA, index=made.obs_names).rename(columns=str)
    made.obsm["X_pca"] = frame if kind == "frame" else scipy.sparse.csr_matrix(PCA)
    made.write_h5ad(cells)
    assert (label_file(cells, label_column="cell_type").labels == TRUTH).all()


def test_annotations_are_features_only_by_name(cells):
    made = anndata.read_h5ad(cells)
    made.obs["score"] = PCA[:, 0]
    del made.obsm["X_pca"], made.obsm["X_umap"]
    made.write_h5ad(cells)
    with pytest.raises(InputError, match="no matrix of numbers in obsm, such as X_pca"):
        label_file(cells, label_column="cell_type")
    result = label_file(cells, label_column="cell_type", features="score")
    assert (result.labels == TRUTH).mean() > 0.9


def test_damaged_files_are_one_line(tmp_path):
    (tmp_path / "a.h5ad").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(64))
    with pytest.raises(InputError, match=r"no \.h5ad file, or is damaged"):
        label_file(tmp_path / "a.h5ad")
