"""CSV and Parquet to records."""

import datetime
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from communique.serve import read_table

Read = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", 'title,text\nFerry,"It left, at noon."\n'),
        ("a.csv", 'title;text\nFerry;"It left, at noon."\n'),
        ("a.csv", '"title"|"text"\r\n"Ferry"|"It left, at noon."\r\n'),
        ("a.csv", "title\ttext\nFerry\tIt left, at noon.\n"),
        ("a.tsv", "title\ttext\nFerry\tIt left, at noon.\n"),
        ("a.csv", '\n title , text \nFerry,"It left, at noon."'),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_delimiters_and_encodings(read_bytes: Read, name: str, data: str, encoding: str) -> None:
    (found,) = read_bytes(name, data.encode(encoding))
    assert (found.title, found.text) == ("Ferry", "It left, at noon.")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ('"He said ""no"".\nThen he left."', 'He said "no".\nThen he left.'),
        ('"He said \\"no\\", then left."', 'He said "no", then left.'),
        ("<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
        ("It\u2028left\x0b.", "It\nleft\n."),
        ('"' + "word " * 60_000 + '"', "word " * 60_000),
    ],
)
def test_fields(read_bytes: Read, field: str, text: str) -> None:
    (found,) = read_bytes("a.csv", f"n,text\n1,{field}\n".encode())
    assert found.text == text


def test_lines_in_windows_1252(read_bytes: Read) -> None:
    rows = ["text", "The café agrees.", "Plain.", "“Naïve” she said – at last."]
    found = read_bytes("a.csv", "\n".join(rows).encode("windows-1252"))
    assert [one.text for one in found] == rows[1:]
    late = b"text\n" + b"Plain text.\n" * 20_000 + "The café agrees.\n".encode("windows-1252")
    assert read_bytes("b.csv", late)[-1].text == "The café agrees."


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file holds no records"),
        (b"title,text\n", "the file holds no records"),
        (b"titel,size\nFerry,3\n", "found the keys titel, size"),
        (b"text,n\nIt left, it came,2\n", "the row has 3 fields, the first row names 2 (text, n)"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a PNG image"),
        (b"text,n\n" + bytes(range(1, 32)) * 50, "binary"),
    ],
)
def test_failures(read_bytes: Read, data: bytes, message: str) -> None:
    (found,) = read_bytes("a.csv", data)
    assert message in found.message


def test_an_unclosed_quotation_mark_costs_a_bounded_stretch(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_table, "MAX_RECORD_BYTES", 1000)
    data = b'text,n\nA.,1\n"B.,2\n' + b"C.,3\n" * 200 + b"D.,4\n" * 3
    first, failure, *rest = read_bytes("a.csv", data)
    assert (first.text, rest[-1].text, rest[-1].record) == ("A.", "D.", len(rest) + 1)
    assert "is a quotation mark before it left unclosed?" in failure.message


def table() -> pa.Table:
    moment = datetime.datetime(2025, 3, 4, 5, 6, tzinfo=datetime.UTC)
    return pa.table(
        {
            "headline": [f"T{i}" for i in range(10)],
            "body": [f"Body {i}." for i in range(10)],
            "published": pa.array([moment] * 10, pa.timestamp("ns", "Europe/Oslo")),
            "tags": [["a"]] * 10,
            "raw": [b"x"] * 10,
        }
    )


def parquet(**options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table(), sink, **options)
    return sink.getvalue()


def test_parquet(read_bytes: Read) -> None:
    for name, data in (("a.parquet", parquet(row_group_size=4)), ("b.parquet.gz", gzip.compress(parquet()))):
        found = read_bytes(name, data)
        assert [(one.record, one.title, one.text) for one in found] == [(i, f"T{i}", f"Body {i}.") for i in range(10)]
        assert found[0].published == "2025-03-04T05:06:00+00:00"
        assert [one.text for one in read_bytes(name, data, first=5)] == [f"Body {i}." for i in range(5, 10)]


def test_text_in_a_binary_column(read_bytes: Read) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["The café agrees.".encode()]}), sink)
    (found,) = read_bytes("a.parquet", sink.getvalue())
    assert found.text == "The café agrees."


def test_strings_that_are_not_utf8(read_bytes: Read) -> None:
    sink = io.BytesIO()
    strings = pa.array([b"It left.", b"caf\xe9", None], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": strings}), sink)
    first, second, third = read_bytes("a.parquet", sink.getvalue())
    assert (first.text, second.text, second.content_lost) == ("It left.", "caf\ufffd", True)
    assert "the record has no text" in third.message


def test_wrong_column_lists_those_there_are(read_bytes: Read) -> None:
    found = read_bytes("a.parquet", parquet(), {"text": "story"})
    assert len(found) == 10
    assert "found the keys headline, body, published, tags, raw" in found[0].message


def test_damaged_parquet(read_bytes: Read, tmp_path: Path) -> None:
    data = parquet(row_group_size=5, compression="NONE", use_dictionary=False, data_page_version="1.0")
    (cut,) = read_bytes("a.parquet", data[:-20])
    assert "not a whole Parquet file" in cut.message
    (spoiled,) = read_bytes("c.parquet", data[:-300] + b"\xff" * 250 + data[-50:])
    assert "not a whole Parquet file" in spoiled.message
    second = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(1).column(1).data_page_offset
    found = read_bytes("b.parquet", data[:second] + b"\xff" * 60 + data[second + 60 :])
    assert [one.text for one in found[:-1]] == [f"Body {i}." for i in range(5)]
    assert (found[-1].record, found[-1].message[:27]) == (5, "the Parquet file is damaged")
