"""Search and marks of the report's article browser, in Chromium."""

from collections.abc import Callable
from typing import Any

import pytest

from communique.model.taxonomy import Taxonomy
from communique.serve.report_folder import ScoredFolder

playwright = pytest.importorskip("playwright.sync_api")

Scored = Callable[..., ScoredFolder]
FAVOR, AGAINST = (0.9, 0.05, 0.05), (0.05, 0.9, 0.05)
TEXTS = [
    ("Moldova’s capital, Chișinău, praised the African Union.", 0.9),
    ("The union of African states met in CHISiNAu.", 0.1),
    ("Die Straße nach Łódź.", 0.1),
]
ROWS = [{"text": text, "truce": (p, FAVOR)} for text, p in TEXTS]


def status(page: Any, expected: str) -> None:
    playwright.expect(page.locator("#status")).to_have_text(expected)


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("chisinau", ["Chișinău", "CHISiNAu"]),
        ("CHIȘINĂU", ["Chișinău", "CHISiNAu"]),
        ('"african union"', ["African Union"]),
        ("“African Un", ["African Un"]),
        ("african union", ["African", "Union", "union", "African"]),
        ("moldova's", ["Moldova’s"]),
        ("strass lodz", ["Straß", "Łódź"]),
        ("strasse", ["Straße"]),
    ],
)
def test_a_search_finds_words_and_phrases_whatever_their_accents(
    scored: Scored, show: Callable[..., Any], query: str, marked: list[str]
) -> None:
    page = show(scored(ROWS))
    page.select_option("#topic", label="all")
    page.fill("#query", query)
    playwright.expect(page.locator("mark")).to_have_text(marked)


def test_hits_off_topic_are_counted_and_shown(scored: Scored, show: Callable[..., Any]) -> None:
    page = show(scored(ROWS))
    button = page.locator("#elsewhere")
    assert button.is_hidden()
    page.fill("#query", "african")
    status(page, "1 paragraph in 1 article")
    playwright.expect(button).to_have_text("Show 1 more paragraph with these words, on no topic")
    page.fill("#query", "strasse")
    status(page, "Nothing matches these filters.")
    button.press("Enter")
    status(page, "1 paragraph in 1 article")
    assert button.is_hidden()
    assert page.evaluate("document.activeElement.id") == "articles-title"


def test_hits_outside_a_chosen_stance_are_counted_too(scored: Scored, show: Callable[..., Any]) -> None:
    page = show(scored(ROWS))
    page.select_option("#stance", label="▼ against")
    page.fill("#query", "african")
    playwright.expect(page.locator("#elsewhere")).to_have_text(
        "Show 2 more paragraphs with these words, beyond this choice of topic and stance"
    )


def test_each_topic_of_a_paragraph_has_its_own_marks(scored: Scored, show: Callable[..., Any]) -> None:
    row = {"text": "The army and the town met. They want rain.", "truce": (0.9, FAVOR), "guard": (0.8, AGAINST)}
    spans = {"truce.holder": "The army", "guard.holder": "the town", "rain": (0.7, ())}
    spans |= {"truce.evidence": "They want rain.", "guard.evidence": "They want rain."}
    page = show(scored([row | spans]))
    item = page.locator("#results .item")
    assert item.locator(".chip").all_inner_texts() == [
        "truce\n▲ favor\ntopic 90\N{NO-BREAK SPACE}%, stance 90\N{NO-BREAK SPACE}%, held by The army",
        "guard\n▼ against\ntopic 80\N{NO-BREAK SPACE}%, stance 90\N{NO-BREAK SPACE}%, held by the town",
        "rain\n70\N{NO-BREAK SPACE}%",
    ]
    styles = "(all) => all.map((one) => getComputedStyle(one).borderLeftStyle)"
    assert item.locator(".edge span").evaluate_all(styles) == ["solid", "dashed", "dotted"]
    lines = "(all) => all.map((one) => getComputedStyle(one).textDecorationStyle)"
    assert sorted(item.locator(".evidence").evaluate_all(lines)) == ["dashed", "solid"]
    assert item.locator(".holder.t0").all_inner_texts() == ["The army"]
    assert item.locator(".holder.t1").all_inner_texts() == ["the town"]


def test_the_legend_explains_every_topic_and_sign(
    scored: Scored, show: Callable[..., Any], exclusive_taxonomy: Taxonomy
) -> None:
    page = show(scored([{"text": "One.", "truce": (0.9, FAVOR)}]))
    shown = page.locator("#legend").inner_text()
    for part in ("truce", "guard", "rain", "▲ favor", "▼ against", "● neutral", "○ topic without", "· no topic"):
        assert part in shown.replace("\n", " ")
    plain = show(scored([{"sport": (0.9, ())}], exclusive_taxonomy, name="plain"))
    assert "▲" not in plain.locator("#legend").inner_text()
