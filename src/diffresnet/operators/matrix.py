"""Sparse times dense, the product that everything else waits for."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


class SparseMatrix:
    """A CSR matrix that multiplies tall dense ones.

    On a CPU in float32 the product runs as a weighted `embedding_bag`: rows of x are looked up,
    scaled and summed, by kernels that prefetch. It was 1.4 to 4 times faster than the CSR
    product from 10 columns on (`benchmarks/product.py`). Everywhere else it is torch's CSR product.

    Parameters
    ----------
    indptr : (n + 1,) and indices : (nnz,)
        Integer CSR structure.
    values : (nnz,)
        Entries, in the dtype that the product is computed in.
    columns : int, optional
        As many as there are rows if not given.
    """

    def __init__(
        self,
        indptr: Int[Tensor, " n_plus_1"],
        indices: Int[Tensor, " nnz"],
        values: Float[Tensor, " nnz"],
        columns: int | None = None,
    ) -> None:
        self.indptr = indptr
        self.indices = indices
        self.values = values
        self.columns = indptr.numel() - 1 if columns is None else columns

    @classmethod
    def from_scipy(
        cls,
        matrix: scipy.sparse.csr_array,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> SparseMatrix:
        """Convert a scipy matrix of any shape."""
        index = np.int32 if max(matrix.nnz, *matrix.shape) < 2**31 else np.int64
        return cls(
            torch.from_numpy(matrix.indptr.astype(index)).to(device),
            torch.from_numpy(matrix.indices.astype(index)).to(device),
            torch.from_numpy(matrix.data).to(device, dtype),
            matrix.shape[1],
        )

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.indptr.numel() - 1

    @cached_property
    def csr(self) -> Tensor:
        """The same matrix as a torch sparse CSR tensor (shares memory)."""
        return torch.sparse_csr_tensor(
            self.indptr, self.indices, self.values, (self.n, self.columns), check_invariants=False
        )

    def __call__(self, x: Float[Tensor, "c d"]) -> Float[Tensor, "n d"]:
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
        """Return the transposed matrix, stored anew."""
        if self.values.device.type == "cpu":
            t = scipy.sparse.csr_array(
                (self.values.numpy(), self.indices.numpy(), self.indptr.numpy()),
                shape=(self.n, self.columns),
            ).T.tocsr()
            return SparseMatrix(
                torch.from_numpy(t.indptr.astype(np.int32, copy=False)),
                torch.from_numpy(t.indices.astype(np.int32, copy=False)),
                torch.from_numpy(t.data),
                self.n,
            )
        rows = torch.repeat_interleave(
            torch.arange(self.n, device=self.indices.device), self.indptr.diff().long()
        )
        order = torch.argsort(self.indices.long(), stable=True)
        counts = torch.bincount(self.indices.long(), minlength=self.columns)
        indptr = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        return SparseMatrix(
            indptr.to(self.indptr.dtype),
            rows[order].to(self.indices.dtype),
            self.values[order],
            self.n,
        )

    def differentiable(self, x: Float[Tensor, "c d"]) -> Float[Tensor, "n d"]:
        """Multiply with a gradient to x; the matrix itself is taken as fixed."""
        product: Tensor = _Fixed.apply(x, self)
        return product

    @cached_property
    def transposed(self) -> SparseMatrix:
        """The transposed matrix, made once."""
        return self.transpose()


class _Fixed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, matrix: SparseMatrix) -> Tensor:
        ctx.matrix = matrix
        return matrix(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return _Fixed.apply(grad, ctx.matrix.transposed), None
