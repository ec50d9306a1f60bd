"""Plain text and Markdown to articles."""

import pytest

from communique.serve.read_text import read_text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("It [left](http://x/a_(b)) at noon.", "It left at noon."),
        ("![a lamp](x.png)It [left [at](y) noon.", "It [left at noon."),
        ("**a **b** c", "**a b c"),
        ("__one__ *two* ***three***", "one two three"),
        ("3 * 4 ** 5 and a_b__c", "3 * 4 ** 5 and a_b__c"),
        ("# Title\n\n> A line.", "Title\n\nA line."),
    ],
)
def test_markdown_keeps_the_words(source: str, words: str) -> None:
    assert read_text(source.encode(), "a.md", markdown=True).text == words


def test_front_matter_values_are_stripped() -> None:
    source = '---\ntitle:  "Ferry"  \ndate:\nlang:en\n---\nIt left.\n'
    found = read_text(source.encode(), "a.md", markdown=True)
    assert (found.title, found.published, found.language, found.text) == ("Ferry", None, "en", "It left.\n")
