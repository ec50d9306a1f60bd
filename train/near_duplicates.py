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
    normal = [" ".join(text.lower().split()) for text in texts]
    padded = [text if len(text.split()) >= SHINGLE_WORDS else f"{text} <short> <short> <short>" for text in normal]
    shingles = CountVectorizer(
        ngram_range=(SHINGLE_WORDS, SHINGLE_WORDS), binary=True, token_pattern=r"\S+", dtype=np.int32
    ).fit_transform(padded)
    shared = (shingles @ shingles.T).tocoo()
    sizes = np.asarray(shingles.sum(axis=1)).ravel()
    union = sizes[shared.row] + sizes[shared.col] - shared.data
    linked = shared.data >= JACCARD * union
    graph = shared.copy()
    graph.data = linked.astype(np.int32)
    graph.eliminate_zeros()
    _, groups = connected_components(graph, directed=False)
    return np.asarray(groups, dtype=np.int64)
