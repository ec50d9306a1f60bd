"""ZIP archives: their files, and what hostile ones try."""

import gzip
import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from communique.model.texts import Article
from communique.serve.read_zip import safe_name

Read = Callable[..., list[Any]]
LINES = b'{"text": "One."}\n{"text": "Two."}\n'


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return sink.getvalue()


def test_files_of_all_kinds(read_bytes: Read) -> None:
    files = {
        "in/a.txt": b"It left.",
        "b.jsonl": LINES,
        "c.json.gz": gzip.compress(b'[{"text": "Three."}, {"text": "Four."}]'),
        "d.png": b"\x89PNG",
        ".hidden/e.txt": b"No.",
        "__MACOSX/a.txt": b"No.",
        "README.md": b"No.",
        "more.zip": archive({"f.csv": b"text\nFive.\n"}),
    }
    found = read_bytes("x.zip", archive(files))
    assert [(one.path, one.record, one.text) for one in found] == [
        ("x.zip/in/a.txt", 0, "It left."),
        ("x.zip/b.jsonl", 1, "One."),
        ("x.zip/b.jsonl", 2, "Two."),
        ("x.zip/c.json.gz", 3, "Three."),
        ("x.zip/c.json.gz", 4, "Four."),
        ("x.zip/more.zip/f.csv", 4, "Five."),
    ]
    assert read_bytes("x.zip", archive(files), first=2) == found[2:]
    assert read_bytes("y.zip.gz", gzip.compress(archive({"a.txt": b"It left."})))[0].path == "y.zip.gz/a.txt"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.txt", "etc/passwd.txt"),
        ("/etc/a.txt", "etc/a.txt"),
        ("C:\\news\\..\\a.txt", "news/a.txt"),
        ("a/./b//c.txt", "a/b/c.txt"),
        ("two\nlines.txt", "two\nlines.txt"),
    ],
)
def test_names(read_bytes: Read, tmp_path: Path, name: str, safe: str) -> None:
    assert safe_name(name) == safe
    (found,) = read_bytes("x.zip", archive({name: b"It left."}))
    assert found.path == f"x.zip/{safe}"
    assert [path.name for path in tmp_path.rglob("*")] == ["x.zip"]


def test_bombs(read_bytes: Read) -> None:
    big, small = read_bytes("x.zip", archive({"a.html": bytes(50_000_000), "b.txt": b"It left."}))
    assert "over 8,000,000 bytes" in big.message
    assert small.text == "It left."
    nested = archive({"a.txt": b"It left."})
    for _ in range(5):
        nested = archive({"x.zip": nested})
    (found,) = read_bytes("y.zip", nested)
    assert "an archive within archives" in found.message


def test_overlapping_files_are_refused(read_bytes: Read) -> None:
    data = bytearray(archive({f"{i}.txt": random.Random(i).randbytes(500) for i in range(9)}))
    first = data.find(b"PK\x01\x02")
    while (start := data.find(b"PK\x01\x02", first)) >= 0:
        data[start + 20 : start + 24] = (len(data) // 2).to_bytes(4, "little")  # each has half the archive
        first = start + 4
    (found,) = read_bytes("x.zip", bytes(data))
    assert "overlap" in found.message


def test_encrypted_and_damaged_files_leave_the_others(read_bytes: Read) -> None:
    data = bytearray(archive({"a.txt": b"It left." * 9, "b.txt": b"It came back.", "c.txt": b"C."}, zipfile.ZIP_STORED))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + offset] |= 1
    data[data.find(b"It came") + 3] ^= 0xFF
    first, second, third = read_bytes("x.zip", bytes(data))
    assert "unpack it with the password first" in first.message
    assert "cannot be unpacked from its archive (Bad CRC-32" in second.message
    assert third.text == "C."


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_cut_off(read_bytes: Read, method: int) -> None:
    noise = random.Random(1)
    files = {f"{i}.txt": f"It left {noise.random()} times.\n".encode() * 20 for i in range(5)}
    data = archive(files, method)
    cut = data[: data.find(b"3.txt") + 10]
    found = read_bytes("x.zip", cut)
    assert [isinstance(one, Article) for one in found] == [True, True, True, False]
    assert found[2].path == "x.zip/2.txt"
    assert "it is cut off or damaged, and the files before the damage were read" in found[3].message
    (nothing,) = read_bytes("y.zip", b"PK\x03\x04no archive")
    assert "nothing could be read" in nothing.message


def test_cut_off_with_sizes_behind(read_bytes: Read) -> None:
    class Pipe(io.RawIOBase):
        """Cannot be searched, so that sizes are written behind the files."""

        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as target:
        for i in range(4):
            target.writestr(f"{i}.txt", f"It left {i} times.")
    found = read_bytes("x.zip", pipe.data[: pipe.data.find(b"PK\x01\x02")])
    assert [getattr(one, "text", None) for one in found] == [f"It left {i} times." for i in range(4)] + [None]


def test_names_in_utf8_that_are_not_said_to_be(read_bytes: Read) -> None:
    data = bytearray(archive({"café.txt": b"It left."}))
    for mark, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        data[data.find(mark) + offset] &= 0xF7  # the flag that says so
    assert read_bytes("x.zip", bytes(data))[0].path == "x.zip/café.txt"


def test_nothing_to_read(read_bytes: Read) -> None:
    (found,) = read_bytes("x.zip", archive({"a.png": b"x"}))
    assert "the file holds no records" in found.message
