"""TF-IDF in numpy gives scikit-learn's numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from communique.model.tfidf import TfidfBlock, TfidfFeatures, char_wb_ngrams, word_ngrams

TRAINING = [
    "The truce holds, the truce breaks; a truce is a TRUCE.",
    "A guard of a guard: who guards them at 6 p.m.?",
    "Перемирие нарушено, говорит министр обороны. Перемирие!",
    "停火协议 已经 签署 停火",
    "I a b c go to it is of",
    "naïve café — coöperate, don't",
    "وقف إطلاق النار في المدينة",
]
ODD = [
    *TRAINING,
    "",
    " \n\t ",
    "a",
    "I I I",
    "xq",
    "truce",
    "truce truce truce truce",
    "truce\n\n\ttruce\u00a0guard\u2003guard",
    "TRUCE İstanbul ẞ ﬁ",
    "under_score __ 1,000.5 3rd",
    "🕊 🕊🕊 e\u0301 ",
    "nothing known here whatsoever",
    "The guard of the truce " * 500,
    "t" * 3000,
]


def fitted(analyzer: str, ngrams: tuple[int, int]) -> TfidfVectorizer:
    vectorizer = TfidfVectorizer(analyzer=analyzer, ngram_range=ngrams, sublinear_tf=True, dtype=np.float32)
    return vectorizer.fit(TRAINING)


def features(*vectorizers: TfidfVectorizer) -> TfidfFeatures:
    blocks = tuple(
        TfidfBlock(analyzer=v.analyzer, ngram_range=v.ngram_range, terms=tuple(v.get_feature_names_out()))
        for v in vectorizers
    )
    return TfidfFeatures(blocks, np.concatenate([v.idf_ for v in vectorizers]).astype(np.float32))


def dense(rows: TfidfFeatures, text: str, width: int) -> np.ndarray:
    columns, values = rows.row(text)
    vector = np.zeros(width, dtype=np.float32)
    vector[columns] = values
    return vector


@pytest.mark.parametrize(
    ("analyzer", "ngrams"),
    [
        ("word", (1, 1)),
        ("word", (1, 2)),
        ("word", (2, 3)),
        ("char_wb", (1, 3)),
        ("char_wb", (2, 5)),
        ("char_wb", (6, 6)),
    ],
)
def test_parity_with_scikit_learn(analyzer: str, ngrams: tuple[int, int]) -> None:
    vectorizer = fitted(analyzer, ngrams)
    rows = features(vectorizer)
    for text, expected in zip(ODD, vectorizer.transform(ODD).toarray(), strict=True):
        assert dense(rows, text, len(expected)) == pytest.approx(expected, abs=1e-6), text


@given(text=st.text(max_size=60))
def test_the_same_terms_from_any_text(text: str) -> None:
    for analyzer, ngrams, ours in (("word", (1, 2), word_ngrams), ("char_wb", (1, 4), char_wb_ngrams)):
        theirs = TfidfVectorizer(analyzer=analyzer, ngram_range=ngrams).build_analyzer()
        assert sorted(ours(text, *ngrams)) == sorted(theirs(text))


def test_blocks_follow_one_another() -> None:
    word, char = fitted("word", (1, 1)), fitted("char_wb", (3, 3))
    expected = np.hstack([v.transform(["the truce", "xq"]).toarray() for v in (word, char)])
    both = features(word, char)
    assert dense(both, "the truce", expected.shape[1]) == pytest.approx(expected[0], abs=1e-6)
    assert dense(both, "xq", expected.shape[1]) == pytest.approx(expected[1], abs=1e-6)


@pytest.mark.parametrize(
    ("text", "terms"),
    [("A b cd", [" a ", " b ", " cd", "cd "]), ("", []), ("  x  ", [" x "]), ("ab\ncd", [" ab", "ab ", " cd", "cd "])],
)
def test_character_ngrams_stay_inside_words(text: str, terms: list[str]) -> None:
    assert list(char_wb_ngrams(text, 3, 3)) == terms


def test_a_short_word_is_taken_whole_once() -> None:
    assert list(char_wb_ngrams("a", 3, 5)) == [" a "]


@pytest.mark.parametrize(
    ("text", "terms"), [("A red, RED hat", ["red", "red", "hat", "red red", "red hat"]), ("a", []), ("red", ["red"])]
)
def test_word_ngrams(text: str, terms: list[str]) -> None:
    assert list(word_ngrams(text, 1, 2)) == terms
