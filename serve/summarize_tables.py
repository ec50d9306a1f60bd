"""Groups as rows: JSON values, CSV, and a table for the terminal."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from communique.serve.summarize_groups import Group

COUNTS = ("articles", "paragraphs", "expected", "present", "abstained")
KEY_WIDTH = 34


def group_records(groups: Sequence[Group], by: Sequence[str]) -> list[dict[str, Any]]:
    """Plain values for JSON. With `stance` among the keys each stance is a record of its own; otherwise `stances`
    maps each stance to its share and interval. A topic without stance has the stance null."""
    records: list[dict[str, Any]] = []
    for group in groups:
        base = {"topic": group.topic, **group.keys}
        counts = {name: getattr(group, name) for name in COUNTS} | {"expected": round(group.expected, 3)}
        shares = {
            stance: {"share": _rounded(one.share), "low": _rounded(one.low), "high": _rounded(one.high)}
            for stance, one in group.shares.items()
        }
        if "stance" in by:
            nothing = {"stance": None, **counts, "share": None, "low": None, "high": None}
            records += [{**base, "stance": stance, **counts, **share} for stance, share in shares.items()]
            records += [] if shares else [{**base, **nothing}]
        else:
            records.append({**base, **counts, "stances": shares})
    return records


def csv_text(groups: Sequence[Group], by: Sequence[str], stances: Sequence[str]) -> str:
    """CSV with a header: the keys, the counts, and for each stance its share, low and high."""
    rows = [_flat(record) for record in group_records(groups, by)]
    keys = ["topic", *(key for key in by if key not in ("topic", "stance"))]
    if "stance" in by:
        columns = [*keys, "stance", *COUNTS, "share", "low", "high"]
    else:
        columns = [*keys, *COUNTS, *(f"{s}{end}" for s in stances for end in ("", "_low", "_high"))]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _inert(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def table_text(groups: Sequence[Group], by: Sequence[str], stances: Sequence[str]) -> str:
    """A table for people: shares in per cent with the interval in brackets."""
    records = group_records(groups, by)
    keys = ["topic", *(key for key in by if key not in ("topic", "stance"))]
    if "stance" in by:
        head = [*keys, "stance", *COUNTS, "share"]
        rows = [[*_keys(r, [*keys, "stance"]), *_counts(r), _percent(r)] for r in records]
        left = len(keys) + 1
    else:
        head = [*keys, *COUNTS, *stances]
        rows = [[*_keys(r, keys), *_counts(r), *(_percent(r["stances"].get(s)) for s in stances)] for r in records]
        left = len(keys)
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [
            cell.ljust(w) if n < left else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _keys(record: dict[str, Any], keys: Sequence[str]) -> list[str]:
    """Names of outlets and holders come from the articles: control characters would reach the terminal."""
    plain = ["".join(c if c.isprintable() else " " for c in record[key] or "–") for key in keys]
    return [text if len(text) <= KEY_WIDTH else text[: KEY_WIDTH - 1] + "…" for text in plain]


def _counts(record: dict[str, Any]) -> list[str]:
    return [f"{record[name]:.1f}" if name == "expected" else str(record[name]) for name in COUNTS]


def _percent(share: dict[str, Any] | None) -> str:
    if share is None or share["share"] is None:
        return "–"
    interval = "" if share["low"] is None else f" [{100 * share['low']:.0f}, {100 * share['high']:.0f}]"
    return f"{100 * share['share']:.0f} %{interval}"


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    flat = {name: value for name, value in record.items() if name != "stances"}
    for stance, share in record.get("stances", {}).items():
        flat |= {stance: share["share"], f"{stance}_low": share["low"], f"{stance}_high": share["high"]}
    return flat


def _inert(value: Any) -> Any:
    """A spreadsheet would run a cell that begins like a formula; an apostrophe keeps it text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
