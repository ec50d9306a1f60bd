"""Texts far longer than the paragraphs a model learned from, read in pieces.

A passage on a topic is lost among hundreds of words on other things: they outweigh its terms, and no model was shown
the like. The pieces are cut between sentences and are about as long as the paragraphs of the corpus.
"""

import re
from collections.abc import Iterator, Sequence
from math import ceil

import numpy as np

from communique.model.classifier import Classifier, Scores
from communique.model.predictions import Span
from communique.model.spans import sentences
from communique.model.texts import TitledText

WORD = re.compile(r"\S+")
Spans = tuple[tuple[Span | None, ...], ...] | None
# Words: the longest text that is read whole (no paragraph of the corpus's validation split is longer), and about how
# long pieces are at most (chosen on that split's articles, each run together into one text).
LONGEST, PIECE = 160, 60


class PiecewiseClassifier:
    """A long text takes, for each topic, the piece that is surest of it: its logit, stance, holder and evidence."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    def scores(self, texts: Sequence[str]) -> Scores:
        """Score texts; the pieces of all are scored together."""
        places = [pieces(body(text)) for text in texts]
        if all(len(of_text) == 1 for of_text in places):
            return self.classifier.scores(texts)
        scores = self.classifier.scores([part(texts[n], place) for n, of in enumerate(places) for place in of])
        return surest(scores, places)


def body(text: str) -> str:
    """A text without its title."""
    return text[text.start :] if isinstance(text, TitledText) else text


def part(text: str, place: tuple[int, int]) -> str:
    """A piece of a text, behind the title if it has one."""
    piece = body(text)[slice(*place)]
    return TitledText(text[: text.start - 2], piece) if isinstance(text, TitledText) else piece


def pieces(text: str) -> list[tuple[int, int]]:
    """(start, end) of the pieces of a text of more than LONGEST words, about evenly long; else the whole text's."""
    if len(text) < 2 * LONGEST or len(text.split()) <= LONGEST:
        return [(0, len(text))]
    runs = [run for place in sentences(text) for run in runs_of_words(text, *place)]
    counts = np.array([len(text[start:end].split()) for start, end in runs])
    middles = np.cumsum(counts) - counts / 2
    of_run = (middles * ceil(counts.sum() / PIECE) / counts.sum()).astype(int)
    firsts = np.flatnonzero(np.diff(of_run, prepend=-1))
    lasts = [*(firsts[1:] - 1), len(runs) - 1]
    return [(runs[first][0], runs[last][1]) for first, last in zip(firsts, lasts, strict=True)]


def runs_of_words(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence's (start, end), or those of runs of PIECE words where it is longer than LONGEST."""
    words = [match.span() for match in WORD.finditer(text, start, end)]
    step = PIECE if len(words) > LONGEST else len(words)
    for first in range(0, len(words), step):
        yield words[first][0], words[min(first + step, len(words)) - 1][1]


def surest(scores: Scores, places: list[list[tuple[int, int]]]) -> Scores:
    """The scores of texts from those of their pieces, in order; spans count in the text again."""
    n_topics = scores.topic_logits.shape[1]
    columns = np.arange(n_topics)
    ends = np.cumsum([len(of_text) for of_text in places])
    starts = ends - [len(of_text) for of_text in places]
    chosen = np.array([a + scores.topic_logits[a:z].argmax(axis=0) for a, z in zip(starts, ends, strict=True)])
    begins = [place[0] for of_text in places for place in of_text]

    def moved(spans: Spans) -> Spans:
        if spans is None:
            return None
        return tuple(tuple(shifted(spans[row][t], begins[row]) for t, row in enumerate(rows)) for rows in chosen)

    return Scores(
        scores.topic_logits[chosen, columns],
        scores.stance[chosen, columns],
        np.array([scores.truncated[a:z].any() for a, z in zip(starts, ends, strict=True)], dtype=np.bool_),
        moved(scores.holders),
        moved(scores.evidence),
    )


def shifted(span: Span | None, by: int) -> Span | None:
    """A span of a piece as one of the text that the piece begins in at `by`."""
    return None if span is None else Span(span.text, span.start + by, span.end + by)
