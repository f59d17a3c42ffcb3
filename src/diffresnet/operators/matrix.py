"""Sparse times dense, the product that everything else waits for."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import scipy.sparse
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


class SparseMatrix:
    """A square CSR matrix that multiplies tall dense ones.

    On a CPU in float32 the product runs as a weighted `embedding_bag`: rows of x are looked up,
    scaled and summed, by kernels that prefetch. It was 1.4 to 4 times faster than the CSR
    product from 10 columns on (`benchmarks/product.py`). Everywhere else it is torch's CSR product.

    Parameters
    ----------
    indptr : (n + 1,) and indices : (nnz,)
        Integer CSR structure.
    values : (nnz,)
        Entries, in the dtype that the product is computed in.
    """

    def __init__(
        self,
        indptr: Int[Tensor, " n_plus_1"],
        indices: Int[Tensor, " nnz"],
        values: Float[Tensor, " nnz"],
    ) -> None:
        self.indptr = indptr
        self.indices = indices
        self.values = values

    @property
    def n(self) -> int:
        return self.indptr.numel() - 1

    @cached_property
    def csr(self) -> Tensor:
        """The same matrix as a torch sparse CSR tensor (shares memory)."""
        return torch.sparse_csr_tensor(
            self.indptr, self.indices, self.values, (self.n, self.n), check_invariants=False
        )

    def __call__(self, x: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        if x.device.type == "cpu" and x.dtype == torch.float32 and x.shape[1] > 1:
            return F.embedding_bag(
                self.indices,
                x.contiguous(),
                self.indptr,
                mode="sum",
                per_sample_weights=self.values,
                include_last_offset=True,
            )
        return self.csr @ x

    def transpose(self) -> SparseMatrix:
        """The transposed matrix, stored anew."""
        n = self.n
        if self.values.device.type == "cpu":
            t = scipy.sparse.csr_array(
                (self.values.numpy(), self.indices.numpy(), self.indptr.numpy()), shape=(n, n)
            ).T.tocsr()
            return SparseMatrix(
                torch.from_numpy(t.indptr.astype(np.int32, copy=False)),
                torch.from_numpy(t.indices.astype(np.int32, copy=False)),
                torch.from_numpy(t.data),
            )
        rows = torch.repeat_interleave(
            torch.arange(n, device=self.indices.device), self.indptr.diff().long()
        )
        order = torch.argsort(self.indices.long(), stable=True)
        counts = torch.bincount(self.indices.long(), minlength=n)
        indptr = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        return SparseMatrix(
            indptr.to(self.indptr.dtype), rows[order].to(self.indices.dtype), self.values[order]
        )
