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
DROPPED = "const data = new DataTransfer(); data.items.add(new File(['They reject the guard.'], 'note.txt'));"
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


@pytest.fixture
def page(browser: Any, client: httpx.Client) -> Iterator[Any]:
    """The try-it page; any message on its console, such as a breach of the policy, fails the test."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.expected = []  # pieces of messages that a test provokes
    page.goto(str(client.base_url))
    yield page
    context.close()
    assert [problem for problem in problems if not any(piece in problem for piece in page.expected)] == []


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
        f"() => {{ {DROPPED} dispatchEvent(new DragEvent('drop', {{dataTransfer: data, cancelable: true}})); }}"
    )
    page.wait_for_selector(".chip:has-text('guard')")
    assert page.input_value("#text") == "They reject the guard."


@needs_browser
def test_text_dragged_onto_the_page_is_left_to_it(page: Any) -> None:
    prevented = """(files) => { const data = new DataTransfer();
        if (files) data.items.add(new File(['x'], 'note.txt')); else data.setData('text/plain', 'A truce.');
        const kinds = files ? ['dragenter', 'dragover'] : ['dragenter', 'dragover', 'drop'];
        const drag = (kind) => new DragEvent(kind, {dataTransfer: data, cancelable: true, bubbles: true});
        return kinds.map((kind) => !document.getElementById('text').dispatchEvent(drag(kind))); }"""
    assert page.evaluate(prevented, False) == [False, False, False]
    assert page.locator("#drop").is_hidden()
    assert page.evaluate(prevented, True) == [True, True]
    assert page.locator("#drop").is_visible()


@needs_browser
@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("“Praise” for the truce – déjà vu".encode("cp1252"), "“Praise” for the truce – déjà vu"),
        ("“Praise” for the truce".encode(), "“Praise” for the truce"),
        ("Praise for the truce: да".encode("utf-16"), "Praise for the truce: да"),
        ("Praise for the truce é".encode("utf-8-sig"), "Praise for the truce é"),
    ],
)
def test_older_encodings_are_read(page: Any, tmp_path: Path, data: bytes, text: str) -> None:
    (tmp_path / "old.txt").write_bytes(data)
    page.set_input_files("#file", str(tmp_path / "old.txt"))
    page.wait_for_selector(".chip:has-text('truce')")
    assert page.input_value("#text") == text
    noted = "windows-1252" in page.locator("#status:has-text('with a topic')").inner_text()
    assert noted == (data == text.encode("cp1252", "replace"))


@needs_browser
def test_a_failure_takes_the_old_results_away(page: Any, tmp_path: Path) -> None:
    tag(page)
    (tmp_path / "binary.txt").write_bytes(b"a\0b")
    page.set_input_files("#file", str(tmp_path / "binary.txt"))
    page.wait_for_selector("#error:has-text('binary')")
    assert page.locator("#results").is_hidden()
    tag(page)
    assert page.locator("#results").is_visible()
    assert page.locator("#error").is_hidden()
    page.route("**/v1/tag", lambda route: route.fulfill(status=422, json={"message": "No room."}))
    page.click("#tag")
    page.wait_for_selector("#error:has-text('No room.')")
    assert page.locator("#results").is_hidden()
    page.expected.append("422")


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
def test_what_is_copied_follows_the_sliders_and_confidence_is_marked(page: Any) -> None:
    tag(page)
    assert page.locator(".paragraph .moved").count() == 0
    page.get_by_label("truce").fill("0.99")
    page.get_by_label("rain").fill("0.01")
    assert page.locator(".paragraph").first.locator(".moved").inner_text().endswith("at the model’s own thresholds")
    page.click("#copy-json")
    page.wait_for_selector("#status:has-text('JSON')")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert [one["topics"] for one in copied["paragraphs"]] == [["rain"], ["guard", "rain"], ["rain"]]
    first = copied["paragraphs"][0]["all_topics"]
    assert [(topic["present"], topic["stance"]) for topic in first] == [(False, None), (False, None), (True, None)]
    assert copied["thresholds"] == {"truce": 0.99, "guard": 0.5, "rain": 0.01}
    assert copied["model_thresholds"] == {"truce": 0.5, "guard": 0.5, "rain": 0.5}
    page.click("#copy-csv")
    page.wait_for_selector("#status:has-text('CSV')")
    rows = list(csv.DictReader(io.StringIO(page.evaluate("navigator.clipboard.readText()"))))
    assert [row["topic"] for row in rows] == ["rain", "guard", "rain", "rain"]


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


FOCUS = """() => { const one = document.activeElement, style = getComputedStyle(one);
    const ring = one.id === 'file' ? getComputedStyle(document.querySelector('label[for=file]')) : style;
    return [one.id || one.textContent.trim(), ring.outlineStyle !== 'none' && parseFloat(ring.outlineWidth) >= 2]; }"""


@needs_browser
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


@needs_browser
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


@needs_browser
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
        page.get_by_label("truce").fill("0.99")  # marks a confidence as that of other thresholds
        page.get_by_label("rain").fill("0.01")
    else:
        page.wait_for_selector("section.card")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
