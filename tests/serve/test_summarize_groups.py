from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from communique.model.errors import InputError
from communique.model.taxonomy import parse_taxonomy
from communique.serve.report_folder import ScoredFolder, open_folder
from communique.serve.summarize_groups import Group, chosen_topics, parse_keys, summarize

Scored = Callable[..., ScoredFolder]
FAVOR, AGAINST = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


def groups(folder: ScoredFolder, *by: str, topic: str | None = "truce", keep_copies: bool = False) -> list[Group]:
    with folder.connect() as connection:
        return summarize(connection, chosen_topics(folder, topic), by, keep_copies)


def test_counts_and_shares_come_from_the_probabilities(scored: Scored) -> None:
    rows = [{"truce": (0.8, (0.5, 0.25, 0.25))}, {"truce": (0.4, AGAINST), "abstained": True}]
    (found,) = groups(scored(rows))
    assert (found.articles, found.paragraphs, found.present, found.abstained) == (2, 2, 1, 1)
    assert found.expected == pytest.approx(1.2)
    shares = {stance: one.share for stance, one in found.shares.items()}
    assert shares == pytest.approx({"favor": 0.4 / 1.2, "against": 0.6 / 1.2, "neutral": 0.2 / 1.2})


def test_a_topic_without_stance_has_counts_alone(scored: Scored) -> None:
    (found,) = groups(scored([{"rain": (0.75, ())}]), topic="rain")
    assert (found.expected, found.present, found.shares) == (0.75, 1, {})


def test_stances_are_those_of_the_columns(scored: Scored) -> None:
    topics = [{"name": "tax", "definition": "A duty."}]
    taxonomy = parse_taxonomy({"stances": ["raise", "lower", "keep", "drop"], "topics": topics}, "t")
    (found,) = groups(scored([{"tax": (1.0, (0.1, 0.2, 0.3, 0.4))}], of=taxonomy), topic="tax")
    assert [round(one.share or 0, 3) for one in found.shares.values()] == [0.1, 0.2, 0.3, 0.4]


COPIES = [
    {"article": "a1", "text": "One text.", "outlet": "North", "published": "2024-05-03", "truce": (1.0, FAVOR)},
    {"article": "a2", "text": "one text", "outlet": "South", "published": "2024-06-03", "truce": (1.0, FAVOR)},
    {"article": "a3", "text": "One  TEXT!", "outlet": "South", "published": "2024-06-04", "truce": (1.0, FAVOR)},
    {"article": "a3", "text": "Another.", "outlet": "South", "published": "2024-06-04", "truce": (1.0, AGAINST)},
]


@pytest.mark.parametrize(
    ("by", "keep", "expected"),
    [
        ((), False, [2.0]),
        ((), True, [4.0]),
        (("outlet",), False, [2.0, 1.0]),
        (("outlet",), True, [3.0, 1.0]),
        (("month",), False, [1.0, 2.0]),
    ],
)
def test_a_copy_counts_once_in_a_group(scored: Scored, by: tuple[str, ...], keep: bool, expected: list[float]) -> None:
    assert [found.expected for found in groups(scored(COPIES), *by, keep_copies=keep)] == expected


DATES = [
    ("2024-05-03", "2024", "2024-05", "2024-W18", "2024-05-03"),
    ("2024-05-03T23:30:00-08:00", "2024", "2024-05", "2024-W18", "2024-05-03"),
    ("Fri, 03 May 2024 10:00:00 GMT", "2024", "2024-05", "2024-W18", "2024-05-03"),
    ("May 3, 2024", "2024", "2024-05", "2024-W18", "2024-05-03"),
    ("2024-05", "2024", "2024-05", "unknown", "unknown"),
    ("2024", "2024", "unknown", "unknown", "unknown"),
    ("03/05/2024", "unknown", "unknown", "unknown", "unknown"),
    ("2024-13-45", "unknown", "unknown", "unknown", "unknown"),
    ("0001-01-01", "unknown", "unknown", "unknown", "unknown"),
    ("yesterday", "unknown", "unknown", "unknown", "unknown"),
    ("", "unknown", "unknown", "unknown", "unknown"),
    (None, "unknown", "unknown", "unknown", "unknown"),
]


@pytest.mark.parametrize(("published", *("year", "month", "week", "day")), DATES)
def test_dates_of_any_form(scored: Scored, published: Any, year: str, month: str, week: str, day: str) -> None:
    (found,) = groups(scored([{"published": published, "truce": (1.0, FAVOR)}]), "year", "month", "week", "day")
    assert found.keys == {"year": year, "month": month, "week": week, "day": day}


def test_times_are_in_order_and_the_unknown_one_last(scored: Scored) -> None:
    rows = [{"published": day, "truce": (1.0, FAVOR)} for day in ("nonsense", "2024-06-01", "2023-01-01")]
    assert [found.keys["month"] for found in groups(scored(rows), "month")] == ["2023-01", "2024-06", "unknown"]


def test_holders_differ_neither_in_case_nor_in_spacing(scored: Scored) -> None:
    names = ["The Army", "the  army", "The Army", None]
    rows = [{"truce": (0.9, AGAINST), "truce.holder": name} for name in names]
    rows.append({"truce": (0.1, AGAINST), "truce.holder": "The Army"})
    found = {one.keys["holder"]: one.present for one in groups(scored(rows), "holder")}
    assert found == {"The Army": 3, "none named": 1}


def test_odd_names_of_folders_and_outlets(scored: Scored) -> None:
    rows = [{"outlet": 'It\'s "the" Post; DROP TABLE x --', "truce": (1.0, FAVOR)}]
    (found,) = groups(scored(rows, name="a [b]* 'c' ?"), "outlet")
    assert found.keys["outlet"] == rows[0]["outlet"]


@pytest.mark.parametrize("text", ["", "topic,topic", "colour", "topic,outlets"])
def test_keys_that_there_are_not_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--by: expected one or more different keys"):
        parse_keys(text)


def test_an_unknown_topic_is_refused_with_the_known_ones(scored: Scored) -> None:
    with pytest.raises(InputError, match="truce, guard, rain"):
        chosen_topics(scored([{}]), "war")


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        open_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"has no paragraphs/\*.parquet"):
        open_folder(tmp_path)


def test_a_damaged_table_is_named(scored: Scored) -> None:
    file = scored([{}]).path / "paragraphs" / "part-00001.parquet"
    file.write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match=r"part-00001\.parquet is not a Parquet file"):
        open_folder(file.parent.parent)
