"""The linear family at inference: TF-IDF rows times one weight matrix, in numpy."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from communique.model.classifier import Floats, Scores, softmax
from communique.model.taxonomy import Taxonomy
from communique.model.tfidf import TfidfBlock, TfidfFeatures

WEIGHTS_FILE = "model.safetensors"
VOCABULARY_FILE = "vocabulary.json"


class LinearClassifier:
    """TF-IDF with logistic heads.

    weights: (n_terms, n_topics + n_topics · n_stances), bias: the same width; the first n_topics
    columns are topic logits, the rest stance logits topic by topic.
    """

    def __init__(self, features: TfidfFeatures, weights: Floats, bias: Floats, taxonomy: Taxonomy) -> None:
        self._features = features
        self._weights = weights
        self._bias = bias
        self._taxonomy = taxonomy

    def scores(self, texts: Sequence[str]) -> Scores:
        """Score texts one by one: no batch effects, no limit on length."""
        logits = np.zeros((len(texts), len(self._bias)), dtype=np.float32)
        for row, text in enumerate(texts):
            columns, values = self._features.row(text)
            logits[row] = values @ self._weights[columns] + self._bias
        n_topics, n_stances = self._taxonomy.n_topics, self._taxonomy.n_stances
        stance = softmax(logits[:, n_topics:].reshape(len(texts), n_topics, n_stances))
        return Scores(logits[:, :n_topics], stance.astype(np.float32), np.zeros(len(texts), dtype=np.bool_))


def save_linear(folder: Path, blocks: tuple[TfidfBlock, ...], idf: Floats, weights: Floats, bias: Floats) -> list[str]:
    """Write the weights and the vocabulary; returns the names of the files written."""
    from safetensors.numpy import save_file

    arrays: dict[str, npt.NDArray[np.float32]] = {"idf": idf, "weights": weights, "bias": bias}
    save_file(
        {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in arrays.items()}, folder / WEIGHTS_FILE
    )
    vocabulary = {"blocks": [block.model_dump() for block in blocks]}
    (folder / VOCABULARY_FILE).write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    return [WEIGHTS_FILE, VOCABULARY_FILE]


def load_linear(folder: Path, taxonomy: Taxonomy) -> LinearClassifier:
    """Read what `save_linear` wrote."""
    from safetensors.numpy import load_file

    arrays = load_file(folder / WEIGHTS_FILE)
    vocabulary = json.loads((folder / VOCABULARY_FILE).read_text("utf-8"))
    blocks = tuple(TfidfBlock.model_validate(block) for block in vocabulary["blocks"])
    return LinearClassifier(TfidfFeatures(blocks, arrays["idf"]), arrays["weights"], arrays["bias"], taxonomy)
