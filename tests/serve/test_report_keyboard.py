"""The report without a mouse, in Chromium."""

from collections.abc import Callable
from typing import Any

import pytest

from communique.serve.report_folder import ScoredFolder

playwright = pytest.importorskip("playwright.sync_api")

Scored = Callable[..., ScoredFolder]
FAVOR, AGAINST = (0.9, 0.05, 0.05), (0.05, 0.9, 0.05)
ROWS = [
    {
        "article": f"a{n // 2}",
        "outlet": "North" if n % 4 < 2 else "South",
        "published": f"2024-{n % 12 + 1:02}-01",
        "text": f"Paragraph {n}.",
        "truce": (0.9 if n % 2 else 0.1, AGAINST if n % 3 else FAVOR),
        "truce.holder": f"holder {n}",
    }
    for n in range(60)
]
# What the Tab key should reach, in the order of the page.
REACHABLE = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
    .filter((one) => !one.disabled && one.tabIndex >= 0 && one.checkVisibility())"""
# The focused element's place among them, or -1; and whether it can be seen that it has the focus.
FOCUSED = """(reachable) => {
    const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
    const under = document.querySelector("nav").getBoundingClientRect().bottom;
    const seen = box.bottom > 0 && box.top < innerHeight && box.width > 1;
    const covered = !one.closest("nav, .skip, header") && box.top < under && box.bottom <= under;
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return [reachable.indexOf(one), seen && !covered && ring];
}"""


def tab(page: Any, times: int) -> None:
    for _ in range(times):
        page.keyboard.press("Tab")


@pytest.mark.parametrize("width", [1280, 360])
def test_tab_reaches_everything_in_order_and_shows_where_it_is(
    scored: Scored, show: Callable[..., Any], width: int
) -> None:
    page = show(scored(ROWS), viewport={"width": width, "height": 700})
    reachable = page.evaluate_handle(REACHABLE)
    places: list[int] = []
    for _ in range(page.evaluate("(all) => all.length + 40", reachable)):
        page.keyboard.press("Tab")
        place, visible = page.evaluate(FOCUSED, reachable)
        if place < 0:
            break  # past the last one
        assert visible, page.evaluate("document.activeElement.outerHTML")
        if not places or places[-1] != place:  # a date has several stops
            places.append(place)
    assert places == list(range(page.evaluate("(all) => all.length", reachable)))


def test_the_first_tab_skips_to_the_report(scored: Scored, show: Callable[..., Any]) -> None:
    page = show(scored(ROWS))
    tab(page, 1)
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    tab(page, 1)
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_filters_work_by_keyboard(scored: Scored, show: Callable[..., Any]) -> None:
    page = show(scored(ROWS))
    status = page.locator("#status")
    page.focus("#query")
    page.keyboard.type('"paragraph 7."')
    playwright.expect(status).to_have_text("1 paragraph in 1 article")
    page.keyboard.press("Enter")  # sends no form
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    tab(page, 1)
    page.keyboard.type("all")
    playwright.expect(status).to_have_text("60 paragraphs in 30 articles")
    tab(page, 1)
    page.keyboard.press("ArrowDown")
    playwright.expect(status).to_have_text("10 paragraphs in 10 articles")
    tab(page, 2)
    page.keyboard.type("06022024")
    playwright.expect(status).to_have_text("5 paragraphs in 5 articles")
    page.get_by_role("button", name="Clear all").focus()
    page.keyboard.press("Space")
    playwright.expect(status).to_have_text("30 paragraphs in 30 articles")


def test_pages_turn_and_articles_open_by_keyboard(scored: Scored, show: Callable[..., Any]) -> None:
    page = show(scored(ROWS))
    page.focus("#next")
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#place")).to_have_text("Page 2 of 2")
    assert page.evaluate("document.activeElement.id") == "articles-title"
    more = page.locator("#results article").first.get_by_role("button")
    more.focus()
    page.keyboard.press("Space")
    assert more.get_attribute("aria-expanded") == "true"
    assert more.evaluate("(one) => one === document.activeElement")
