"""Files to items and items to articles, over all formats."""

import gzip
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest

from communique.model.texts import Article
from communique.serve.inputs import InputFile, find_inputs
from communique.serve.items import Item, ReadFailure, is_stream, parse_item, read_items

PARAGRAPHS = "<p>The ferry sailed again, full of flour.</p>" * 9
HTML = f"<html><head><title>Ferry</title></head><body><article>{PARAGRAPHS}</article></body></html>"
Read = Callable[..., list[Any]]


def test_is_stream() -> None:
    names = "a.jsonl b.csv.gz c.PARQUET d.warc.gz e.zip f.html g.html.gz h.gz i .csv".split()
    assert [name for name in names if is_stream(name)] == ["a.jsonl", "b.csv.gz", "c.PARQUET", "d.warc.gz", "e.zip"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.html", HTML.encode()),
        ("a.jsonl", b'{"text": "The ferry sailed again, full of flour."}\n'),
        ("a.csv", b"title,text\nFerry,The ferry sailed again\n"),
    ],
)
def test_gzip_of_any(read_bytes: Read, name: str, data: bytes) -> None:
    for given, content in ((f"{name}.gz", gzip.compress(data)), (name, gzip.compress(data))):
        (found,) = read_bytes(given, content)
        assert isinstance(found, Article), found
        assert (found.path, found.content_lost) == (given, False)
        assert found.text.startswith("The ferry sailed again")


def test_gzip_bomb_and_cut_gzip(read_bytes: Read) -> None:
    (bomb,) = read_bytes("a.html.gz", gzip.compress(bytes(50_000_000)))
    assert "over 8,000,000 bytes" in bomb.message
    cut = gzip.compress((HTML + "<p>Menu</p>" * 500).encode(), compresslevel=0)[: len(HTML) + 600]
    (page,) = read_bytes("b.html.gz", cut)
    assert isinstance(page, Article)
    assert page.content_lost
    (nothing,) = read_bytes("c.txt.gz", gzip.compress(b"The ferry sailed.")[:8])
    assert "the gzip data end too early" in nothing.message


def test_cut_gzip_lines_keep_the_records_before(read_bytes: Read) -> None:
    lines = b"".join(b'{"text": "Ferry %d sailed."}\n' % i for i in range(5000))
    found = read_bytes("a.jsonl.gz", gzip.compress(lines)[:-3000])
    assert len(found) > 100
    assert all(isinstance(one, Article) for one in found[:-1])
    assert isinstance(found[-1], ReadFailure)
    assert found[-1].record == len(found) - 1
    assert "the file is cut off" in found[-1].message


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", b'{"text": "0."}\n\n{bad\n{"text": "2."}\n{"text": "3."}'),
        ("a.csv", b'text,n\n0.,1\nbad,1,2\n2.,"x\ny"\n\n3.,4\n'),
        ("a.jsonl", '{"text": "0."}\n\n{bad\n{"text": "2."}\n{"text": "3."}'.encode("utf-16")),
        ("a.jsonl", '{"text": "0."}\n\n{bad\n{"text": "2."}\n{"text": "3."}'.encode("utf-16-be")),
    ],
)
def test_reading_goes_on_from_a_record(read_bytes: Read, name: str, data: bytes) -> None:
    everything = read_bytes(name, data)
    assert [one.record for one in everything] == [0, 1, 2, 3]
    assert [getattr(one, "text", None) for one in everything] == ["0.", None, "2.", "3."]
    for first in range(5):
        assert read_bytes(name, data, first=first) == everything[first:]


@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.md", "a.jsonl", "a.csv"])
def test_one_line_of_40_million_bytes(read_bytes: Read, name: str) -> None:
    (found,) = read_bytes(name, b"text\n"[: 5 * (name == "a.csv")] + b"a" * 40_000_000)
    assert isinstance(found, ReadFailure)
    assert "000,000 bytes" in found.message


