"""Files and folders to articles and failures."""

import os
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest

from communique.model.texts import Article
from communique.serve.inputs import find_inputs
from communique.serve.read_text import title_line
from communique.serve.reading import ReadFailure, read_articles
from communique.serve.segment import segment

BODY = "The ferry sailed again on Monday.\n\nNobody waved."
PARAGRAPHS = "<p>The ferry sailed again, full of flour.</p>" * 9
HTML = f"<html><body><article>{PARAGRAPHS}</article></body></html>"


def read(folder: Path, name: str, data: bytes) -> list[Article | ReadFailure]:
    (folder / name).write_bytes(data)
    return list(read_articles(folder / name, folder))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", BODY.encode()),
        ("a.TXT", BODY.encode("utf-16")),
        ("a.md", BODY.encode()),
        ("a.txt", HTML.encode()),
        ("a.htm", HTML.encode()),
        ("a.xhtml", b'<?xml version="1.0" encoding="utf-8"?>' + HTML.encode()),
        ("a.json", b'{"text": "The ferry sailed again."}'),
        ("a.ndjson", b'{"text": "The ferry sailed again."}\n'),
    ],
)
def test_formats(tmp_path: Path, name: str, data: bytes) -> None:
    (found,) = read(tmp_path, name, data)
    assert isinstance(found, Article)
    assert (found.path, found.record) == (name, 0)
    assert found.text.startswith("The ferry sailed again")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"", "no text: the file is empty"),
        ("a.md", b"---\ntitle: T\n---\n", "no text"),
        ("a.html", b" \n", "no text: the file is empty"),
        ("a.jsonl", b"\n", "no text: the file holds no records"),
        ("a.json", b"[]", "no text: the file holds no records"),
        ("a.json", b"{", "invalid JSON"),
        ("a.txt", b"abc\0\0\1def", "binary, not text"),
        ("a.html", b"%PDF-1.7", "the PDF cannot be read"),
    ],
)
def test_failures(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (found,) = read(tmp_path, name, data)
    assert isinstance(found, ReadFailure)
    assert (found.path, found.record, found.stage, found.error) == (name, 0, "parse", "InputError")
    assert message in found.message


def test_unreadable_and_unsupported(tmp_path: Path) -> None:
    (tmp_path / "a.doc").write_bytes(b"")
    for name, error, message in [
        ("none.txt", "FileNotFoundError", "No such file"),
        ("a.doc", "InputError", "unsupported file type .doc; supported: .atom .csv"),
    ]:
        (found,) = read_articles(tmp_path / name, tmp_path)
        assert isinstance(found, ReadFailure)
        assert (found.stage, found.error) == ("read", error)
        assert found.message.startswith(message)


def test_records_go_on_after_a_bad_one(tmp_path: Path) -> None:
    data = b'{"text": "A."}\n{broken\n{"title": "no text"}\n7\n{"text": "B."}\n'
    found = read(tmp_path, "a.jsonl", data)
    assert [item.record for item in found] == [0, 1, 2, 3, 4]
    assert [isinstance(item, Article) for item in found] == [True, False, False, False, True]


def test_link_to_itself_is_a_failure(tmp_path: Path) -> None:
    loop = tmp_path / "loop.txt"
    loop.symlink_to(loop)
    (tmp_path / "z.txt").write_text(BODY)
    files, _ = find_inputs([str(tmp_path)])
    assert [file.path for file in files] == ["loop.txt", "z.txt"]
    (found,) = read_articles(loop, tmp_path)
    assert isinstance(found, ReadFailure)
    assert (found.path, found.stage, found.error) == ("loop.txt", "read", "OSError")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
@pytest.mark.parametrize("data", [BODY.encode(), b""])
def test_file_name_that_is_not_utf8(tmp_path: Path, data: bytes) -> None:
    for ending in (b".txt", b".\xfe"):
        file = tmp_path / os.fsdecode(b"bad\xff" + ending)
        file.write_bytes(data)
        (found,) = read_articles(file, tmp_path)
        assert found.path == "bad\ufffd" + ending.decode("utf-8", "replace")
        assert pa.array([found.path]).to_pylist() == [found.path]
        if isinstance(found, ReadFailure):
            assert found.message.encode()
    (found_file,) = find_inputs([str(tmp_path)])[0]
    assert (found_file.path, os.fsencode(found_file.location)) == (
        "bad\ufffd.txt",
        os.fsencode(tmp_path / "bad\udcff.txt"),
    )


SPACES = " " * 120_000
HOSTILE = {
    "a.html": [
        SPACES + HTML,
        HTML + SPACES,
        HTML.replace("<article>", f"<article>{SPACES}"),
        HTML.replace("<article>", f"<article><p>word{SPACES}word</p>"),
        *(
            HTML.replace("</article>", piece * (60_000 // len(piece) + 1) + "</article>")
            for piece in (
                "<html ", "<html lang ", "<script ", "<script type=application/ld+json>", "a", "<a", "<p ",
                "<!--", "</script", "application/ld+json", "&", "e\u0301\u0323", "\u0301\u0323",
            )
        ),
        HTML.replace("<article>", "<article><" + "a" * 60_000),
    ],
    "a.txt": [
        *(BODY + "\n\n" + piece * (60_000 // len(piece)) + ending
          for piece in (
              " ", "\t\n", ".)", ". ", '"', "\u0301\u0323", "privacy settings ", "privacy settings " * 17 + "zz\n",
              "said " * 60 + "\n", "x\n", "a line of a hard-wrapped text that goes on and on for ever and\n",
          )
          for ending in ("", "x")),
    ],
    "a.md": [
        *(prefix + piece * (60_000 // len(piece)) + "\nend."
          for prefix in ("", "It left.\n\n")
          for piece in ("[", "![", "[a](", "![a](", "[a]((b)", "[a](b)", "**", "**a ", "__a ", "*a ", "*", "# ", ">")),
        "---\ntitle: a" + " " * 60_000 + "b\n---\n" + BODY,
        "---\n" * 15_000 + BODY,
    ],
    "a.json": [
        '{"text": "The ferry &amp; sailed again.", "title": "' + piece * (60_000 // len(piece)) + '"}'
        for piece in ("<p ", "<", "&#1", "&amp", " ", "Tue, 04 ")
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [pytest.param(name, text, id=f"{name}-{i}") for name, texts in HOSTILE.items() for i, text in enumerate(texts)],
)
def test_no_input_is_slow(tmp_path: Path, name: str, text: str) -> None:
    read(tmp_path, name, HTML.encode() if name == "a.html" else BODY.encode())  # imports
    start = time.process_time()
    (found,) = read(tmp_path, name, text.encode())
    assert isinstance(found, Article)
    assert segment(found)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Ferry sails again\n\nIt left at noon.", "Ferry sails again"),
        ("Premium Only Content\n\nFerry sails again\nIt left at noon.", "Ferry sails again"),
        ("Who will pay?\nIt left at noon.", "Who will pay?"),
        (
            "Ferry sails again as the\nlong truce holds\n\nIt left.",
            "Ferry sails again as the long truce holds",
        ),
        ("It left at noon.\nIt came back.", None),
        ("Ferry sails again", None),
        ("word " * 50 + "\nIt left at noon.", None),
    ],
)
def test_title_line(text: str, title: str | None) -> None:
    assert title_line(text) == title


def test_markdown(tmp_path: Path) -> None:
    source = '---\ntitle: "Ferry"\ndate: 2025-03-04\n---\n# Ferry\n\nIt **left** [at noon](http://x).\n'
    (found,) = read(tmp_path, "a.md", source.encode())
    assert isinstance(found, Article)
    assert (found.title, found.published) == ("Ferry", "2025-03-04")
    assert found.text.strip() == "Ferry\n\nIt left at noon."
