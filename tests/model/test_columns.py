"""Foreign tables to corpus lines by a mapping."""

from pathlib import Path
from typing import Any

import pytest

from communique.model.columns import ColumnMapping
from communique.model.corpus import read_corpus
from communique.model.tables import Problem, Row
from communique.model.taxonomy import Taxonomy

MAPPING = ColumnMapping(
    text="body", label="class", values={"1": "truce/favor", "2": "none", "?": "unlabelled", "r": "rain"}
)


@pytest.mark.parametrize(
    ("value", "labels"),
    [
        ("1", [{"topic": "truce", "stance": "favor"}]),
        (1, [{"topic": "truce", "stance": "favor"}]),
        ("r", [{"topic": "rain"}]),
        ("guard", [{"topic": "guard"}]),
        ("guard/against", [{"topic": "guard", "stance": "against"}]),
        ("2", []),
        ("none", []),
        ([], []),
        (["1", "r"], [{"topic": "truce", "stance": "favor"}, {"topic": "rain"}]),
        (["1", "2"], [{"topic": "truce", "stance": "favor"}]),
        (["1", "?"], None),
        ("?", None),
        ("unlabelled", None),
        (None, None),
    ],
)
def test_values(taxonomy: Taxonomy, value: Any, labels: Any) -> None:
    problems: list[Problem] = []
    line = MAPPING.translate(Row("t.csv", 2, {"body": "x", "class": value}), taxonomy, problems)
    assert line is not None
    assert line["labels"] == labels
    assert problems == []


@pytest.mark.parametrize("value", ["snow", "truce/maybe", "3"])
def test_unknown_values(taxonomy: Taxonomy, value: str) -> None:
    problems: list[Problem] = []
    MAPPING.translate(Row("t.csv", 2, {"body": "x", "class": value}), taxonomy, problems)
    assert [(problem.line, problem.found) for problem in problems] == [(2, repr(value))]


def test_missing_columns(taxonomy: Taxonomy) -> None:
    problems: list[Problem] = []
    assert MAPPING.translate(Row("t.csv", 2, {"text": "x", "class": "1"}), taxonomy, problems) is None
    assert [(p.expected, p.found) for p in problems] == [("columns body", "columns text, class")]


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ({}, ("t.csv:7", 1)),
        ({"article": "doc"}, ("d1", 7)),
        ({"article": "doc", "paragraph": "n"}, ("d1", 3)),
        ({"paragraph": "n"}, ("t.csv:7", 3)),
    ],
)
def test_keys(taxonomy: Taxonomy, columns: dict[str, str], key: tuple[str, int]) -> None:
    line = ColumnMapping(**columns).translate(Row("t.csv", 7, {"text": "x", "doc": "d1", "n": 3}), taxonomy, [])
    assert line is not None
    assert (line["article"], line["paragraph"]) == key


def test_columns_are_renamed_and_the_rest_kept(taxonomy: Taxonomy) -> None:
    mapping = ColumnMapping(text="body", title="head", setting="place", style="tone")
    row = Row("t.csv", 1, {"body": "x", "head": "h", "place": "p", "tone": "s", "url": "u", "text": "old"})
    assert mapping.translate(row, taxonomy, []) == {
        "text": "x",
        "article": "t.csv:1",
        "paragraph": 1,
        "title": "h",
        "setting": "p",
        "style": "s",
        "labels": None,
        "url": "u",
    }


@pytest.mark.parametrize(
    ("columns", "fits"), [({"body": 1, "class": 2, "x": 3}, True), ({"body": 1}, False), ({"class": 1}, False)]
)
def test_fits(columns: dict[str, int], fits: bool) -> None:
    assert MAPPING.fits(columns) is fits


def test_exclusive_labels_from_a_file(tmp_path: Path, exclusive_taxonomy: Taxonomy) -> None:
    path = tmp_path / "t.csv"
    path.write_text("body,class\none,3\ntwo,art\n", encoding="utf-8")
    mapping = ColumnMapping(text="body", label="class", values={"3": "trade"})
    corpus = read_corpus([path], exclusive_taxonomy, mapping)
    assert [example.labels[0].topic for example in corpus.examples if example.labels] == ["trade", "art"]


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        pytest.param("text,class,head\nx,1,\n", {"label": "class", "title": "head"}, id="empty title"),
        pytest.param("text,class\nx,\n", {"label": "class"}, id="empty label"),
        pytest.param("text,class,doc,n\nx,1,d,4\n", {"label": "class", "article": "doc", "paragraph": "n"}, id="n"),
        pytest.param("text,labels\nx,truce\n", {"label": "labels"}, id="scalar labels"),
    ],
)
def test_mapped_csv(tmp_path: Path, taxonomy: Taxonomy, content: str, columns: dict[str, str]) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content, encoding="utf-8")
    assert len(read_corpus([path], taxonomy, ColumnMapping(values={"1": "truce"}, **columns))) == 1
