"""The report's charts, declared with Altair from the numbers of `summarize`: stances over time and by outlet.

Each stance has a panel of its own, with one axis for all stances of a topic, so that nothing is told apart by colour
alone. `report_svg` draws them while the report is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from communique.serve.report_folder import TopicColumns, needed
from communique.serve.report_svg import drawable, inline_svg
from communique.serve.report_words import count, interval, label, percent
from communique.serve.summarize_groups import UNKNOWN, Group, summarize
from communique.serve.summarize_interval import LEAST

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# The inner size of a panel over time, the height of an outlet's row, and the room around for labels: in units of the
# SVG, a pixel or so. Fixed, so that panels beside each other agree, and because Vega is slow at measuring text.
WIDTH, HEIGHT, ROW = 238, 112, 19
ROOM = {"left": 46, "right": 18, "top": 8, "bottom": 28}
NAMES, NAME_LENGTH = 146, 17
# Dates beyond these quantiles are not drawn: one article of 1970 would squeeze all others into a corner.
TRIM = 0.005
MOST_OUTLETS = 15
# How many periods are named below the axis.
NAMED = 3
# Where the axis of a topic's shares may end; the same for all its stances.
AXES = (0.25, 0.5, 0.75, 1.0)
# The stance's colour, which the element around the picture has.
HUE = "currentColor"


@dataclass(frozen=True)
class Panel:
    """The picture of one stance, or for `stance` None of the expected number of paragraphs, as an SVG element."""

    stance: str | None
    svg: str


@dataclass(frozen=True)
class Timeline:
    """A topic over time: its panels, the unit of the periods and the groups behind the numbers."""

    unit: str
    panels: list[Panel]
    groups: list[Group]


@dataclass(frozen=True)
class Outlets:
    """The outlets with most paragraphs on a topic, and how many others have at least one expected."""

    panels: list[Panel]
    groups: list[Group]
    more: int


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
    end = axis_end(groups)
    panels = []
    for stance in topic.stances:
        rows = [row(name, found.get(name), stance) for name in names]
        panels.append(Panel(stance, inline_svg(line_chart(rows, end), _course(stance, rows))))
    rows = [row(name, found.get(name), None) for name in names]
    most = max(rows, key=lambda one: float(one["value"]))
    words = f"Expected paragraphs: {sum(one['value'] for one in rows):,.0f} in all, most in {most['name']}."
    panels.append(Panel(None, inline_svg(column_chart(rows), words)))
    return Timeline(unit, panels, groups)


def outlets(connection: "DuckDBPyConnection", topic: TopicColumns) -> Outlets:
    """Draw a topic by outlet, the one with most paragraphs on it first; without panels where no outlet is named."""
    groups = summarize(connection, [topic], ["outlet"])
    enough = [group for group in groups if group.expected >= 1 and group.keys["outlet"] != UNKNOWN]
    shown = enough[:MOST_OUTLETS]
    panels = []
    for stance in (*topic.stances, None) if shown else ():
        rows = [row(group.keys["outlet"], group, stance) for group in shown]
        chart = bar_chart(rows, axis_end(shown) if stance else None)
        title = f"{label(stance)} by outlet" if stance else "Expected paragraphs by outlet"
        panels.append(Panel(stance, inline_svg(chart, f"{title}: {'; '.join(one['words'] for one in rows)}.")))
    return Outlets(panels, shown, max(len(enough) - MOST_OUTLETS, 0))


def axis_end(groups: Sequence[Group]) -> float:
    """Where the axis ends that has room for every share and interval of the groups."""
    highest = max((one.high or one.share or 0.0 for group in groups for one in group.shares.values()), default=1.0)
    return next(end for end in AXES if highest <= end)


def row(name: str, group: Group | None, stance: str | None) -> dict[str, Any]:
    """What a chart knows of one group: its value, the ends of its interval, and these in words.

    The value is the stance's share, None where there is none, or for `stance` None the expected number.
    """
    name, expected = drawable(name), group.expected if group else 0.0
    if stance is None:
        return {"name": name, "value": expected, "low": None, "high": None, "words": f"{name}: {count(expected)}"}
    share = group.shares[stance] if group else None
    if share is None or share.share is None:
        return {"name": name, "value": None, "low": None, "high": None, "words": f"{name}: no paragraph"}
    ends = f" ({interval(share)}\N{NO-BREAK SPACE}%)" if share.low is not None else ""
    words = f"{name}: {percent(share.share)}{ends}, {count(expected)} paragraphs"
    return {"name": name, "value": share.share, "low": share.low, "high": share.high, "words": words}


def line_chart(rows: Sequence[dict[str, Any]], end: float) -> Any:
    """Shares over time with their intervals. A period without a share breaks the line, one without an interval the
    band; the band's own outline shows the interval of a period that stands alone."""
    alt = needed("altair")
    axis, scale = _share_axis(end)
    base = alt.Chart(alt.Data(values=rows)).encode(x=_periods(rows))
    band = base.mark_area(aria=False, color=HUE, stroke=HUE, strokeWidth=2, opacity=0.2)
    dots = base.mark_point(fill="var(--card)", color=HUE, opacity=1, size=24 if len(rows) < 60 else 8, strokeWidth=1.6)
    return alt.layer(
        band.encode(y=alt.Y("low:Q", axis=axis, scale=scale), y2="high:Q"),
        base.mark_line(aria=False, color=HUE, strokeWidth=2, strokeJoin="round").encode(y="value:Q"),
        dots.encode(y="value:Q", description="words:N"),
    ).properties(width=WIDTH, height=HEIGHT, padding=ROOM)


