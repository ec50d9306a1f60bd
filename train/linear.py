"""Fit the linear family: TF-IDF of words and characters with logistic heads."""

from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from communique.model.errors import ConfigError
from communique.model.gold import gold_arrays
from communique.model.linear import save_linear
from communique.model.tfidf import TfidfBlock
from communique.train.config import TrainingConfig
from communique.train.config_families import LinearConfig
from communique.train.data import Splits
from communique.train.logistic import fit_heads


def vectorizers(config: LinearConfig) -> list[TfidfVectorizer]:
    """One scikit-learn vectoriser per block, with the settings that `communique.model.tfidf` knows."""
    ranges = [("word", config.word_ngrams)]
    if config.char_ngrams is not None:
        ranges.append(("char_wb", config.char_ngrams))
    return [
        TfidfVectorizer(
            analyzer=analyzer,
            ngram_range=ngrams,
            min_df=config.min_df,
            max_features=config.max_terms,
            sublinear_tf=True,
            dtype=np.float32,
        )
        for analyzer, ngrams in ranges
    ]


def fit_linear(splits: Splits, config: TrainingConfig, folder: Path) -> dict[str, float]:
    """Fit on the training split, choose regularisation on validation, write the model files.

    Returns what was chosen, for the log.
    """
    fitted = vectorizers(config.linear)
    try:
        train = sparse.hstack([vectorizer.fit_transform(splits.inputs("train")) for vectorizer in fitted]).tocsr()
    except ValueError as error:
        raise ConfigError(
            f"no term is left of {len(splits.train)} training paragraphs ({error}); lower [linear] min_df"
        ) from error
    validation = sparse.hstack([vectorizer.transform(splits.inputs("validation")) for vectorizer in fitted]).tocsr()
    heads = fit_heads(
        train, gold_arrays(splits.train), validation, gold_arrays(splits.validation), splits.taxonomy, config.head
    )
    blocks = tuple(
        TfidfBlock(
            analyzer=vectorizer.analyzer,
            ngram_range=vectorizer.ngram_range,
            terms=tuple(str(term) for term in vectorizer.get_feature_names_out()),
        )
        for vectorizer in fitted
    )
    idf = np.concatenate([vectorizer.idf_ for vectorizer in fitted]).astype(np.float32)
    save_linear(folder, blocks, idf, heads.weights, heads.bias)
    return {**heads.chosen, "terms": float(len(idf))}
