import json

import pytest
from clutter import DATA, Line, corpus_pages, counted, read_page, read_pages, share

SENTENCE = "The harbour reopened on Monday after eleven weeks of talks."


def test_a_page_is_read_line_by_line() -> None:
    marked = ["- Menu", "t Ferry sails", f"+ {SENTENCE}", "- 3", "- Share", f"+ {SENTENCE}", "- 3"]
    lines = list(read_page({"blank_lines": True, "lines": marked}))
    assert [(line.mark, line.dropped) for line in lines] == [(m[0], m[0] != "+") for m in marked]


def test_shares_count_lines_or_characters() -> None:
    page = [Line("-", "Share", True), Line("-", "Shares", False), Line("+", SENTENCE, True), Line("t", "T", True)]
    assert [line.text for line in counted(page, "precision of dropping")[0]] == ["Share"]
    assert share([page, page], "clutter dropped", lambda line: 1).startswith("0.500 [0.500, 0.500] (2 of 4)")
    assert share([page], "clutter dropped", lambda line: len(line.text)).endswith("(5 of 11)")
    assert share([page], "article sentences lost", lambda line: 1).startswith("1.000")


@pytest.mark.parametrize("split", ["dev", "test"])
def test_the_labelled_pages(split: str) -> None:
    pages = read_pages(split)
    marks = [line[:2] for page in pages for line in page["lines"]]
    assert set(marks) == {"+ ", "- ", "t "}
    assert all(line[2:] == line[2:].strip() for page in pages for line in page["lines"])


def test_the_list_of_debris_names_paragraphs_of_the_corpus() -> None:
    n_debris = sum(map(len, json.loads((DATA / "clutter-corpus.json").read_text("utf-8")).values()))
    assert sum(line[0] == "-" for page in corpus_pages() for line in page["lines"]) == n_debris


def test_prose_is_not_lost_on_development_pages() -> None:
    """What the rules promise: of a hundred lines dropped at most two are an article's, and no sentence."""
    pages = [list(read_page(page)) for page in read_pages("dev")]
    assert not [line for page in pages for line in page if line.mark == "+" and line.is_prose and line.dropped]
    dropped = [line.mark for page in pages for line in page if line.dropped and line.mark != "t"]
    assert dropped.count("-") >= 0.98 * len(dropped)
