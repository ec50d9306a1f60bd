from collections.abc import Sequence

import numpy as np

from communique.model.classifier import Scores
from communique.model.pieces import LONGEST, PIECE, PiecewiseClassifier, part, pieces
from communique.model.predictions import Span
from communique.model.texts import TitledText

SENTENCE = "The council met and talked about the roads again. "  # nine words
FOUND = "The truce holds."


class Finder:
    """Looks for one sentence: a logit of 1 where it stands, less the more words there are beside it."""

    def scores(self, texts: Sequence[str]) -> Scores:
        logits = np.array([[1 - len(t.split()) / 1000 if FOUND in t else -1.0] for t in texts], dtype=np.float32)
        starts = [t.find(FOUND) - (t.start if isinstance(t, TitledText) else 0) for t in texts]
        spans = tuple((Span(FOUND, at, at + len(FOUND)) if FOUND in t else None,)
                      for t, at in zip(texts, starts, strict=True))  # fmt: skip
        stance = np.stack([1 - logits, logits], axis=2)
        return Scores(logits, stance, np.array([FOUND in t for t in texts]), spans, spans)


def test_a_short_text_is_read_whole_and_a_long_one_between_sentences() -> None:
    assert pieces("") == [(0, 0)]
    short = SENTENCE * (LONGEST // 9)
    assert pieces(short) == [(0, len(short))]
    long = "  " + SENTENCE * 40
    found = [long[start:end] for start, end in pieces(long)]
    assert " ".join(found) == long.strip()
    assert all(text.startswith("The") and text.endswith("again.") for text in found)
    assert max(len(text.split()) for text in found) - min(len(text.split()) for text in found) <= 9
    assert all(len(text.split()) <= PIECE + 9 for text in found)


def test_words_without_a_full_stop_are_cut_too_and_none_is_lost() -> None:
    text = " ".join(f"w{n}" for n in range(1000)) + ". " + SENTENCE
    found = [text[start:end] for start, end in pieces(text)]
    assert " ".join(found).split() == text.split()
    assert max(len(one.split()) for one in found) <= 2 * PIECE


def test_a_long_text_takes_its_surest_piece_with_places_in_the_whole() -> None:
    long = SENTENCE * 30 + FOUND + " " + SENTENCE * 30
    whole = PiecewiseClassifier(Finder())
    quiet, scores = (whole.scores([text]) for text in (SENTENCE, long))
    assert quiet.topic_logits[0, 0] == -1
    mixed = whole.scores([SENTENCE, long, FOUND, TitledText("A title", long)])
    np.testing.assert_allclose(mixed.topic_logits[:3, 0], [-1.0, scores.topic_logits[0, 0], 0.997], rtol=1e-6)
    assert scores.topic_logits[0, 0] > 1 - 2 * PIECE / 1000  # not that of all 543 words
    np.testing.assert_allclose(scores.stance[0, 0], [1 - scores.topic_logits[0, 0], scores.topic_logits[0, 0]])
    assert scores.truncated.tolist() == [True]
    for row in (1, 3):
        for spans in (mixed.holders, mixed.evidence):
            span = spans[row][0] if spans else None
            assert span is not None
            assert long[span.start : span.end] == FOUND == span.text


def test_each_piece_stands_behind_the_title() -> None:
    piece = part(TitledText("A title", "One. Two."), (5, 9))
    assert piece == "A title\n\nTwo."
    assert isinstance(piece, TitledText)
    assert piece[piece.start :] == "Two."