@pytest.mark.parametrize(
    ("library", "name"),
    [("fastwarc", "a.warc"), ("feedparser", "a.rss"), ("pypdf", "a.pdf")],
)
def test_a_missing_library_names_the_extra(
    read_bytes: Read, monkeypatch: pytest.MonkeyPatch, library: str, name: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    (found,) = read_bytes(name, b"x")
    assert f"needs {library}: pip install 'communique[formats]'" in found.message


def test_a_line_over_the_limit_is_skipped(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = b'{"text": "' + b"a" * 70_000_000 + b'"}\n'
    for tail in (b'{"text": "Next."}\n', b""):
        first, *rest = read_bytes("a.jsonl", huge + tail)
        assert "the line is over 32,000,000 bytes" in first.message
        assert [one.text for one in rest] == (["Next."] if tail else [])


def test_a_line_without_end_is_given_up(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("communique.serve.streams.MAX_SKIPPED_BYTES", 40_000_000)
    (found,) = read_bytes("bomb.jsonl.gz", gzip.compress(b"a" * 70_000_000, 1))
    assert "the rest of the file was not read" in found.message


def test_wide_text_without_a_mark_and_wild_bytes(read_bytes: Read) -> None:
    (wide,) = read_bytes("a.html", HTML.encode("utf-16-le"))
    assert wide.text.startswith("The ferry")
    (wild,) = read_bytes("b.txt", b"\xff" * 300)
    assert isinstance(wild, Article | ReadFailure)
    (mixed,) = read_bytes("c.jsonl", b'{"text": "caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 \xff"}')
    assert mixed.content_lost


def test_deep_nesting(read_bytes: Read) -> None:
    (page,) = read_bytes("a.html", HTML.replace("<p>", "<div>" * 5000 + "<p>", 1).encode())
    assert page.text.startswith("The ferry sailed")
    (record,) = read_bytes("b.jsonl", b'{"text": ' + b"[" * 5000 + b"]" * 5000 + b"}")
    assert isinstance(record, ReadFailure)


def test_documents_are_what_their_bytes_say(read_bytes: Read) -> None:
    (page,) = read_bytes("a.xml", b'<?xml version="1.0"?>' + HTML.encode())
    assert page.title == "Ferry"
    (pdf,) = read_bytes("b.html", b"%PDF-1.4 broken")
    assert "the PDF cannot be read" in pdf.message


def test_the_outlet_is_the_host_if_nothing_says_it(read_bytes: Read) -> None:
    data = b'{"text": "A.", "url": "https://www.post.example/a"}\n{"text": "B.", "url": "http://[bad"}\n'
    assert [one.outlet for one in read_bytes("a.jsonl", data)] == ["post.example", None]


def test_columns(read_bytes: Read) -> None:
    good, bad = read_bytes("a.jsonl", b'{"story": "A."}\n{"text": "B."}\n', {"text": "story"})
    assert good.text == "A."
    assert "no 'story', the key named for the text: found the keys text" in bad.message


def test_front_matter_has_url_and_author(read_bytes: Read) -> None:
    (found,) = read_bytes("a.md", b"---\nauthor: A. Writer\nurl: https://x.org/1\n---\nIt left.\n")
    assert (found.author, found.url, found.outlet) == ("A. Writer", "https://x.org/1", "x.org")


def test_items_travel_between_processes(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(HTML)
    (tmp_path / "b.csv").write_text("text\nIt left.\n")
    files, _ = find_inputs([str(tmp_path)])
    items = [item for file in files for item in read_items(file)]
    assert all(isinstance(item, Item) for item in items)
    assert [item.kind for item in items] == ["html", "record"]
    for item in items:
        assert pickle.loads(pickle.dumps(parse_item(item))) == parse_item(pickle.loads(pickle.dumps(item)))


def test_a_remote_file(tmp_path: Path) -> None:
    fsspec.filesystem("memory").pipe("crawl/a.jsonl.gz", gzip.compress(b'{"text": "It left."}\n'))
    fsspec.filesystem("memory").pipe("crawl/b.txt", b"It came back.")
    files, _ = find_inputs(["memory://crawl/a.jsonl.gz", "memory://crawl/b.txt"])
    items = [item for file in files for item in read_items(file)]
    assert [parse_item(item)[0].text for item in items] == ["It left.", "It came back."]


def test_a_file_that_went_away(tmp_path: Path) -> None:
    for name in ("a.txt", "a.csv", "a"):
        items = list(read_items(InputFile(str(tmp_path), name, 0, 0)))
        (found,) = [x for item in items for x in (parse_item(item) if isinstance(item, Item) else [item])]
        assert isinstance(found, ReadFailure)
        assert found.stage == "read"


def test_a_file_that_is_gone_before_its_next_slice_is_a_failure(tmp_path: Path) -> None:
    (failure,) = read_items(InputFile(str(tmp_path), "gone.jsonl", 10, 0), 5)
    assert isinstance(failure, ReadFailure)
    assert (failure.record, failure.stage, failure.error) == (5, "read", "FileNotFoundError")
