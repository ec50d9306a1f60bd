"""The pages by keyboard, on a phone, with a token, and under axe."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from try_it_page import ARTICLE, tag

FOCUS = """() => { const one = document.activeElement, style = getComputedStyle(one);
    const ring = one.id === 'file' ? getComputedStyle(document.querySelector('label[for=file]')) : style;
    return [one.id || one.textContent.trim(), ring.outlineStyle !== 'none' && parseFloat(ring.outlineWidth) >= 2]; }"""


def test_tab_walks_through_the_page_in_order_and_shows_where_it_is(page: Any) -> None:
    page.evaluate("document.body.focus()")
    fields = ["title", "text", "tag", "example", "file"]
    assert walk(page, 7) == ["Skip to the article", "API documentation", *fields]
    tag(page)
    sliders = ["threshold-truce", "threshold-guard", "threshold-rain"]
    assert page.evaluate("document.activeElement.id") == "results"
    found = walk(page, 7)
    assert found[0] == "Topics and thresholds"
    assert found[1:] == [*sliders, "reset", "only", "copy-json"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    assert page.locator(".paragraph").count() == 2


def walk(page: Any, steps: int) -> list[str]:
    """Where Tab leads; every stop must show that it has the focus."""
    stops = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        name, shown = page.evaluate(FOCUS)
        assert shown, f"{name} does not show that it has the focus"
        stops.append(name)
    return stops


def test_skip_links_lead_to_what_is_there(page: Any) -> None:
    skip = page.get_by_role("link", name="Skip to the article")
    skip.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "form"
    assert page.get_by_role("link", name="Skip to the results").count() == 0
    tag(page)
    page.get_by_role("link", name="Skip to the results").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "results"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_phone_does_not_scroll_sideways(browser: Any, client: httpx.Client, path: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{client.base_url}{path}")
    if path == "/":
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        tag(page, f"They praise the truce. {'x' * 300}\n\n{ARTICLE}")
        assert page.locator("#sliders").is_hidden()  # folded away: the article comes first
        page.locator("summary").click()
    else:
        page.wait_for_selector("section.card")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_a_token_is_asked_for(browser: Any, live: Callable, bundle: Any) -> None:
    with live(bundle, token="s3cret") as client:
        page = browser.new_page()
        page.goto(str(client.base_url))
        page.fill("#text", ARTICLE)
        page.click("#tag")
        page.wait_for_selector("#token", state="visible")
        assert "Authorization" in page.get_by_role("alert").inner_text()
        page.fill("#token", "s3cret")
        tag(page)
        page.close()


def test_the_documentation_names_every_path(browser: Any, client: httpx.Client) -> None:
    page = browser.new_page()
    page.goto(f"{client.base_url}/docs")
    page.wait_for_selector("section.card")
    shown = page.inner_text("main")
    assert all(path in shown for path in client.get("/openapi.json").json()["paths"])
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("path", "width"), [("/", 1200), ("/", 390), ("/docs", 1200)])
def test_no_accessibility_problem_is_found(
    browser: Any, client: httpx.Client, axe: Callable[[Any], list[Any]], scheme: str, path: str, width: int
) -> None:
    context = browser.new_context(bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{client.base_url}{path}")
    if path == "/":
        tag(page)
        page.evaluate("document.getElementById('controls').open = true")
        page.get_by_label("truce").fill("0.99")  # marks a confidence as that of other thresholds
        page.get_by_label("rain").fill("0.01")
    else:
        page.wait_for_selector("section.card")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
