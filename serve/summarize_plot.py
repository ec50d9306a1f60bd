"""A picture of stance shares with their 95 % intervals, as PNG: over time, or by group."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from communique.model.errors import InputError
from communique.serve.report_folder import needed
from communique.serve.summarize_groups import TIMES, UNKNOWN, Group

# Okabe and Ito's colours, told apart by most colour-blind readers; the marker tells them apart without colour.
COLOURS = ("#0072b2", "#d55e00", "#6b6b6b", "#009e73", "#cc79a7", "#e69f00")
MARKERS = ("^", "v", "o", "s", "D", "P")
MOST_GROUPS = 25
MOST_PANELS = 12


def draw_groups(groups: Sequence[Group], by: Sequence[str], stances: Sequence[str], path: Path) -> list[str]:
    """Write a PNG with one panel per topic (and per value of the further keys); returns what was left out.

    The first time key is the horizontal axis; without one the groups are rows, the largest ones first. A topic
    without stance shows the expected number of paragraphs.

    Raises:
        InputError: matplotlib is missing, or the file cannot be written.
    """
    needed("matplotlib").use("Agg")
    from matplotlib import pyplot

    time = next((key for key in by if key in TIMES), None)
    panels: dict[tuple[str, ...], list[Group]] = {}
    for group in groups:
        others = [value for key, value in group.keys.items() if time is not None and key != time]
        if time is None or group.keys[time] != UNKNOWN:
            panels.setdefault((group.topic, *others), []).append(group)
    if not panels:
        raise InputError(f"nothing to draw: no group with a known {time}; leave {time} out of --by")
    shown = sorted(panels.items(), key=lambda item: -sum(group.expected for group in item[1]))[:MOST_PANELS]
    shown = [(name, panels[name]) for name in panels if name in dict(shown)]
    left_out = [f"{len(panels) - len(shown)} of {len(panels)} panels"] if len(shown) < len(panels) else []
    height = 2.8 if time else 1.2 + 0.3 * min(MOST_GROUPS, max(len(members) for _, members in shown))
    figure, axes = pyplot.subplots(len(shown), 1, figsize=(9, height * len(shown)), squeeze=False)
    for axis, (name, members) in zip(axes[:, 0], shown, strict=True):
        if not time and len(members) > MOST_GROUPS:
            left_out.append(f"{len(members) - MOST_GROUPS} of {len(members)} groups of {name[0]}")
        _panel(axis, members if time else members[:MOST_GROUPS][::-1], time, stances)
        axis.set_title(_plain(" · ".join(name)), fontsize=10, loc="left")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from font")  # a name in a script that the font lacks
            figure.tight_layout()
            figure.savefig(path, dpi=130)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error}; choose another --out") from error
    finally:
        pyplot.close(figure)
    return left_out


def _panel(axis: Any, groups: Sequence[Group], time: str | None, stances: Sequence[str]) -> None:
    own = [stance for stance in stances if stance in groups[0].shares]
    labels = [_plain(" · ".join(v for k, v in group.keys.items() if k == time or time is None)) for group in groups]
    places = [float(n) for n in range(len(groups))]
    draw = axis.errorbar
    for n, stance in enumerate(own):
        found = [(place, group.shares[stance]) for place, group in zip(places, groups, strict=True)]
        known = [(place + 0.12 * (n - len(own) / 2 + 0.5), one) for place, one in found if one.share is not None]
        centre, value = [place for place, _ in known], [one.share or 0.0 for _, one in known]
        below = [0.0 if one.low is None else (one.share or 0.0) - one.low for _, one in known]
        above = [0.0 if one.high is None else one.high - (one.share or 0.0) for _, one in known]
        style: dict[str, Any] = {
            "marker": MARKERS[n % len(MARKERS)],
            "color": COLOURS[n % len(COLOURS)],
            "label": stance,
        }
        style |= {"capsize": 2, "elinewidth": 1, "linewidth": 1, "markersize": 5}
        if time:
            draw(centre, value, yerr=[below, above], **style)
        else:
            draw(value, centre, xerr=[below, above], linestyle="none", **style)
    if not own and time:
        axis.bar(places, [group.expected for group in groups], color=COLOURS[2])
    elif not own:
        axis.barh(places, [group.expected for group in groups], color=COLOURS[2])
    _axes(axis, labels, places, time is not None, bool(own))


def _axes(axis: Any, labels: list[str], places: list[float], along: bool, shares: bool) -> None:
    step = max(1, len(labels) // 16)
    ticks = (axis.set_xticks, axis.set_yticks)[0 if along else 1]
    kept = slice(None, None, step if along else 1)
    ticks(places[kept], labels[kept], fontsize=8, rotation=30 if along else 0)
    name = "share of paragraphs on the topic" if shares else "expected paragraphs"
    (axis.set_ylabel if along else axis.set_xlabel)(name, fontsize=8)
    if shares:
        (axis.set_ylim if along else axis.set_xlim)(-0.02, 1.02)
        axis.legend(fontsize=8, frameon=False, ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
    axis.grid(axis="y" if along else "x", alpha=0.3)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _plain(text: str) -> str:
    """A dollar sign would begin a formula; control characters have no glyph."""
    return "".join(c if c.isprintable() else " " for c in text).replace("$", r"\$")[:60]
