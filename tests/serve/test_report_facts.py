from collections.abc import Callable

import pytest

from communique.serve.report_facts import failures, headline, skipped
from communique.serve.report_folder import ScoredFolder

Scored = Callable[..., ScoredFolder]


def test_the_headline_counts(scored: Scored) -> None:
    rows = [
        {"article": "a", "text": "One.", "outlet": "North", "published": "2024-05-03", "abstained": True},
        {"article": "b", "text": "one", "outlet": " ", "published": "soon", "truncated": True, "content_lost": True},
    ]
    folder = scored(rows, articles=[{"article_id": "s", "skipped": "language: fr"}] * 2)
    with folder.connect() as connection:
        facts = headline(connection, folder)
        left_out = skipped(connection)
    assert (facts.articles, facts.paragraphs, facts.copies, facts.abstained, facts.truncated) == (2, 2, 1, 1, 1)
    assert (facts.outlets, facts.without_outlet, facts.undated, facts.content_lost) == (1, 1, 1, 1)
    assert (facts.first, facts.last, facts.confidence) == ("2024-05-03", "2024-05-03", pytest.approx(0.9))
    assert left_out == [("language: fr", 2)]


def test_failures_are_counted_and_odd_lines_ignored(scored: Scored) -> None:
    one = {"path": "x", "record": 0, "stage": "read", "error": "InputError", "message": "m"}
    found = failures(scored([{}], failures=[*[one] * 120, "nonsense", "[1]"]))
    assert (found.total, found.counts, len(found.first)) == (120, [("read", "InputError", 120)], 100)


def test_a_copy_does_not_move_the_mean_confidence(scored: Scored) -> None:
    folder = scored([{"text": "One.", "confidence": 0.9}] * 3 + [{"text": "Two.", "confidence": 0.5}])
    with folder.connect() as connection:
        assert headline(connection, folder).confidence == pytest.approx(0.7)
