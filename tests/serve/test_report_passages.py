from collections.abc import Callable

import pytest

from communique.model.taxonomy import Taxonomy
from communique.serve.report_folder import ScoredFolder
from communique.serve.report_page import build_report
from communique.serve.report_passages import contested, holders, pieces, surest, threshold_seen

Scored = Callable[..., ScoredFolder]
FAVOR, AGAINST, NEUTRAL = (0.9, 0.05, 0.05), (0.05, 0.9, 0.05), (0.05, 0.05, 0.9)


def test_holders_with_their_counts_and_the_surest_sentence(scored: Scored) -> None:
    held = [("The Army", 0.7, AGAINST), ("the army", 0.9, FAVOR), ("He", 0.9, FAVOR), (None, 0.9, NEUTRAL)]
    rows = [
        {"truce.holder": name, "truce": (p, shares), "truce.evidence": f"Sentence {p}."} for name, p, shares in held
    ]
    folder = scored(rows)
    with folder.connect() as connection:
        found = holders(connection, folder.topics[0])
    (army,) = found.shown
    assert army.name.casefold() == "the army"
    assert army.counts == {"favor": 1, "against": 1, "neutral": 0}
    assert army.example == "Sentence 0.9."
    assert (found.names, found.pronouns, found.nobody) == (1, 1, 1)


def test_the_surest_and_the_most_contested_passages(scored: Scored) -> None:
    shares = [(0.9, 0.05, 0.05), (0.6, 0.3, 0.1), (0.46, 0.44, 0.1), (0.1, 0.8, 0.1)]
    folder = scored([{"truce": (0.9, one)} for one in shares])
    with folder.connect() as connection:
        sure = surest(connection, folder, folder.topics[0])
        torn = contested(connection, folder, folder.topics[0])
    assert [(one.title, one.stance) for one in sure] == [
        ("Title a1", "favor"),
        ("Title a2", "favor"),
        ("Title a4", "against"),
    ]
    assert torn[0].title == "Title a3"


def test_pieces_of_overlapping_spans() -> None:
    spans = [("evidence", 0, 8), ("holder", 4, 10)]
    assert pieces("The army said.", spans) == [
        ("The ", "evidence"),
        ("army", "evidence holder"),
        (" s", "holder"),
        ("aid.", ""),
    ]


@pytest.mark.parametrize(
    ("probabilities", "threshold", "titles"),
    [
        ([0.9, 0.52, 0.44, 0.1, 0.5], 0.47, ["a5", "a3", "a2"]),
        ([0.9, 0.6], None, ["a2"]),
        ([0.4, 0.1], None, ["a1"]),
        ([0.99, 0.01], 0.5, []),
    ],
)
def test_without_stances_those_near_the_threshold_are_contested(
    scored: Scored, probabilities: list[float], threshold: float | None, titles: list[str]
) -> None:
    folder = scored([{"rain": (p, ())} for p in probabilities])
    rain = folder.topics[2]
    with folder.connect() as connection:
        torn = contested(connection, folder, rain)
        assert threshold_seen(connection, rain) == (None if threshold is None else pytest.approx(threshold))
    assert {one.title for one in torn} == {f"Title {name}" for name in titles}


def test_the_page_says_what_contested_means(scored: Scored, exclusive_taxonomy: Taxonomy) -> None:
    page = build_report(scored([{"rain": (p, ())} for p in (0.52, 0.44)])).html
    assert "Above and below the threshold (about 48\N{NO-BREAK SPACE}%) and closest to it" in page
    rows = [{"sport": (0.4, ()), "sport.present": True}, {"sport": (0.45, ()), "sport.present": False}]
    assert "Closest to a probability of one half" in build_report(scored(rows, exclusive_taxonomy, name="one")).html
