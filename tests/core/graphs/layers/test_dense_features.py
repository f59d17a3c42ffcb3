"""Dense features times weights: the same as the sparse ones, and dropped entry by entry."""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
import torch

from diffresnet.graphs.layers.dense_features import DenseUnitFeatures, unit_features
from diffresnet.graphs.layers.normalized_features import NormalizedFeatures
from node_cases import node_data


def test_it_is_the_sparse_product():
    data = node_data()
    weight = torch.randn(2, data.features.shape[1], 3, generator=torch.Generator().manual_seed(0))
    dense, sparse = DenseUnitFeatures(data), NormalizedFeatures(data, "unit")
    assert dense.width == sparse.width
    torch.testing.assert_close(dense(weight), sparse(weight))


def test_replicas_drop_entries_of_their_own():
    data = node_data()
    features, columns = DenseUnitFeatures(data), data.features.shape[1]
    torch.manual_seed(0)
    dropped = features(torch.eye(columns).expand(2, -1, -1), 0.5)
    kept = dropped != 0
    assert not torch.equal(kept[0], kept[1])
    whole = features.rows.expand(2, -1, -1)
    torch.testing.assert_close(dropped[kept], 2.0 * whole[kept])
    share = kept.sum() / (whole != 0).sum()
    assert 0.4 < share < 0.6


def test_features_are_as_dense_as_they_are():
    data = node_data()
    n = len(data)
    filled = sp.csr_array(np.ones((n, 4), dtype=np.float32))
    assert isinstance(unit_features(replace(data, features=filled)), DenseUnitFeatures)
    few = sp.csr_array(sp.eye_array(n, 20, dtype=np.float32))
    assert isinstance(unit_features(replace(data, features=few)), NormalizedFeatures)
