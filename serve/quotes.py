"""Quotations that run over paragraphs."""

from collections.abc import Sequence

from communique.model.texts import Paragraph


def quote_starts(paragraphs: Sequence[Paragraph]) -> list[int | None]:
    return [None] * len(paragraphs)
