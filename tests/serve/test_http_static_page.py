"""The try-it page in a real browser: what it shows of an article, and what it does with the answer."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from try_it_page import tag

HOSTILE = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script> They praise the truce "now" & more. 🙂'
DROPPED = "const data = new DataTransfer(); data.items.add(new File(['They reject the guard.'], 'note.txt'));"


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


def test_hostile_text_stays_text(page: Any) -> None:
    page.fill("#title", f"{HOSTILE} Or not")
    tag(page, HOSTILE)
    assert page.locator(".paragraph .text").inner_text() == HOSTILE
    assert page.inner_text("#article-title") == f"{HOSTILE} Or not"
    assert page.locator("main img, main script").count() == 0
    assert page.evaluate("window.hurt") is None


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


def test_errors_are_announced(page: Any) -> None:
    page.click("#tag")
    assert "Paste an article" in page.get_by_role("alert").inner_text()
