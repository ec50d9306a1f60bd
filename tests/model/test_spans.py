import numpy as np
import pytest

from communique.model.predictions import Span
from communique.model.spans import evidence_span, holder_span, sentences

TEXT = "The envoy said no. Gen. Ado left."
OFFSETS = [(0, 3), (4, 9), (10, 14), (15, 17), (17, 18), (19, 22), (22, 23), (24, 27), (28, 32), (32, 33)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEXT, ["The envoy said no.", "Gen. Ado left."]),
        ('"Stop!" he said. "Now?" she asked.', ['"Stop!" he said.', '"Now?" she asked.']),
        ("One line\nanother line", ["One line", "another line"]),
        ("No end", ["No end"]),
        ("It cost 3.5 million. Mr. Ode paid.", ["It cost 3.5 million.", "Mr. Ode paid."]),
        ("  ", []),
        ("It must hold.\r\nnobody spoke", ["It must hold.", "nobody spoke"]),
        (
            "He left. Élodie spoke. «Über alles?» asked Žana.",
            ["He left.", "Élodie spoke.", "«Über alles?» asked Žana."],
        ),
        ("He left... and came back.", ["He left... and came back."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


def logits(first: int, last: int, none: float = 0.0) -> np.ndarray:
    """Start and end scores that point at tokens `first` to `last`; two rows of padding."""
    table = np.full((len(OFFSETS) + 3, 2), -5.0, dtype=np.float32)
    table[0] = none
    table[1 + first, 0] = table[1 + last, 1] = 3.0
    return table


def test_holder_is_read_from_start_and_end() -> None:
    assert holder_span(logits(0, 1), TEXT, OFFSETS) == Span("The envoy", 0, 9)


def test_a_space_that_a_tokenizer_counts_into_a_word_is_not_the_holders() -> None:
    counted = [(0, 3), (3, 9), *OFFSETS[2:]]
    assert holder_span(logits(1, 1), TEXT, counted) == Span("envoy", 4, 9)


def test_no_holder_where_none_scores_higher() -> None:
    assert holder_span(logits(0, 1, none=4.0), TEXT, OFFSETS) is None


def test_a_holder_does_not_end_before_it_starts() -> None:
    span = holder_span(logits(5, 2, none=-9.0), TEXT, OFFSETS)
    assert span is not None
    assert span.start < span.end


def test_an_empty_text_has_no_holder() -> None:
    assert holder_span(np.zeros((2, 2), dtype=np.float32), "", []) is None


@pytest.mark.parametrize(("token", "sentence"), [(1, "The envoy said no."), (8, "Gen. Ado left.")])
def test_evidence_is_the_sentence_with_most_attention(token: int, sentence: str) -> None:
    weights = np.full(len(OFFSETS) + 2, 0.01, dtype=np.float32)
    weights[1 + token] = 0.8
    found = evidence_span(weights, TEXT, OFFSETS)
    assert found is not None
    assert found.text == sentence == TEXT[found.start : found.end]


def test_spans_behind_a_title_count_from_the_paragraph() -> None:
    begin = TEXT.index("Gen.")
    assert holder_span(logits(0, 1), TEXT, OFFSETS, begin) is None
    assert holder_span(logits(5, 7), TEXT, OFFSETS, begin) == Span("Gen. Ado", 0, 8)
    on_the_title = np.zeros(len(OFFSETS) + 2, dtype=np.float32)
    on_the_title[2] = 1.0
    assert evidence_span(on_the_title, TEXT, OFFSETS, begin) == Span("Gen. Ado left.", 0, 14)
