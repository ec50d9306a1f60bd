"""The report in Chromium: what a reader does with it, and what an article must not be able to do.

Needs Playwright and Debian's chromium.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from communique.serve.report_folder import ScoredFolder
from communique.serve.report_page import build_report, write_report

playwright = pytest.importorskip("playwright.sync_api")

Scored = Callable[..., ScoredFolder]
FAVOR, AGAINST = (0.9, 0.05, 0.05), (0.05, 0.9, 0.05)
EVIL = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
ROWS = [
    {
        "article": f"a{n // 2}",
        "title": f"Story {n // 2}",
        "outlet": "North" if n % 4 < 2 else "South",
        "published": f"2024-{n % 12 + 1:02}-01",
        "text": f"The \N{SLEUTH OR SPY} army said no. It rained on day {n}.",
        "truce": (0.9 if n % 2 else 0.1, AGAINST if n % 3 else FAVOR),
        "truce.holder": "army",
        "truce.evidence": f"It rained on day {n}.",
        "confidence": 0.6 if n % 4 else 0.99,
    }
    for n in range(100)
]


def status(page: Any, expected: str) -> None:
    playwright.expect(page.locator("#status")).to_have_text(expected)


def test_filters_and_search(scored: Scored, show: Callable[..., Any]) -> None:
    page = show(scored(ROWS))
    status(page, "50 paragraphs in 50 articles")
    page.select_option("#topic", label="all")
    status(page, "100 paragraphs in 50 articles")
    page.select_option("#topic", label="on truce")
    page.select_option("#stance", label="▲ favor")
    status(page, "17 paragraphs in 17 articles")
    page.select_option("#outlet", label="South (25)")
    status(page, "9 paragraphs in 9 articles")
    page.fill("#from", "2024-06-01")
    page.fill("#to", "2024-06-30")
    status(page, "Nothing matches these filters.")
    page.click("text=Clear all")
    page.fill("#query", "RAINED 77.")
    status(page, "1 paragraph in 1 article")
    assert page.locator("mark").all_text_contents() == ["rained", "77."]
    page.fill("#query", "")
    page.select_option("#topic", label="all")
    page.select_option("#confidence", label="at least 95 %")
    status(page, "25 paragraphs in 25 articles")


def test_pages_and_whole_articles(scored: Scored, show: Callable[..., Any]) -> None:
    page = show(scored(ROWS))
    assert page.locator("#results article").count() == 20
    page.click("#next")
    playwright.expect(page.locator("#place")).to_have_text("Page 2 of 3")
    article = page.locator("#results article").first
    assert article.locator(".item").count() == 1
    article.get_by_role("button", name="Show all 2 paragraphs").click()
    assert article.locator(".item").count() == 2


def test_evidence_and_holder_are_marked_where_they_stand(scored: Scored, show: Callable[..., Any]) -> None:
    page = show(scored(ROWS[:2]))
    assert page.locator("#results .evidence").all_text_contents() == ["It rained on day 1."]
    assert page.locator("#results .holder").all_text_contents() == ["army"]
    assert "held by army" in page.locator("#results .tags").inner_text()


def test_an_outlet_leads_to_its_paragraphs_by_keyboard(scored: Scored, show: Callable[..., Any]) -> None:
    page = show(scored(ROWS))
    page.get_by_role("button", name="South").first.focus()
    page.keyboard.press("Enter")
    status(page, "25 paragraphs in 25 articles")
    assert page.evaluate("document.activeElement.id") == "articles-title"


def test_hostile_articles_do_nothing(scored: Scored, show: Callable[..., Any]) -> None:
    row = dict.fromkeys(("text", "title", "outlet", "published", "path", "truce.holder", "truce.evidence"), EVIL)
    page = show(scored([{**row, "truce": (1.0, FAVOR)}]))
    page.fill("#query", "<img")
    status(page, "1 paragraph in 1 article")
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert EVIL in page.locator("#results .para").inner_text()


def test_without_javascript_the_charts_are_there(scored: Scored, show: Callable[..., Any]) -> None:
    page = show(scored(ROWS), java_script_enabled=False)
    assert page.locator("svg[role=img]").count() == 8
    assert "needs JavaScript" in page.locator("body").inner_text()
    for name in ("#filters", "#legend", "#pager", "#elsewhere"):
        assert page.locator(name).is_hidden()
    assert page.get_by_role("button", disabled=False).count() == 0


def test_one_page_of_articles_has_no_pager(scored: Scored, show: Callable[..., Any]) -> None:
    page = show(scored(ROWS))
    assert page.locator("#pager").is_visible()
    page.fill("#query", "RAINED 77.")
    status(page, "1 paragraph in 1 article")
    assert page.locator("#pager").is_hidden()


@pytest.mark.parametrize(
    ("scheme", "ink", "hue"), [("light", "29, 28, 26", "23, 101, 128"), ("dark", "233, 231, 225", "116, 195, 221")]
)
def test_charts_have_the_colours_of_the_page(
    scored: Scored, show: Callable[..., Any], scheme: str, ink: str, hue: str
) -> None:
    page = show(scored(ROWS), color_scheme=scheme)
    colours = "(nodes, key) => [...new Set(nodes.map((node) => getComputedStyle(node)[key]))]"
    first = page.locator("figure:has-text('by outlet') svg").first
    assert first.locator("text:text('North')").evaluate_all(colours, "fill") == [f"rgb({ink})"]
    assert first.locator("path:has(title)").evaluate_all(colours, "fill") == [f"rgb({hue})"]
    assert first.locator("text:text('%')").evaluate_all("(nodes) => nodes.length") == 5


def test_an_old_browser_is_told_what_it_lacks(scored: Scored, browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    write_report(build_report(scored(ROWS)), file)
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(file.as_uri())
    playwright.expect(page.locator("#status")).to_contain_text("has no DecompressionStream")
    page.close()


def test_a_phone_does_not_scroll_sideways(scored: Scored, show: Callable[..., Any]) -> None:
    page = show(scored(ROWS), viewport={"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_phone_reads_one_article_and_two_articles(scored: Scored, show: Callable[..., Any]) -> None:
    rows = [ROWS[1], ROWS[5], ROWS[3], {**ROWS[3], "text": "A truce."}]
    page = show(scored(rows), viewport={"width": 360, "height": 800})
    label = "(all) => all.map((one) => one.textContent + getComputedStyle(one, '::after').content)"
    assert page.locator("td[data-label^=article]").evaluate_all(label) == ['2" articles"', '1" article"']


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_no_violation(
    scored: Scored, show: Callable[..., Any], axe: Callable[[Any], list[Any]], scheme: str, width: int
) -> None:
    viewport = {"width": width, "height": 900}
    rows = [{**row, "truce.holder": f"army {n}"} for n, row in enumerate(ROWS)]
    page = show(scored(rows), color_scheme=scheme, viewport=viewport, bypass_csp=True)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert axe(page) == []
