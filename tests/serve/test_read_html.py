"""Pages and fragments to text."""

import json

import pytest

from communique.model.errors import InputError
from communique.serve import read_html
from communique.serve.read_html import MAX_DEPTH, extract, flatten, plain, read_page

SENTENCE = "The delegates met by the lake and spoke about the truce until the lamps were lit. "


def page(body: str, head: str = "") -> str:
    return f"<html lang='en-GB'><head>{head}</head><body>{body}</body></html>"


def story(n: int = 4) -> str:
    return "".join(f"<p>{i}. {SENTENCE * 2}</p>" for i in range(n))


def test_page() -> None:
    head = (
        "<title>Lamps by the lake</title><meta property='og:site_name' content='The Lake Post'>"
        "<meta property='article:published_time' content='2025-03-04T05:06:07Z'>"
    )
    menu = "<nav><ul><li><a href='/'>Home</a></li></ul></nav>"
    table = "<table><tr><td>Score 3-2</td></tr></table>"
    found = extract(page(f"{menu}<article>{story()}{table}</article>", head))
    assert [line[:2] for line in found.text.split("\n\n")] == ["0.", "1.", "2.", "3."]
    assert (found.title, found.outlet) == ("Lamps by the lake", "The Lake Post")
    assert (found.published, found.language) == ("2025-03-04", "en")


def test_windows_1252_page() -> None:
    body = page(f"<p>“Café” – {SENTENCE * 3}</p>", "<meta charset='iso-8859-1'>")
    found = read_page(body.encode("windows-1252"))
    assert found.text.startswith("“Café” – The")
    assert not found.content_lost


@pytest.mark.parametrize("opening", ["<div>", "<font>", "<div><section><span>"])
@pytest.mark.parametrize("levels", [150, 300, 1500])
def test_deep_nesting_loses_nothing(opening: str, levels: int) -> None:
    text = extract(page(opening * levels + story())).text
    assert text.count(SENTENCE.strip()) == 8
    assert len(text.split("\n\n")) == 4


def test_nested_tables_are_deeper_than_they_look() -> None:
    source = "<table><tr><td>" * 90 + "<div>word</div>" + "</table>" * 90
    assert flatten(source).count("<table>") <= MAX_DEPTH / 4
    assert "word" in flatten(source)


def test_shallow_markup_is_unchanged() -> None:
    source = page("<div><br><p>one<p>two<li>three</div>" * 400)
    assert flatten(source) is source


def test_huge_pages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="tags; save the article alone"):
        extract(page("<i>x</i>" * read_html.MAX_TAGS))
    monkeypatch.setattr(read_html, "MAX_BYTES", 1000)
    with pytest.raises(InputError, match="over 1,000 bytes; save the article alone"):
        read_page(page(story(9)).encode())


def test_page_without_text() -> None:
    with pytest.raises(InputError, match="no main text"):
        extract(page("<script>load()</script>"))


@pytest.mark.parametrize("body", ["<p>Loading</p>", "<p>Subscribers only: two sentences.</p>"])
def test_json_ld_fallback(body: str) -> None:
    graph = {"@graph": [{"@type": "NewsArticle", "articleBody": f"{SENTENCE * 3}\n{SENTENCE * 2}"}]}
    script = f"<script type='application/ld+json'>{json.dumps(graph)}</script>"
    assert extract(page(body, script)).text == f"{SENTENCE * 3}\n\n{SENTENCE * 2}".strip()


def test_lone_surrogate_in_json_ld_is_said() -> None:
    data = {"@type": "NewsArticle", "articleBody": f"bad \ud800 pair. {SENTENCE * 3}", "headline": "\udc00 T"}
    script = f"<script type='application/ld+json'>{json.dumps(data)}</script>"
    found = read_page(page("<p>Loading</p>", script).encode())
    assert found.text.startswith("bad \ufffd pair.")
    assert found.content_lost
    assert (found.text + (found.title or "")).encode()


def test_unclosed_json_ld() -> None:
    script = "<script type='application/ld+json'>{}"
    with pytest.raises(InputError, match="no main text"):
        extract(script * 20)


@pytest.mark.parametrize("start", ["\n\n  ", "<?xml version='1.0' encoding='utf-8'?>\n", " " * 999])
def test_what_precedes_the_page(start: str) -> None:
    assert extract(start + page(story())).text == extract(page(story())).text


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("plain words, 3 < 4", "plain words, 3 < 4"),
        ("Smith &amp; Sons &#8211; agreed", "Smith & Sons – agreed"),
        ("<p>One <b>bold</b>&nbsp;word.</p><p>Two<br>three</p>", "One bold word.\n\nTwo\n\nthree"),
        ("<figure><figcaption>no</figcaption></figure><script>no</script>yes<br/>", "yes"),
        ("<div>" * 3000 + "deep", "deep"),
        (f"a &amp; b &#{'9' * 5000};", f"a &amp; b &#{'9' * 5000};"),
    ],
)
def test_plain(field: str, text: str) -> None:
    assert plain(field) == text
