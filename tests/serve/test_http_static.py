"""The pages in a real browser; skipped where there is none."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARTICLE = "The mayor had words of praise for the truce on Monday.\n\nThey reject the guard.\n\nBuses ran as usual.\n"
HOSTILE = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script> They praise the truce "now" & more. 🙂'
needs_browser = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs /usr/bin/chromium")


def test_pages_are_files_that_a_browser_may_keep(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert client.get("/", headers={"if-none-match": page.headers["etag"]}).status_code == 304
    assert client.get("/static/page.js").headers["content-type"].startswith("text/javascript")
    assert {client.get(path).status_code for path in ("/static/nothing.js", "/static/..%2fcli.py", "/static/")} == {404}


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_hold_no_inline_script_or_style_and_load_nothing_from_elsewhere(client: httpx.Client, path: str) -> None:
    page = client.get(path).text
    assert "<style" not in page
    assert " style=" not in page
    assert "://" not in page
    assert page.count("<script") == page.count("<script src=")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, client: httpx.Client) -> Iterator[Any]:
    """The try-it page; any message on its console, such as a breach of the policy, fails the test."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(str(client.base_url))
    yield page
    context.close()
    assert problems == []


def tag(page: Any, text: str = ARTICLE) -> None:
    page.fill("#text", text)
    page.click("#tag")
    page.wait_for_selector(".paragraph")


@needs_browser
def test_paragraphs_show_topics_stances_and_confidence(page: Any) -> None:
    page.fill("#title", "A quiet day")
    tag(page)
    assert page.inner_text("#article-title") == "A quiet day"
    assert page.locator(".paragraph").count() == 3
    assert [chip.split()[0] for chip in page.locator(".chip").all_inner_texts()] == ["truce", "guard"]
    assert page.locator(".chip .stance").all_inner_texts()[0].startswith("▲ favor")
    assert page.locator(".chip .stance").all_inner_texts()[1].startswith("▼ against")
    assert "confidence" in page.inner_text(".sure")
    page.wait_for_selector("#status:has-text('3 paragraphs, 2 with a topic.')")


@needs_browser
def test_sliders_change_the_view_without_a_request(page: Any) -> None:
    tag(page)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.get_by_label("truce").fill("0.99")
    assert [chip.split()[0] for chip in page.locator(".chip").all_inner_texts()] == ["guard"]
    assert page.inner_text("#count-truce") == "0 of 3"
    page.get_by_label("rain").focus()
    page.keyboard.press("Home")
    assert page.locator(".chip", has_text="rain").count() == 3
    page.click("#reset")
    assert page.locator(".chip").count() == 2
    page.check("#only")
    assert page.locator(".paragraph").count() == 2
    assert requests == []


@needs_browser
def test_hostile_text_stays_text(page: Any) -> None:
    page.fill("#title", f"{HOSTILE} Or not")
    tag(page, HOSTILE)
    assert page.locator(".paragraph .text").inner_text() == HOSTILE
    assert page.inner_text("#article-title") == f"{HOSTILE} Or not"
    assert page.locator("main img, main script").count() == 0
    assert page.evaluate("window.hurt") is None


@needs_browser
def test_a_page_is_dropped_or_opened(page: Any, tmp_path: Path) -> None:
    file = tmp_path / "story.html"
    file.write_text(
        "<html><head><title>Calm</title></head><body><article><p>The mayor spoke on Monday with praise for the "
        "truce.</p><p>Buses ran as usual on every line of the city.</p></article></body></html>"
    )
    page.set_input_files("#file", str(file))
    page.wait_for_selector(".chip")
    assert page.inner_text("#article-title") == "Calm"
    page.evaluate(
        """() => { const data = new DataTransfer();
        data.items.add(new File(['They reject the guard.'], 'note.txt', {type: 'text/plain'}));
        dispatchEvent(new DragEvent('drop', {dataTransfer: data, cancelable: true})); }"""
    )
    page.wait_for_selector(".chip:has-text('guard')")
    assert page.input_value("#text") == "They reject the guard."


@needs_browser
def test_the_answer_is_copied(page: Any) -> None:
    tag(page, "=1+1 is no praise for the truce, “said” he.")
    page.click("#copy-json")
    page.wait_for_selector("#status:has-text('JSON')")
    assert json.loads(page.evaluate("navigator.clipboard.readText()"))["paragraphs"][0]["topics"] == ["truce"]
    page.click("#copy-csv")
    page.wait_for_selector("#status:has-text('CSV')")
    (row,) = csv.DictReader(io.StringIO(page.evaluate("navigator.clipboard.readText()")))
    assert (row["topic"], row["stance"]) == ("truce", "favor")
    assert row["text"].startswith("'=1+1")


@needs_browser
def test_marks_are_cut_at_code_points(page: Any) -> None:
    shown = page.evaluate(
        """async () => (await import('/static/marks.js')).pieces('🙂🙂 Ann says no. Yes.', [
        {number: 1, holder: {start: 3, end: 6}, evidence: 'Ann says no.'}])"""
    )
    assert shown == [
        {"text": "🙂🙂 "},
        {"text": "Ann", "holder": 1, "evidence": 1},
        {"text": " says no.", "evidence": 1},
        {"text": " Yes."},
    ]


@needs_browser
def test_errors_are_announced(page: Any) -> None:
    page.click("#tag")
    assert "Paste an article" in page.get_by_role("alert").inner_text()


@needs_browser
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


@needs_browser
def test_the_documentation_names_every_path(browser: Any, client: httpx.Client) -> None:
    page = browser.new_page()
    page.goto(f"{client.base_url}/docs")
    page.wait_for_selector("section.card")
    shown = page.inner_text("main")
    assert all(path in shown for path in client.get("/openapi.json").json()["paths"])
    page.close()


@needs_browser
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
    else:
        page.wait_for_selector("section.card")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
