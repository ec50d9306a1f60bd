"""TF-IDF features without scikit-learn: the same numbers as its TfidfVectorizer, from a vocabulary.

Two analysers: `word` (lower-cased words of two or more letters, n-grams of words) and `char_wb`
(character n-grams inside words padded with a space), as scikit-learn defines them; a parity test
holds the two implementations together.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

WORD = re.compile(r"(?u)\b\w\w+\b")
SPACES = re.compile(r"\s\s+")


class TfidfBlock(BaseModel):
    """One analyser's settings; `terms` are the vocabulary in column order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    analyzer: str
    ngram_range: tuple[int, int]
    terms: tuple[str, ...]


def word_ngrams(text: str, low: int, high: int) -> Iterator[str]:
    """The word n-grams of a text, lower-cased, n from `low` to `high`."""
    words = WORD.findall(text.lower())
    for n in range(low, high + 1):
        if n == 1:
            yield from words
        else:
            yield from (" ".join(words[i : i + n]) for i in range(len(words) - n + 1))


def char_wb_ngrams(text: str, low: int, high: int) -> Iterator[str]:
    """The character n-grams of each space-padded word; a word shorter than n is taken whole, once."""
    for word in SPACES.sub(" ", text.lower()).split():
        padded = f" {word} "
        for n in range(low, high + 1):
            yield padded[:n]
            for i in range(1, len(padded) - n + 1):
                yield padded[i : i + n]
            if len(padded) <= n:
                break


ANALYZERS: dict[str, Callable[[str, int, int], Iterator[str]]] = {"word": word_ngrams, "char_wb": char_wb_ngrams}


class TfidfFeatures:
    """Sparse TF-IDF rows: for a text, the columns that are not zero and their values.

    Term counts are damped to 1 + log(count), weighted by `idf` (n_terms,) and scaled to unit
    length within each block; a block's columns follow the block before it.
    """

    def __init__(self, blocks: tuple[TfidfBlock, ...], idf: npt.NDArray[np.float32]) -> None:
        self._blocks = blocks
        self._idf = idf
        self._columns: list[dict[str, int]] = []
        start = 0
        for block in blocks:
            self._columns.append({term: start + i for i, term in enumerate(block.terms)})
            start += len(block.terms)

    def row(self, text: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """(columns, values) of one text, in ascending column order within each block."""
        all_columns, all_values = [], []
        for block, index in zip(self._blocks, self._columns, strict=True):
            counts = Counter(ANALYZERS[block.analyzer](text, *block.ngram_range))
            known = sorted((index[term], count) for term, count in counts.items() if term in index)
            if not known:
                continue
            columns = np.array([column for column, _ in known], dtype=np.int64)
            values = (1.0 + np.log(np.array([count for _, count in known], dtype=np.float32))) * self._idf[columns]
            all_columns.append(columns)
            all_values.append((values / np.linalg.norm(values)).astype(np.float32))
        if not all_columns:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        return np.concatenate(all_columns), np.concatenate(all_values)
