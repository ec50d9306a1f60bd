import re
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from communique.serve.report_charts import (
    axis_end,
    bar_chart,
    line_chart,
    outlets,
    periods,
    time_range,
    timeline,
    unit_of,
)
from communique.serve.report_folder import ScoredFolder
from communique.serve.report_svg import SVG, inline_svg

Scored = Callable[..., ScoredFolder]
FAVOR, AGAINST = (0.9, 0.05, 0.05), (0.05, 0.9, 0.05)


def titles(svg: str) -> list[str]:
    return [str(title.text) for title in etree.fromstring(svg).iter(f"{SVG}title")]


def said(svg: str) -> str:
    return str(etree.fromstring(svg).get("aria-label"))


def paths(svg: str, attribute: str, value: str) -> list[str]:
    return [path.get("d") for path in etree.fromstring(svg).iter(f"{SVG}path") if path.get(attribute) == value]


def row(name: str, value: float | None, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "low": low, "high": high, "words": name}


def test_periods_fit_the_span_and_lone_dates_do_not_stretch_it(scored: Scored) -> None:
    assert [unit_of("2024-01-01", end) for end in ("2024-01-20", "2024-05-01", "2025-05-01", "2044-01-01")] == [
        "day",
        "week",
        "month",
        "year",
    ]
    assert periods("2024-12-30", "2025-01-06", "week") == ["2025-W01", "2025-W02"]
    rows = [{"published": f"2024-03-{n % 28 + 1:02}"} for n in range(400)] + [{"published": "1970-01-01"}]
    folder = scored(rows)
    with folder.connect() as connection:
        assert time_range(connection) == ("2024-03-01", "2024-03-28")


def test_a_timeline_has_a_panel_for_each_stance_and_one_of_counts(scored: Scored) -> None:
    rows = [{"published": f"2024-0{month}-01", "truce": (1.0, FAVOR)} for month in (1, 1, 4)]
    folder = scored(rows)
    with folder.connect() as connection:
        found = timeline(connection, folder.topics[0], ("2024-01-01", "2024-10-01"))
        none = timeline(connection, folder.topics[0], ("2024-01-01", "2024-03-01"))
    assert found is not None
    assert none is None
    assert (found.unit, [panel.stance for panel in found.panels]) == ("month", ["favor", "against", "neutral", None])
    favor, counts = found.panels[0].svg, found.panels[-1].svg
    assert said(favor) == (
        "favor: 90\xa0% in 2024-01, 90\xa0% in 2024-04; lowest 90\xa0% in 2024-01, highest 90\xa0% in 2024-04."
    )
    assert titles(favor)[-1] == "2024-04: 90\xa0%, 1.0 paragraphs"
    assert re.fullmatch(r"2024-01: 90\xa0% \(\d+–\d+\xa0%\), 2.0 paragraphs", titles(favor)[0])
    assert said(counts) == "Expected paragraphs: 3 in all, most in 2024-01."
    assert titles(counts)[:4] == ["2024-01: 2.0", "2024-02: 0.0", "2024-03: 0.0", "2024-04: 1.0"]


def test_the_line_breaks_where_a_period_has_no_share_and_the_band_where_it_has_no_interval() -> None:
    rows = [row("a", 0.5, 0.4, 0.6), row("b", 0.5, 0.4, 0.6), row("c", None), row("d", 0.5), row("e", 0.5, 0.4, 0.6)]
    svg = inline_svg(line_chart(rows, 1.0), "")
    (line,) = [path for path in paths(svg, "stroke-width", "2") if "Z" not in path]
    (band,) = paths(svg, "opacity", "0.2")
    assert [run.count("L") for run in line.split("M")[1:]] == [1, 1]
    assert [run.count("L") for run in band.split("M")[1:]] == [3, 1]
    assert titles(svg) == ["a", "b", "d", "e"]


def test_the_axis_has_room_for_every_interval_and_all_its_numbers(scored: Scored) -> None:
    svg = inline_svg(line_chart([row("a", 0.5), row("b", 0.6)], 0.75), "")
    texts = [text.text for text in etree.fromstring(svg).iter(f"{SVG}text")]
    assert texts == ["a", "b", "0\xa0%", "25\xa0%", "50\xa0%", "75\xa0%"]
    folder = scored([{"outlet": "North", "truce": (1.0, FAVOR)}])
    with folder.connect() as connection:
        assert axis_end(outlets(connection, folder.topics[0]).groups) == 1.0
    assert axis_end([]) == 1.0


@pytest.mark.parametrize(("number", "named"), [(1, 1), (5, 3), (96, 3)])
def test_few_periods_are_named(number: int, named: int) -> None:
    svg = inline_svg(line_chart([row(f"{1900 + n}", 0.1) for n in range(number)], 0.25), "")
    assert svg.count("<text") == named + 2


def test_outlets_as_bars_with_their_intervals(scored: Scored) -> None:
    rows = [{"outlet": "North", "truce": (1.0, FAVOR)}] * 3 + [{"outlet": "South", "truce": (1.0, AGAINST)}]
    folder = scored([*rows, {"outlet": " ", "truce": (1.0, FAVOR)}])
    with folder.connect() as connection:
        found = outlets(connection, folder.topics[0])
    assert [group.keys["outlet"] for group in found.groups] == ["North", "South"]
    assert [panel.stance for panel in found.panels] == ["favor", "against", "neutral", None]
    against = found.panels[1].svg
    assert re.fullmatch(
        r"against by outlet: North: 5.0\xa0% \(0–\d+\xa0%\), 3.0 paragraphs; South: 90\xa0%, 1.0 paragraphs\.",
        said(against),
    )
    assert len([one for one in etree.fromstring(against).iter(f"{SVG}line") if one.get("stroke") == "var(--ink)"]) == 1
    assert said(found.panels[-1].svg) == "Expected paragraphs by outlet: North: 3.0; South: 1.0."


def test_outlets_that_are_not_shown_are_counted(scored: Scored) -> None:
    folder = scored([{"outlet": f"Outlet {n}", "truce": (1.0, FAVOR)} for n in range(17)])
    with folder.connect() as connection:
        found = outlets(connection, folder.topics[0])
        empty = outlets(connection, folder.topics[1])
    assert (len(found.groups), found.more) == (15, 2)
    assert (empty.groups, empty.panels, empty.more) == ([], [], 0)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("North", "North"),
        ("The Daily Gazette of Harbours", "The Daily Gazett…"),
        ("日本経済新聞日曜版", "日本経済新聞日…"),
        ("\N{NEWSPAPER}" * 9, "\N{NEWSPAPER}" * 7 + "…"),
    ],
)
def test_a_long_name_is_cut_and_stays_whole_under_the_pointer(name: str, shown: str) -> None:
    svg = inline_svg(bar_chart([row(name, 0.5, 0.4, 0.6)], 0.75), "")
    assert titles(svg) == [name]
    assert [text.text for text in etree.fromstring(svg).iter(f"{SVG}text")][-1] == shown


def test_outlets_whose_names_begin_alike_stay_apart() -> None:
    svg = inline_svg(bar_chart([row(f"The Daily Gazette of {place}", 0.5) for place in "AB"], 0.75), "")
    assert svg.count(">The Daily Gazett…<") == 2
    assert len(titles(svg)) == 2