def column_chart(rows: Sequence[dict[str, Any]]) -> Any:
    """Expected paragraphs over time."""
    alt = needed("altair")
    axis = alt.Axis(format=",.0f", tickCount=3, tickMinStep=1)
    base = alt.Chart(alt.Data(values=rows)).encode(x=_periods(rows), description="words:N")
    columns = base.mark_bar(color=HUE, opacity=0.65).encode(y=alt.Y("value:Q", axis=axis))
    return alt.layer(columns).properties(width=WIDTH, height=HEIGHT, padding=ROOM)


def bar_chart(rows: Sequence[dict[str, Any]], end: float | None) -> Any:
    """Outlets below each other: shares up to `end` with their intervals, or for None the expected paragraphs."""
    alt = needed("altair")
    axis, scale = _share_axis(end) if end else (alt.Axis(format=",.0f", tickCount=3, tickMinStep=1), alt.Undefined)
    # Vega cuts long labels itself, but fails on one whose cut falls within an emoji.
    values = [{**one, "place": place, "label": shortened(one["name"])} for place, one in enumerate(rows)]
    place = alt.Y("place:O", axis=None, scale=alt.Scale(padding=0.3))
    base = alt.Chart(alt.Data(values=values)).encode(y=place)
    bars = base.mark_bar(color=HUE, opacity=0.65).encode(
        x=alt.X("value:Q", axis=axis, scale=scale), description="words:N"
    )
    whiskers = base.mark_rule(aria=False, color="var(--ink)", strokeWidth=1.5).encode(x="low:Q", x2="high:Q")
    names = base.mark_text(aria=False, color="var(--ink)", align="right", baseline="middle", fontSize=13)
    size = {"width": WIDTH + ROOM["left"] - NAMES, "height": ROW * len(rows), "padding": ROOM | {"left": NAMES}}
    return alt.layer(bars, whiskers, names.encode(x=alt.value(-8), text="label:N")).properties(**size)


def shortened(name: str) -> str:
    """As much of a name as fits beside its bar; characters of East Asian scripts are twice as wide."""
    width = 0
    for n, character in enumerate(name):
        width += 2 if east_asian_width(character) in "WF" else 1
        if width > NAME_LENGTH:
            return name[: n - 1].rstrip() + "…"
    return name


def _share_axis(end: float) -> tuple[Any, Any]:
    alt = needed("altair")
    values = [value for value in (0.0, *AXES) if value <= end]
    text = "format(100 * datum.value, '.0f') + '\N{NO-BREAK SPACE}%'"
    # Without the count Vega leaves out values where it finds them too many.
    axis = alt.Axis(values=values, tickCount=len(values), labelExpr=text, labelFlush=False)
    return axis, alt.Scale(domain=[0, end])


def _periods(rows: Sequence[dict[str, Any]]) -> Any:
    """The horizontal axis of time: every period has its place, a few have their name."""
    alt = needed("altair")
    names = [one["name"] for one in rows]
    # Named here, since Vega would measure the text of every period to see how many fit: 4 ms each.
    named = names[:: -(-len(names) // NAMED)]
    axis = alt.Axis(values=named, grid=False, labelAngle=0, labelOverlap=False, labelPadding=10)
    return alt.X("name:O", sort=None, axis=axis, scale=alt.Scale(domain=names))


def _course(stance: str, rows: Sequence[dict[str, Any]]) -> str:
    """A stance over time in words."""
    known = [(one["value"], one["name"]) for one in rows if one["value"] is not None]
    if not known:
        return f"{label(stance)}: no paragraph."
    first, last, low, high = (
        f"{percent(share)} in {name}" for share, name in (known[0], known[-1], min(known), max(known))
    )
    return f"{label(stance)}: {first}, {last}; lowest {low}, highest {high}."
