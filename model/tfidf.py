"""TF-IDF features without scikit-learn: the same numbers as its TfidfVectorizer, from a vocabulary.

Two analysers: `word` (lower-cased words of two or more letters, n-grams of words) and `char_wb`
(character n-grams inside words padded with a space), as scikit-learn defines them; a parity test
holds the two implementations together.
"""

import re
from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

WORD = re.compile(r"(?u)\b\w\w+\b")
# How many words' columns are kept, some 300 bytes each, and how long a word may be for it.
WORDS_KEPT, LONGEST_KEPT = 50_000, 40


class TfidfBlock(BaseModel):
    """One analyser's settings; `terms` are the vocabulary in column order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    analyzer: Literal["word", "char_wb"]
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
    """The character n-grams of each space-padded word of a text, lower-cased."""
    for word in text.lower().split():
        yield from _ngrams_of_word(word, low, high)


def _ngrams_of_word(word: str, low: int, high: int) -> Iterator[str]:
    """A word shorter than n is taken whole, once."""
    padded = f" {word} "
    for n in range(low, high + 1):
        yield padded[:n]
        for i in range(1, len(padded) - n + 1):
            yield padded[i : i + n]
        if len(padded) <= n:
            break


class TfidfFeatures:
    """Sparse TF-IDF rows: for a text, the columns that are not zero and their values.

    Term counts are damped to 1 + log(count), weighted by `idf` (n_terms,) and scaled to unit
    length within each block; a block's columns follow the block before it.
    """

    def __init__(self, blocks: tuple[TfidfBlock, ...], idf: npt.NDArray[np.float32]) -> None:
        self._blocks = blocks
        self._idf = idf
        self._columns: list[dict[str, int]] = []
        self._words: list[dict[str, npt.NDArray[np.int64]]] = [{} for _ in blocks]
        start = 0
        for block in blocks:
            self._columns.append({term: start + i for i, term in enumerate(block.terms)})
            start += len(block.terms)

    def row(self, text: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """(columns, values) of one text, in ascending column order within each block."""
        all_columns, all_values = [], []
        for number, block in enumerate(self._blocks):
            occurring = self._of_words(number, text) if block.analyzer == "char_wb" else self._of_text(number, text)
            if not len(occurring):
                continue
            columns, counts = np.unique(occurring, return_counts=True)
            values = (1.0 + np.log(counts.astype(np.float32))) * self._idf[columns]
            all_columns.append(columns)
            all_values.append((values / np.linalg.norm(values)).astype(np.float32))
        if not all_columns:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        return np.concatenate(all_columns), np.concatenate(all_values)

    def _of_text(self, number: int, text: str) -> npt.NDArray[np.int64]:
        """The columns of the terms that occur in a text, as often as they occur."""
        index = self._columns[number]
        terms = word_ngrams(text, *self._blocks[number].ngram_range)
        return np.array([index[term] for term in terms if term in index], dtype=np.int64)

    def _of_words(self, number: int, text: str) -> npt.NDArray[np.int64]:
        """The same for character n-grams, which never cross words: a word's columns are kept for the
        next text that has it, since most words of a paragraph were met before."""
        known = self._words[number]
        found = []
        for word in text.lower().split():
            columns = known.get(word)
            if columns is None:
                columns = self._of_word(number, word)
                if len(word) <= LONGEST_KEPT:
                    if len(known) >= WORDS_KEPT:
                        known.clear()
                    known[word] = columns
            found.append(columns)
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def _of_word(self, number: int, word: str) -> npt.NDArray[np.int64]:
        index = self._columns[number]
        ngrams = _ngrams_of_word(word, *self._blocks[number].ngram_range)
        return np.array([index[ngram] for ngram in ngrams if ngram in index], dtype=np.int64)
