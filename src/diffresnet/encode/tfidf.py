"""Texts by their words and letters alone: nothing to download, in any language."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse
from jaxtyping import Float
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd

from ..errors import InputError
from .encoder import Batch, Encoder, Kind

DIMENSIONS = 256
"""Of the vectors; fewer where there are fewer texts or terms."""

TERMS = 20_000
"""The most frequent words and pairs of words that are known, and as many n-grams of letters."""

SAMPLE = 2_000_000
"""Characters of the texts that are learned from: enough for all frequent terms, in seconds."""

LONGEST = 10_000
"""Characters of one text that are read."""

RARE = 100
"""Texts from which on a term must be in two of them to be known."""

ITERATIONS = 2
"""Power iterations of the decomposition; more made labels no better, at twice the time."""

SEED = 0
"""Of the choice of texts to learn from, and of the decomposition."""


class TfidfEncoder(Encoder):
    """Encode texts by tf-idf weights of words and letters, reduced to a few hundred dimensions.

    Words and pairs of words, and n-grams of 2 to 4 letters within words, each weighted by
    (1 + log tf) * idf and brought to unit length; both beside one another, projected on the leading
    right singular vectors of the texts learned from, and brought to unit length again. The letters
    find inflected, compound and misspelled words, and words where none are set apart by spaces.

    Parameters
    ----------
    name : str
        None: there is one such encoder.
    device : str
        Not used: it works on the CPU.

    Raises
    ------
    InputError
        If a name is given.

    Notes
    -----
    A text of which no term is known gets a row of zeros. Vectors depend on all the texts learned
    from, and cost little; so they are not kept for other runs.

    Examples
    --------
    >>> encoder = TfidfEncoder()
    >>> texts = ["my card is lost", "I lost my card", "the weather is fine"]
    >>> encoder.fit(texts)
    >>> x = encoder.encode(texts)
    >>> x.shape, bool(x[0] @ x[1] > x[0] @ x[2])
    ((3, 3), True)
    """

    spec = "tfidf"
    kinds: frozenset[Kind] = frozenset({"text"})
    reusable = False

    def __init__(self, name: str = "", device: str = "cpu") -> None:
        if name:
            raise InputError(f"tfidf has no models; name it without {name!r}", "encoder")
        self._blocks: tuple[TfidfVectorizer, ...] = ()
        self._axes = np.empty((0, 0), np.float32)

    @property
    def identity(self) -> str:
        return "tfidf 1"

    def fit(self, rows: Sequence[str]) -> None:
        """Learn terms, their weights and the axes from texts, or from a sample of many.

        Raises
        ------
        InputError
            If all texts are blank.
        """
        texts = _sample(rows)
        if not texts:
            raise InputError("all texts are blank: there is nothing to encode")
        blocks = []
        for words in (True, False):
            fresh = _vectorizer(words, min_df=1 if len(texts) < RARE else 2, max_features=TERMS)
            try:
                fresh.fit(texts)
            except ValueError:  # no word is known, say of punctuation alone
                continue
            blocks.append(_known(words, fresh.get_feature_names_out().tolist(), fresh.idf_))
        if not blocks:
            raise InputError("no two texts have a word or a letter in common")
        self._blocks = tuple(blocks)
        weights = self._weigh(texts)
        rank = min(DIMENSIONS, *weights.shape)
        axes = randomized_svd(weights, rank, n_iter=ITERATIONS, random_state=SEED)[2]
        self._axes = axes.astype(np.float32)

    def encode(self, batch: Batch) -> Float[np.ndarray, "b d"]:
        if not self._blocks:
            raise InputError("tfidf is not fitted yet; fit it to all texts")
        x: np.ndarray = self._weigh([str(text) for text in batch]) @ self._axes.T
        unit: np.ndarray = normalize(x, copy=False)
        return unit

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        facts, arrays = [], {"axes": self._axes}
        for i, block in enumerate(self._blocks):
            facts.append(block.analyzer == "word")
            # No term has a line break in it; as bytes they take a tenth of fixed-width text.
            terms = "\n".join(block.vocabulary).encode("utf-8", "surrogatepass")
            arrays[f"terms_{i}"] = np.frombuffer(terms, np.uint8)
            arrays[f"idf_{i}"] = block.idf_
        return {"words": facts}, arrays

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        blocks = []
        for i, words in enumerate(facts["words"]):
            terms = arrays[f"terms_{i}"].tobytes().decode("utf-8", "surrogatepass").split("\n")
            blocks.append(_known(bool(words), terms, arrays[f"idf_{i}"]))
        axes = arrays["axes"]
        if axes.ndim != 2 or axes.shape[1] != sum(len(block.vocabulary) for block in blocks):
            raise ValueError("axes and terms do not belong together")
        if axes.dtype != np.float32 or not np.isfinite(axes).all():
            raise ValueError("axes must be finite float32")
        self._blocks, self._axes = tuple(blocks), axes

    def _weigh(self, texts: Sequence[str]) -> scipy.sparse.csr_array:
        return scipy.sparse.csr_array(
            scipy.sparse.hstack([block.transform(texts) for block in self._blocks])
        )


def _vectorizer(words: bool, **settings: Any) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="word" if words else "char_wb",
        ngram_range=(1, 2) if words else (2, 4),
        token_pattern=r"(?u)\b\w+\b" if words else None,
        lowercase=False,
        preprocessor=_normal,
        sublinear_tf=True,
        dtype=np.float32,
        **settings,
    )


def _known(words: bool, terms: list[str], idf: np.ndarray) -> TfidfVectorizer:
    """Make a vectorizer of known terms and weights, the same after fitting and after loading."""
    if idf.shape != (len(terms),) or idf.dtype != np.float32 or not np.isfinite(idf).all():
        raise ValueError("there must be a finite float32 weight for each term")
    vectorizer = _vectorizer(words, vocabulary=terms)
    vectorizer.idf_ = idf
    return vectorizer


def _normal(text: str) -> str:
    """Bring a text to one case and one way of writing its letters."""
    return unicodedata.normalize("NFKC", text[:LONGEST]).lower()


def _sample(rows: Sequence[str]) -> list[str]:
    """Return the texts that are not blank, each once; of many, as many as SAMPLE has room for."""
    texts = list(dict.fromkeys(text for text in rows if text.strip()))
    lengths = np.array([min(len(text), LONGEST) for text in texts], np.int64)
    if lengths.sum() <= SAMPLE:
        return texts
    order = np.random.default_rng(SEED).permutation(len(texts))
    chosen = order[: max(2, int(np.searchsorted(lengths[order].cumsum(), SAMPLE)))]
    return [texts[i] for i in np.sort(chosen)]


ENCODER = TfidfEncoder
