"""Counts, as of words in texts: told from measurements, and weighed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from jaxtyping import Float
from sklearn.preprocessing import normalize

# Most words of a text occur once or a few times; pixels and prices do not.
FEW = 3


@dataclass(frozen=True)
class WordWeights:
    """Tf-idf weights of counts, (1 + log count) idf, in rows of length 1.

    Attributes
    ----------
    idf : (d,)
        Inverse document frequency log((1 + n) / (1 + rows with the word)) + 1.
    """

    idf: Float[np.ndarray, " d"]

    @classmethod
    def fit(cls, X: Any) -> WordWeights | None:
        """Weigh sparse counts; None where X holds anything else than whole numbers, mostly small.

        References
        ----------
        Salton, Buckley: Term-weighting approaches in automatic text retrieval, 1988.
        """
        values = X.data[X.data != 0]
        if not len(values) or values.min() < 0 or (values != np.round(values)).any():
            return None
        if np.median(values) > FEW:
            return None
        columns = scipy.sparse.coo_array(X).coords[1][X.data != 0]
        rows_with = np.bincount(columns, minlength=X.shape[1])
        return cls(np.log((1 + X.shape[0]) / (1 + rows_with)) + 1.0)

    def apply(self, X: Any) -> scipy.sparse.csr_array:
        """Return weighed rows; counts below 0 of new rows, and 0, stay as they are."""
        weighed = scipy.sparse.csr_array(X, dtype=np.float32, copy=True)
        weighed.sum_duplicates()
        counted = weighed.data >= 1
        weighed.data[counted] = 1.0 + np.log(weighed.data[counted])
        weighed.data *= self.idf.astype(np.float32)[weighed.indices]
        return scipy.sparse.csr_array(normalize(weighed, copy=False))
