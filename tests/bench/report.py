"""Benchmark results as Markdown, each in its own marked section of benchmarks.md."""

from pathlib import Path

METRICS = {
    "joint_macro_f1": "joint",
    "topic_macro_f1": "topic",
    "stance_macro_f1": "stance",
    "stance_favg": "F_avg",
    "exact_match": "exact",
    "ece_topic": "ECE topic",
    "ece_stance": "ECE stance",
}
SAME = "encoder"  # ours on the backbone that the rivals have too
TITLES = {"test": "Held-out articles", "test_settings": "Conflicts unseen in training"}


def tables(reports: dict[str, list[dict]], sizes: dict[str, int], failed: dict[str, str], about: str) -> str:
    """A table of quality for each set, one of cost, and the models that were not run."""
    parts = [f"_{about}_\n"]
    for name, rows in reports.items():
        parts.append(f"### {TITLES.get(name, name)} ({sizes[name]} paragraphs)\n")
        parts.append(quality_table(rows))
    parts.append("### Cost\n")
    first = next(iter(reports.values()))
    parts.append(
        markdown(
            ["model", "training, s", "CPU paragraphs/s", "size, MB"],
            [
                [
                    row["name"],
                    number(row["seconds"], ".0f"),
                    number(row["speed"], ".0f"),
                    number(row["size"] / 1e6, ".1f"),
                ]
                for row in first
            ],
        )
    )
    if failed:
        parts.append("### Not run\n")
        parts.append(markdown(["model", "reason"], [[name, reason] for name, reason in failed.items()]))
    return "\n".join(parts)


def quality_table(rows: list[dict]) -> str:
    """Models by joint macro-F1, best first, with 95 % intervals and our difference to each."""
    ordered = sorted(rows, key=lambda row: -row["report"]["joint_macro_f1"])
    body = []
    for row in ordered:
        cells = [row["name"], *(measured(row["report"], name) for name in METRICS), spread(row["seeds"])]
        body.append([*cells, gained(row["ours_minus"]), gained(row["same_minus"])])
    return markdown(
        ["model", *METRICS.values(), "joint, three seeds", "ours − it, joint", f"`{SAME}` − it, joint"], body
    )


def compact_table(rows: list[dict]) -> str:
    """Models on one set with what they cost, to two decimals: the README's table."""
    body = []
    for row in sorted(rows, key=lambda row: -row["report"]["joint_macro_f1"]):
        cost = [number(row["seconds"], ".0f"), number(row["speed"], ".0f"), number(row["size"] / 1e6, ".0f")]
        quality = [measured(row["report"], name, 2 if "ece" not in name else 3) for name in METRICS]
        body.append([row["name"], *quality, *cost, gained(row["ours_minus"], 2)])
    return markdown(["model", *METRICS.values(), "training, s", "paragraphs/s", "MB", "best − it, joint"], body)


def gained(difference: dict | None, digits: int = 3) -> str:
    """How much more joint macro-F1 a model of ours has, with the interval of the paired bootstrap."""
    if difference is None or difference["difference"] == 0:
        return "–"
    low, high = difference["interval"]
    return f"{difference['difference']:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"


def measured(report: dict, name: str, digits: int = 3) -> str:
    """A metric with its interval."""
    if report[name] is None or report["intervals"][name] is None:
        return number(report[name], f".{digits}f")
    low, high = report["intervals"][name]
    return f"{report[name]:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def spread(values: list[float]) -> str:
    """The mean of several seeds and their range."""
    return f"{sum(values) / len(values):.3f} ({min(values):.3f}–{max(values):.3f})" if values else "–"


def markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"


def number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def replace_section(path: Path, name: str, text: str) -> None:
    """Write text between the section's markers, which the file must have."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = path.read_text("utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{path} has no section marked {begin} … {end}")
    path.write_text(f"{before}{begin}\n{text}{end}{after}", encoding="utf-8")
