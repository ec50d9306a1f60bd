"""Which language an article is in."""

from functools import cache
from typing import Any

from communique.model.texts import Article

MIN_LETTERS = 120
SAMPLE = 1_500


def article_language(article: Article) -> str | None:
    """ISO 639-1 code: detected from the text where there is enough of it, else as the source says.

    The text goes before the source's claim, since templates declare languages they are not in.
    """
    if sum(character.isalpha() for character in article.text[:SAMPLE]) >= MIN_LETTERS:
        return str(_identifier().classify(article.text[:SAMPLE])[0])
    return None if article.language is None else article.language.split("-")[0].lower()


@cache
def _identifier() -> Any:
    import py3langid

    return py3langid
