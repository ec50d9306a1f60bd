"""Data files found and read row by row; what cannot be read is a problem with its place."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from communique.model.errors import DataError
from communique.model.tables import Problem, Row, data_files, read_rows


def read(path: Path, content: bytes) -> tuple[list[Row], list[Problem]]:
    path.write_bytes(content)
    problems: list[Problem] = []
    return list(read_rows(path, problems)), problems


@pytest.mark.parametrize(
    ("present", "found"),
    [
        (["b.jsonl", "a.ndjson"], ["a.ndjson", "b.jsonl"]),
        (["a.jsonl", "splits.csv", "notes.md"], ["a.jsonl"]),
        (["a.parquet", "splits.csv"], ["a.parquet"]),
        (["b.csv", "a.csv", "notes.md"], ["a.csv", "b.csv"]),
    ],
)
def test_files_of_a_folder(tmp_path: Path, present: list[str], found: list[str]) -> None:
    for name in present:
        (tmp_path / name).touch()
    assert [file.name for file in data_files([tmp_path])] == found


def test_files_keep_the_order_of_the_paths(tmp_path: Path) -> None:
    paths = [tmp_path / "b.csv", tmp_path / "a.jsonl"]
    for path in paths:
        path.touch()
    assert data_files(paths) == paths


@pytest.mark.parametrize(
    ("name", "message"), [("absent.jsonl", "does not exist"), ("notes.md", "unknown kind"), (".", "no data file")]
)
def test_paths_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "notes.md").touch()
    with pytest.raises(DataError, match=message):
        data_files([tmp_path / name])


def test_json_lines_skip_blank_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    rows, problems = read(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"a": 1}\n\n  \n{"a": "\xc3\xa9"}')
    assert rows == [Row("a.jsonl", 1, {"a": 1}), Row("a.jsonl", 4, {"a": "é"})]
    assert problems == []


@pytest.mark.parametrize(
    ("line", "expected", "found"),
    [
        (b'{"a": "\xe9"}', "UTF-8 text", "byte 0xe9 at column 8"),
        (b'{"a": 1', "one JSON object per line", "Expecting ',' delimiter"),
        (b'{"a": 1} {"a": 2}', "one JSON object per line", "Extra data"),
        (b"[1]", "a JSON object", "list"),
        (b'"text"', "a JSON object", "str"),
    ],
)
def test_json_lines_problems(tmp_path: Path, line: bytes, expected: str, found: str) -> None:
    rows, (problem,) = read(tmp_path / "a.jsonl", b'{"a": 1}\n' + line + b'\n{"a": 3}\n')
    assert [row.line for row in rows] == [1, 3]
    assert (problem.file, problem.line, problem.expected) == ("a.jsonl", 2, expected)
    assert found in problem.found


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ("x,1,[]", {"text": "x", "paragraph": 1, "labels": []}),
        ("x,1,", {"text": "x", "paragraph": 1}),
        ("x,1,null", {"text": "x", "paragraph": 1, "labels": None}),
        ("x,one,[]", {"text": "x", "paragraph": "one", "labels": []}),
        (",1,[]", {"text": "", "paragraph": 1, "labels": []}),
        ('"a ""b"",\nc",1,[]', {"text": 'a "b",\nc', "paragraph": 1, "labels": []}),
        ('x,1,"[{""topic"": ""t""}]"', {"text": "x", "paragraph": 1, "labels": [{"topic": "t"}]}),
        pytest.param(
            "a\u2028b\x0cc,1,[]",
            {"text": "a\u2028b\x0cc", "paragraph": 1, "labels": []},
        ),
        pytest.param(
            "x,²,[]",
            {"text": "x", "paragraph": "²", "labels": []},
        ),
    ],
)
def test_csv_cells(tmp_path: Path, cells: str, values: dict[str, Any]) -> None:
    rows, problems = read(tmp_path / "a.csv", f"text,paragraph,labels\n{cells}\n".encode("utf-8-sig"))
    assert problems == []
    assert [row.values for row in rows] == [values]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"x,1", "one field per column"),
        (b"x,1,[],more", "one field per column"),
        (b"x,1,truce", "JSON in"),
    ],
)
def test_csv_problems(tmp_path: Path, line: bytes, expected: str) -> None:
    rows, (problem,) = read(tmp_path / "a.csv", b"text,paragraph,labels\nok,1,[]\n" + line + b"\nok,2,[]\n")
    assert [row.line for row in rows] == [2, 4]
    assert problem.line == 3
    assert problem.expected.startswith(expected)


def test_csv_not_utf8_names_the_line(tmp_path: Path) -> None:
    rows, (problem,) = read(tmp_path / "a.csv", b"text\nok\ncaf\xe9\n")
    assert rows == []
    assert (problem.line, problem.found) == (3, "byte 0xe9")


def test_csv_long_cell(tmp_path: Path) -> None:
    rows, _ = read(tmp_path / "a.csv", b"text\n" + b"x" * 140_000 + b"\n")
    assert len(rows[0].values["text"]) == 140_000


@pytest.mark.parametrize("labels", ['[{"topic": "t"}]', [{"topic": "t"}]], ids=["json", "nested"])
def test_parquet_labels(tmp_path: Path, labels: Any) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist([{"text": "x", "labels": labels}, {"text": "y", "labels": None}]), path)
    assert list(read_rows(path, [])) == [
        Row("a.parquet", 1, {"text": "x", "labels": [{"topic": "t"}]}),
        Row("a.parquet", 2, {"text": "y", "labels": None}),
    ]


def test_parquet_that_is_none(tmp_path: Path) -> None:
    rows, (problem,) = read(tmp_path / "a.parquet", b"not parquet")
    assert rows == []
    assert problem.expected == "a readable Parquet file"


def test_parquet_labels_that_are_not_json(tmp_path: Path) -> None:
    path, problems = tmp_path / "a.parquet", []
    pq.write_table(pa.table({"text": ["x"], "labels": ["truce"]}), path)
    list(read_rows(path, problems))
    assert [problem.line for problem in problems] == [1]


def test_a_problem_reads_as_one_line() -> None:
    assert str(Problem("a.csv", 3, "this", "that", "Mend it.")) == "a.csv:3: expected this; found that. Mend it."
