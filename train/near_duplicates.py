"""Group paragraphs that are the same text but for small edits."""

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import CountVectorizer

SHINGLE_WORDS = 4
JACCARD = 0.5


def near_duplicate_groups(texts: list[str]) -> npt.NDArray[np.int64]:
    """A group number for each text, (n,): texts linked by shingle overlap share a number.

    Two texts are linked when the Jaccard similarity of their sets of 4-word shingles is at least
    0.5 (Broder 1997, "On the resemblance and containment of documents"), computed exactly.
    Texts too short for a shingle are linked when equal but for case and spacing.
    """
    shingles = CountVectorizer(analyzer=_shingles, binary=True, dtype=np.int32).fit_transform(texts)
    shared = (shingles @ shingles.T).tocoo()
    sizes = np.asarray(shingles.sum(axis=1)).ravel()
    union = sizes[shared.row] + sizes[shared.col] - shared.data
    linked = shared.data >= JACCARD * union
    graph = shared.copy()
    graph.data = linked.astype(np.int32)
    graph.eliminate_zeros()
    _, groups = connected_components(graph, directed=False)
    return np.asarray(groups, dtype=np.int64)


def _shingles(text: str) -> list[str]:
    """A text's runs of four words; a shorter text is one shingle of its own kind."""
    words = text.lower().split()
    if len(words) < SHINGLE_WORDS:
        return ["<short> " + " ".join(words)]
    return [" ".join(words[i : i + SHINGLE_WORDS]) for i in range(len(words) - SHINGLE_WORDS + 1)]
