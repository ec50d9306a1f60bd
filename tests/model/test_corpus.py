"""The corpus contract: every rule of a line, all problems at once, one corpus from any file format."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from communique.model.corpus import Corpus, read_corpus
from communique.model.errors import DataError
from communique.model.taxonomy import Taxonomy

LINE = {"article": "a", "paragraph": 1, "text": "Ann wants a truce; Ann waits.", "labels": []}
Write = Callable[..., Path]


def labelled(**label: Any) -> dict[str, Any]:
    return {**LINE, "labels": [{"topic": "truce", **label}]}


LINES = [
    LINE,
    {**labelled(stance="favor", holder="Ann", holder_start=19), "paragraph": 2, "title": "T", "setting": "s"},
    {**labelled(stance="against", holder=None), "paragraph": 3, "style": "wire"},
    {**labelled(stance="neutral"), "paragraph": 4, "labelled": ["truce", "rain"]},
    {**LINE, "paragraph": 5, "labels": None, "text": 'Quote: "naïve",\nnext line 🕊'},
]


@pytest.mark.parametrize(
    ("line", "expected", "found"),
    [
        (labelled(topic="snow"), "a topic among truce, guard, rain", '"snow"'),
        (labelled(topic=None), "a topic among", "null"),
        (labelled(topic=["truce"]), "a topic among", '["truce"]'),
        (labelled(stance="for"), "a stance among favor, against, neutral, or null", '"for"'),
        (labelled(topic="rain", stance="favor"), "no stance on `rain`", '"favor"'),
        (labelled(holder="Bob"), "a `holder` copied exactly from the text", '"Bob"'),
        (labelled(holder=""), "a `holder` copied exactly from the text", '""'),
        (labelled(holder=3), "a `holder` copied exactly from the text", "3"),
        (labelled(holder="Ann", holder_start=1), "`holder_start` where the holder begins", "1"),
        (labelled(holder="Ann", holder_start="0"), "`holder_start` where the holder begins", '"0"'),
        (labelled(holder=None, holder_start=0), "`holder_start` where the holder begins", "0"),
        ({**LINE, "text": ""}, "a non-empty string in `text`", '""'),
        ({**LINE, "text": " \n\t"}, "a non-empty string in `text`", '" \\n\\t"'),
        ({**LINE, "text": None}, "a non-empty string in `text`", "null"),
        ({**LINE, "article": ""}, "a non-empty string in `article`", '""'),
        ({**LINE, "article": 7}, "a non-empty string in `article`", "7"),
        ({**LINE, "paragraph": "1"}, "a whole number in `paragraph`", '"1"'),
        ({**LINE, "paragraph": True}, "a whole number in `paragraph`", "true"),
        ({**LINE, "paragraph": 1.0}, "a whole number in `paragraph`", "1.0"),
        ({**LINE, "paragraph": -1}, "a whole number in `paragraph`", "-1"),
        ({**LINE, "title": ["T"]}, "a string in `title`", '["T"]'),
        ({**LINE, "labels": "truce"}, "in `labels` a list of objects", '"truce"'),
        ({**LINE, "labels": ["truce"]}, "in `labels` a list of objects", '["truce"]'),
        ({**LINE, "labels": {"topic": "truce"}}, "in `labels` a list of objects", '{"topic": "truce"}'),
        ({**LINE, "labels": [{"topic": "rain"}] * 2}, "each topic once per paragraph", '["rain", "rain"]'),
        ({**LINE, "labelled": ["snow"]}, "in `labelled` a list of topics", '["snow"]'),
        ({**LINE, "labelled": "truce"}, "in `labelled` a list of topics", '"truce"'),
        ({**labelled(), "labelled": ["rain"]}, "labels only on topics named in `labelled`", '["truce"]'),
        ({**labelled(), "labelled": []}, "labels only on topics named in `labelled`", '["truce"]'),
    ],
)
def test_problems(taxonomy: Taxonomy, write_jsonl: Write, line: dict[str, Any], expected: str, found: str) -> None:
    with pytest.raises(DataError) as caught:
        read_corpus([write_jsonl([line])], taxonomy)
    summary, problem = str(caught.value).splitlines()
    assert summary.startswith("1 problem")
    assert problem.startswith(f"data.jsonl:1: expected {expected}")
    assert f"; found {found}. " in problem


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(labelled(holder="Ann", holder_start=-29), id="negative holder_start"),
        pytest.param({**LINE, "paragraph": -1}, id="paragraph -1"),
    ],
)
def test_numbers_below_the_first(taxonomy: Taxonomy, write_jsonl: Write, line: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        read_corpus([write_jsonl([line])], taxonomy)


def test_all_problems_at_once_with_file_and_line(taxonomy: Taxonomy, tmp_path: Path, write_jsonl: Write) -> None:
    first = write_jsonl([LINE, {**labelled(topic="snow"), "paragraph": 2}, {**LINE, "text": "", "article": ""}])
    second = tmp_path / "more.jsonl"
    second.write_bytes(b'{"text": "\xe9"}\n{\n' + json.dumps(LINE).encode())
    with pytest.raises(DataError) as caught:
        read_corpus([first, second], taxonomy)
    summary, *problems = str(caught.value).splitlines()
    assert summary == "6 problem(s) in the labelled data:"
    assert [problem.split(": expected")[0] for problem in problems] == [
        "data.jsonl:2",
        "data.jsonl:3",
        "data.jsonl:3",
        "more.jsonl:1",
        "more.jsonl:2",
        "more.jsonl:3",
    ]
    assert "not ('a', 1); found the key of data.jsonl:1 again" in problems[-1]


def test_no_paragraph_at_all(taxonomy: Taxonomy, write_jsonl: Write) -> None:
    with pytest.raises(DataError, match="no paragraph"):
        read_corpus([write_jsonl([])], taxonomy)


@pytest.mark.parametrize(
    ("values", "labels"),
    [({"labels": []}, ()), ({"labels": None}, None), ({}, None)],
    ids=["none of the topics", "null", "absent"],
)
def test_unlabelled_is_not_none_of_the_topics(
    taxonomy: Taxonomy, write_jsonl: Write, values: dict[str, Any], labels: Any
) -> None:
    line = {key: LINE[key] for key in ("article", "paragraph", "text")}
    assert read_corpus([write_jsonl([{**line, **values}])], taxonomy).examples[0].labels == labels


@pytest.mark.parametrize(
    ("label", "holder", "start", "judged"),
    [
        ({"holder": "Ann"}, "Ann", 0, True),
        ({"holder": "Ann", "holder_start": 19}, "Ann", 19, True),
        ({"holder": "Ann", "holder_start": None}, "Ann", 0, True),
        ({"holder": None}, None, None, True),
        ({}, None, None, False),
    ],
)
def test_holders(
    make_corpus: Callable[..., Corpus], label: dict[str, Any], holder: str | None, start: int | None, judged: bool
) -> None:
    (found,) = make_corpus([labelled(stance="favor", **label)]).examples[0].labels or ()
    assert (found.holder, found.holder_start, found.holder_judged) == (holder, start, judged)


@pytest.mark.parametrize(
    ("topics", "fine"), [(["sport"], True), (None, True), ([], False), (["sport", "art"], False)], ids=str
)
def test_exclusive_topics(
    exclusive_taxonomy: Taxonomy, write_jsonl: Write, topics: list[str] | None, fine: bool
) -> None:
    labels = None if topics is None else [{"topic": topic} for topic in topics]
    path = write_jsonl([{**LINE, "labels": labels}])
    if fine:
        assert len(read_corpus([path], exclusive_taxonomy)) == 1
    else:
        with pytest.raises(DataError, match="exactly one label"):
            read_corpus([path], exclusive_taxonomy)


def test_unknown_keys_are_kept(make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus([{**LINE, "url": "u", "round": 2, "title": None}])
    assert corpus.examples[0].extra == {"url": "u", "round": 2}
    assert corpus.examples[0].title == ""


def cells(line: dict[str, Any]) -> dict[str, Any]:
    """Labels as JSON text, as CSV and flat Parquet tables hold them."""
    return {key: json.dumps(value) if key in ("labels", "labelled") else value for key, value in line.items()}


def test_json_lines_csv_and_parquet_agree(taxonomy: Taxonomy, tmp_path: Path, write_jsonl: Write) -> None:
    expected = read_corpus([write_jsonl(LINES)], taxonomy)
    columns = ["article", "paragraph", "title", "setting", "style", "text", "labels", "labelled"]
    table = [{column: cells(line).get(column) for column in columns} for line in LINES]
    pq.write_table(pa.Table.from_pylist(table), tmp_path / "data.parquet")
    quoted = [["" if v is None else str(v).replace('"', '""') for v in row.values()] for row in table]
    csv = "\r\n".join([",".join(columns), *(",".join(f'"{cell}"' for cell in row) for row in quoted)])
    (tmp_path / "data.csv").write_text(csv, encoding="utf-8-sig", newline="")
    for name in ("data.csv", "data.parquet"):
        corpus = read_corpus([tmp_path / name], taxonomy)
        assert corpus == expected
        assert corpus.sha256 == expected.sha256


def test_nested_parquet_labels(taxonomy: Taxonomy, tmp_path: Path, write_jsonl: Write) -> None:
    lines = [LINE, {**labelled(stance="favor", holder="Ann", holder_start=0), "paragraph": 2}]
    pq.write_table(pa.Table.from_pylist(lines), tmp_path / "data.parquet")
    assert read_corpus([tmp_path / "data.parquet"], taxonomy) == read_corpus([write_jsonl(lines)], taxonomy)


def test_nested_parquet_keeps_unjudged_holders(taxonomy: Taxonomy, tmp_path: Path, write_jsonl: Write) -> None:
    lines = [labelled(stance="favor"), {**labelled(stance="favor", holder="Ann"), "paragraph": 2}]
    pq.write_table(pa.Table.from_pylist(lines), tmp_path / "data.parquet")
    assert read_corpus([tmp_path / "data.parquet"], taxonomy) == read_corpus([write_jsonl(lines)], taxonomy)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"note": "kept aside"}, True),
        ({"text": "Ann wants a truce; Ann waits!"}, False),
        ({"article": "b"}, False),
        ({"paragraph": 2}, False),
        ({"labels": None}, False),
        ({"labels": [{"topic": "truce"}]}, False),
        ({"labelled": ["truce"]}, False),
    ],
)
def test_hash_is_of_the_content(make_corpus: Callable[..., Corpus], change: dict[str, Any], same: bool) -> None:
    assert (make_corpus([LINE]).sha256 == make_corpus([{**LINE, **change}]).sha256) is same


def test_hash_ignores_file_names_and_formatting(taxonomy: Taxonomy, tmp_path: Path, write_jsonl: Write) -> None:
    first, second = write_jsonl(LINES), tmp_path / "other.ndjson"
    second.write_text("\n\n".join(json.dumps(dict(reversed(line.items()))) for line in LINES), encoding="utf-8")
    assert read_corpus([first], taxonomy).sha256 == read_corpus([second], taxonomy).sha256


def test_only_keeps_the_order_asked_for(make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus([{}, {}, {}])
    assert corpus.only([2, 0]).articles == ["a3", "a1"]
    assert corpus.only([]).texts == []


@pytest.mark.parametrize(
    ("key", "known"), [("holder_agreed", True), ("note", True), ("stnce", False), ("holders", False)]
)
def test_further_label_keys_are_kept_out_of_the_way_but_typing_errors_are_not(
    taxonomy: Taxonomy, write_jsonl: Write, key: str, known: bool
) -> None:
    path = write_jsonl([labelled(**{key: True})])
    if known:
        assert len(read_corpus([path], taxonomy)) == 1
        return
    with pytest.raises(DataError, match="spelling"):
        read_corpus([path], taxonomy)
