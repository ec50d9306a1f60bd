"""One self-contained HTML page about a scored folder: opens from disk, needs no network, runs no foreign script."""

import base64
import hashlib
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from communique.serve.report_articles import Blocks, article_blocks
from communique.serve.report_charts import outlets, time_range, timeline
from communique.serve.report_drift import drift
from communique.serve.report_facts import failures, headline, skipped
from communique.serve.report_folder import ScoredFolder, TopicColumns, needed
from communique.serve.report_passages import contested, holders, surest, threshold_seen
from communique.serve.report_words import count, interval, label, many, percent
from communique.serve.summarize_groups import summarize

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TEMPLATES = "templates"
# A stance is its sign and its name; the colour only repeats it. Further stances of a taxonomy take the next ones.
SIGNS = ("▲", "▼", "●", "◆", "■", "★")


@dataclass(frozen=True)
class Report:
    """The page, and what of the folder is in it."""

    html: str
    blocks: Blocks


def build_report(folder: ScoredFolder, title: str | None = None, max_articles: int | None = None) -> Report:
    """Make the page for a scored folder; the article browser holds at most `max_articles` articles.

    Raises:
        InputError: a library of the extra `report` is missing.
    """
    jinja2 = needed("jinja2")
    with folder.connect() as connection:
        content = _content(connection, folder)
        blocks = article_blocks(connection, folder, max_articles)
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"percent": percent, "interval": interval, "count": count, "label": label, "many": many}
    style, script = _template("report.css"), _template("report_search.js") + _template("report.js")
    html = environment.from_string(_template("report.html")).render(
        title=title or f"Topics and stances in {many(content['facts'].articles, 'article')}",
        style=style,
        script=script,
        policy=policy(script, style),
        data=script_data(_index(folder, blocks)),
        blocks=blocks,
        signs=SIGNS,
        stances=folder.stances,
        **content,
    )
    return Report(html, blocks)


def policy(script: str, style: str) -> str:
    """The Content-Security-Policy: this one script and this one style sheet, and nothing from anywhere else."""
    sources = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style)]
    return (
        f"default-src 'none'; script-src 'sha256-{sources[0]}'; style-src 'sha256-{sources[1]}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def script_data(value: Any) -> str:
    """JSON that can stand inside a script element: no `<` that could end it, nor a comment or an entity."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _content(connection: "DuckDBPyConnection", folder: ScoredFolder) -> dict[str, Any]:
    facts = headline(connection, folder)
    bounds = time_range(connection)
    settings, bundle = folder.run.get("settings"), folder.run.get("bundle")
    return {
        "facts": facts,
        "topics": [_topic(connection, folder, topic, bounds) for topic in folder.topics],
        "skipped": skipped(connection),
        "failures": failures(folder),
        "drift": drift(connection, folder),
        "finished": str(folder.run.get("finished") or "")[:10],
        "model": bundle.get("name") if isinstance(bundle, dict) else None,
        "version": settings.get("communique") if isinstance(settings, dict) else None,
        "ignored": folder.run.get("ignored") if isinstance(folder.run.get("ignored"), list) else [],
    }


def _topic(
    connection: "DuckDBPyConnection", folder: ScoredFolder, topic: TopicColumns, bounds: tuple[str, str] | None
) -> dict[str, Any]:
    overall = summarize(connection, [topic], [])
    return {
        "name": topic.name,
        "stances": topic.stances,
        "overall": overall[0] if overall else None,
        "timeline": timeline(connection, topic, bounds) if bounds else None,
        "outlets": outlets(connection, topic),
        "holders": holders(connection, topic),
        "surest": surest(connection, folder, topic),
        "contested": contested(connection, folder, topic),
        "threshold": threshold_seen(connection, topic),
    }


def _index(folder: ScoredFolder, blocks: Blocks) -> dict[str, Any]:
    """What the browser needs before the articles themselves."""
    return {
        "stances": [{"name": label(name), "sign": SIGNS[n % len(SIGNS)]} for n, name in enumerate(folder.stances)],
        "topics": [
            {"name": label(topic.name), "stances": [folder.stances.index(stance) for stance in topic.stances]}
            for topic in folder.topics
        ],
        "outlets": blocks.outlets,
        "topicalOnly": blocks.topical_only,
    }


def _template(name: str) -> str:
    return (resources.files("communique.serve") / TEMPLATES / name).read_text("utf-8")


def write_report(report: Report, path: Path) -> int:
    """Write the page, whole or not at all; returns its size in bytes."""
    content = report.html.encode("utf-8", errors="replace")
    partial = path.with_name(f".{path.name}.tmp")
    partial.write_bytes(content)
    partial.replace(path)
    return len(content)
