"""JSON and JSON Lines to articles."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from communique.model.errors import InputError
from communique.serve.read_json import check_columns, json_records, language_code, to_article


def article(**record: Any) -> Any:
    return to_article(record, "x.json", 0)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"title": "T", "text": "Body."}, ("T", "Body.", None, None)),
        ({"headline": " T\n t ", "maintext": "Body."}, ("T t", "Body.", None, None)),
        ({"Content": ["One.", "Two."], "lang": "EN-us"}, (None, "One.\n\nTwo.", None, "en")),
        ({"text": "", "body": "<p>A.</p><p>B.</p>"}, (None, "A.\n\nB.", None, None)),
        ({"articleBody": "B.", "source": {"id": 1, "name": "Post"}}, (None, "B.", "Post", None)),
        ({"article": {"text": "B."}, "source_domain": "a.org"}, (None, "B.", "a.org", None)),
    ],
)
def test_aliases(record: dict[str, Any], expected: tuple[str | None, ...]) -> None:
    found = article(**record)
    assert (found.title, found.text, found.outlet, found.language) == expected


@pytest.mark.parametrize(
    ("key", "value", "published"),
    [
        ("publishedAt", "2025-03-04T05:06:07Z", "2025-03-04T05:06:07Z"),
        ("pubDate", "Tue, 04 Mar 2025 05:06:07 +0100", "2025-03-04T05:06:07+01:00"),
        ("date_publish", 1741064767, "2025-03-04T05:06:07+00:00"),
        ("date", "spring 2025", "spring 2025"),
        ("date", 1e30, None),
        ("date", int("9" * 400), None),
        ("date", float("inf"), None),
        ("date", float("nan"), None),
        ("date", f"&#{'9' * 5000};", f"&#{'9' * 5000};"),
        ("date", "Tue, 04 Mar 99999999999999999999 05:06:07", "Tue, 04 Mar 99999999999999999999 05:06:07"),
    ],
)
def test_published(key: str, value: Any, published: str | None) -> None:
    assert article(text="Body.", **{key: value}).published == published


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"titel": "T", "size": 3},
            "found the keys titel, size; accepted for the text: text, body",
        ),
        ({}, "(none)"),
        ({"text": "  "}, "no text"),
        (["a"], "expected an object with the article's fields, found a list"),
        (None, "found null"),
    ],
)
def test_record_without_text(record: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        to_article(record, "x.json", 0)
    assert message in str(caught.value)


def test_lone_surrogate_is_said() -> None:
    found = article(**json.loads('{"text": "bad \\ud800 pair"}'))
    assert (found.text, found.content_lost) == ("bad \ufffd pair", True)


def test_lone_surrogate_in_a_title_or_markup_is_said() -> None:
    for line in (
        '{"text": "Body.", "title": "bad \\udc00 pair"}',
        '{"text": "<p>Body.</p>", "title": "<b>bad \\udc00 pair</b>"}',
    ):
        found = article(**json.loads(line))
        assert (found.title, found.text, found.content_lost) == ("bad \ufffd pair", "Body.", True)
    found = article(**json.loads('{"text": "<p>bad \\ud800 pair</p>"}'))
    assert (found.text, found.content_lost) == ("bad \ufffd pair", True)


def test_metadata_never_costs_the_article() -> None:
    nested: Any = "Post"
    for _ in range(5000):
        nested = [nested]
    found = article(text="Body.", source=nested, lang={"a": 1}, title=7, date=[3])
    assert (found.text, found.outlet, found.language, found.title, found.published) == ("Body.", *[None] * 4)


@pytest.mark.parametrize(
    ("value", "n"),
    [
        ({"text": "A."}, 1),
        ([{"text": "A."}, {"text": "B."}], 2),
        ({"status": "ok", "articles": [{"text": "A."}, {"text": "B."}]}, 2),
        ({"data": [{"text": "A."}]}, 1),
        ([], 0),
    ],
)
def test_json_shapes(value: Any, n: int) -> None:
    records = list(json_records(json.dumps(value).encode()))
    assert len(records) == n
    assert all(record["text"] in ("A.", "B.") for record in records)


@pytest.mark.parametrize("data", [b"{", b"[" * 100_000, b"{'text': 'A.'}", b"9" * 5000])
def test_invalid_json(data: bytes) -> None:
    with pytest.raises(InputError, match="invalid JSON"):
        json_records(data)


def test_json_lines_named_json_are_told() -> None:
    with pytest.raises(InputError, match=r"name the file \.jsonl"):
        json_records(b'{"text": "A."}\n{"text": "B."}\n')


@pytest.mark.parametrize(
    ("record", "author", "url"),
    [
        ({"byline": "A. Writer", "link": "https://www.post.example/a"}, "A. Writer", "https://www.post.example/a"),
        ({"authors": ["A.", {"name": "B."}], "canonicalUrl": "http://x.org"}, "A., B.", "http://x.org"),
        ({"author": 7, "url": []}, None, None),
    ],
)
def test_author_and_url(record: dict[str, Any], author: str | None, url: str | None) -> None:
    found = article(text="Body.", **record)
    assert (found.author, found.url) == (author, url)


def test_named_columns() -> None:
    record = {"text": "Teaser.", "story": {"full": "Body."}, "a.b": "Dotted", "title": "T"}
    columns = {"text": "story.full", "outlet": "a.b", "author": "nobody"}
    found = to_article(record, "x.json", 0, columns)
    assert (found.text, found.outlet, found.author, found.title) == ("Body.", "Dotted", None, "T")


def test_an_object_with_the_named_text_is_no_wrapper() -> None:
    value = {"story": "A.", "data": [{"text": "B."}]}
    assert json_records(json.dumps(value).encode(), {"text": "story"}) == [value]
    assert json_records(json.dumps(value).encode()) == value["data"]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("bodyy", "the record has no 'bodyy', the key named for the text: found the keys body, size"),
        ("size", "its 'size' is empty or no text; found the keys body, size"),
    ],
)
def test_wrong_column(key: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        to_article({"body": "B.", "size": 3}, "x.json", 0, {"text": key})
    assert message in str(caught.value)


def test_unknown_field() -> None:
    check_columns({"text": "body", "url": "link"})
    with pytest.raises(InputError, match="unknown field 'titel'; expected one of title, text"):
        check_columns({"titel": "headline"})


def test_dates_of_tables() -> None:
    assert article(text="B.", date=datetime(2025, 3, 4, 5, 6, tzinfo=UTC)).published == "2025-03-04T05:06:00+00:00"
    assert article(text="B.", date=date(2025, 3, 4)).published == "2025-03-04"


@pytest.mark.parametrize(
    ("value", "code"),
    [("en_GB", "en"), ("English", "en"), ("", None), (None, None), (["en"], None)],
)
def test_language_code(value: object, code: str | None) -> None:
    assert language_code(value) == code
