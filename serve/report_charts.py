"""The geometry of a report's charts: numbers to places in an SVG, drawn by the template.

The charts are written by hand and not by Altair: Vega's JavaScript would add 0.9 MB to every report (measured with
vl-convert 1.9), needs `unsafe-eval` in the page's Content-Security-Policy, and draws nothing before it has run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from communique.serve.report_folder import TopicColumns
from communique.serve.summarize_groups import UNKNOWN, Group, summarize
from communique.serve.summarize_interval import LEAST, Share

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# A panel's size and the inner edges of its plot, in units of the SVG.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 300, 150, 46, 292, 10, 124
FRAME = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "bottom": BOTTOM}
# Dates beyond these quantiles are not drawn: one article of 1970 would squeeze all others into a corner.
TRIM = 0.005
MOST_OUTLETS = 15
# Where the axis of a topic's shares may end; the same for all its stances.
AXES = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Point:
    """A period's value at its place (x, y) of the panel; `share` is None in the panel of counts."""

    period: str
    x: float
    y: float
    share: Share | None
    expected: float


@dataclass(frozen=True)
class Panel:
    """One stance over time, or for `stance` None the expected number of paragraphs.

    `lines` are SVG paths of unbroken runs of periods, `bands` the paths of their intervals. `ticks` are
    (place, label) on the vertical axis and `labels` on the horizontal one.
    """

    stance: str | None
    points: list[Point]
    lines: list[str]
    bands: list[str]
    ticks: list[tuple[float, str]]
    labels: list[tuple[float, str, str]]
    bar: float
    summary: str


@dataclass(frozen=True)
class Timeline:
    """A topic over time: its panels, the unit of the periods and the groups behind the numbers."""

    unit: str
    panels: list[Panel]
    groups: list[Group]


def time_range(connection: "DuckDBPyConnection") -> tuple[str, str] | None:
    """The first and last day between which nearly all dated articles lie; None if there are no full dates."""
    query = f"""SELECT quantile_disc(date, {TRIM}), quantile_disc(date, {1 - TRIM}) FROM articles
        WHERE length(date) = 10 AND skipped IS NULL"""
    first, last = connection.execute(query).fetchall()[0]
    return None if first is None else (first, last)


def unit_of(first: str, last: str) -> str:
    """The period that gives a readable number of points between two days."""
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days
    return "day" if days <= 31 else "week" if days <= 182 else "month" if days <= 365 * 8 else "year"


def periods(first: str, last: str, unit: str) -> list[str]:
    """Every period from the one of `first` to the one of `last`, as `summarize` names them."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    form = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}[unit]
    days = (start + timedelta(days=n) for n in range((end - start).days + 1))
    return list(dict.fromkeys(day.strftime(form) for day in days))


def timeline(
    connection: "DuckDBPyConnection", topic: TopicColumns, bounds: tuple[str, str], keep_copies: bool = False
) -> Timeline | None:
    """Draw a topic over time; None where there are fewer than two periods with a paragraph on it."""
    unit = unit_of(*bounds)
    names = periods(*bounds, unit)
    found = {group.keys[unit]: group for group in summarize(connection, [topic], [unit], keep_copies)}
    groups = [found[name] for name in names if name in found]
    if sum(group.expected >= LEAST for group in groups) < 2:
        return None
    step = (RIGHT - LEFT) / max(len(names) - 1, 1)
    places = {name: LEFT + n * step for n, name in enumerate(names)}
    highest = max((one.high or one.share or 0.0 for group in groups for one in group.shares.values()), default=1.0)
    top = next(end for end in AXES if highest <= end)
    panels = [_share_panel(stance, names, found, places, top) for stance in topic.stances]
    return Timeline(unit, [*panels, _count_panel(names, found)], groups)


def outlets(connection: "DuckDBPyConnection", topic: TopicColumns) -> tuple[list[Group], int]:
    """The outlets with most paragraphs on the topic, and how many others have at least one expected."""
    groups = summarize(connection, [topic], ["outlet"])
    enough = [group for group in groups if group.expected >= 1 and group.keys["outlet"] != UNKNOWN]
    return enough[:MOST_OUTLETS], max(len(enough) - MOST_OUTLETS, 0)


def _height(share: float) -> float:
    """The place of a part of the axis's whole length above its bottom."""
    return TOP + (1 - share) * (BOTTOM - TOP)


def _share_panel(stance: str, names: list[str], found: dict[str, Group], places: dict[str, float], top: float) -> Panel:
    runs: list[list[Point]] = [[]]
    for name in names:
        group = found.get(name)
        share = group.shares[stance] if group else None
        if group is None or share is None or share.share is None:
            runs.append([])
        else:
            height = round(_height(share.share / top), 1)
            runs[-1].append(Point(name, round(places[name], 1), height, share, group.expected))
    runs = [run for run in runs if run]
    points = [point for run in runs for point in run]
    ticks = [(_height(value / top), f"{100 * value:.0f}\N{NO-BREAK SPACE}%") for value in (0.0, *AXES) if value <= top]
    lines = [_path([(point.x, point.y) for point in run]) for run in runs if len(run) > 1]
    bands = [band for run in runs if (band := _band(run, top))]
    return Panel(stance, points, lines, bands, ticks, _labels(names, places), 0.0, _in_words(stance, points))


def _count_panel(names: list[str], found: dict[str, Group]) -> Panel:
    """Bars from the bottom line; the tallest one reaches the top."""
    bar = (RIGHT - LEFT) / len(names)
    values = [found[name].expected if name in found else 0.0 for name in names]
    top = max(*values, 1.0)
    places = {name: LEFT + (n + 0.5) * bar for n, name in enumerate(names)}
    points = [
        Point(name, round(places[name] - 0.4 * bar, 1), round(_height(value / top), 1), None, value)
        for name, value in zip(names, values, strict=True)
    ]
    ticks = [(_height(0.0), "0"), (_height(1.0), f"{top:,.0f}")]
    words = f"Expected paragraphs: {sum(values):,.0f} in all, most in {names[values.index(max(values))]}."
    return Panel(None, points, [], [], ticks, _labels(names, places), round(0.8 * bar, 1), words)


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def _band(run: Sequence[Point], top: float) -> str:
    """The interval around a run; points of a single article have none and end it there."""
    known = [(p.x, p.share.low, p.share.high) for p in run if p.share and p.share.low is not None and p.share.high]
    if len(known) < 2:
        return ""
    upper = [(x, _height(high / top)) for x, _, high in known]
    lower = [(x, _height((low or 0.0) / top)) for x, low, _ in known]
    return _path(upper + lower[::-1]) + "Z"


def _labels(names: list[str], places: dict[str, float]) -> list[tuple[float, str, str]]:
    """The first and the last period under the axis, with their text anchors."""
    ends = [(places[names[0]], names[0], "start"), (places[names[-1]], names[-1], "end")]
    return ends if len(names) > 1 else ends[:1]


def _in_words(stance: str, points: Sequence[Point]) -> str:
    """What a listener is told in place of the picture."""
    if not points:
        return f"{stance}: no paragraph."
    shares = [(point.share.share or 0.0, point.period) for point in points if point.share]
    low, high = min(shares), max(shares)
    return (
        f"{stance}: {shares[0][0]:.0%} in {shares[0][1]}, {shares[-1][0]:.0%} in {shares[-1][1]}; "
        f"lowest {low[0]:.0%} in {low[1]}, highest {high[0]:.0%} in {high[1]}."
    )
