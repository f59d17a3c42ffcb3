"""Counting products with a Laplacian, wherever they are done."""

from __future__ import annotations

from torch import Tensor

from diffresnet.operators import SparseLaplacian
from diffresnet.operators.laplacian import LinearMap
from diffresnet.operators.matrix import SparseMatrix


class CountingLaplacian(SparseLaplacian):
    """A `SparseLaplacian` that counts its products with features, those of its solver included.

    What finds the bound on the spectrum is not counted: it multiplies one vector, once a graph.

    Attributes
    ----------
    products : int
        Products since the count was last set to 0.
    """

    products: int = 0

    def shifted(self, alpha: float, beta: float) -> LinearMap:
        matrix = super().shifted(alpha, beta)

        def counted(x: Tensor) -> Tensor:
            self.products += 1
            return matrix(x)

        return counted

    def _shifted_symmetric(self, gamma: float) -> SparseMatrix:
        return _CountedMatrix(super()._shifted_symmetric(gamma), self)


class _CountedMatrix(SparseMatrix):
    def __init__(self, matrix: SparseMatrix, counter: CountingLaplacian) -> None:
        super().__init__(matrix.indptr, matrix.indices, matrix.values)
        self.counter = counter

    def __call__(self, x: Tensor) -> Tensor:
        self.counter.products += 1
        return super().__call__(x)
