"""What a report says about the whole folder: headline numbers, and what was left out."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from communique.serve.report_folder import ONCE, ScoredFolder

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHOWN_FAILURES = 100


@dataclass(frozen=True)
class Headline:
    """Counts over the folder. `first` and `last` are dates as far as they are known, or None; `copies` are
    paragraphs that repeat another one; `confidence` is the mean probability of the predicted label sets, copies
    counted once."""

    articles: int
    paragraphs: int
    copies: int
    abstained: int
    truncated: int
    content_lost: int
    undated: int
    outlets: int
    without_outlet: int
    first: str | None
    last: str | None
    confidence: float | None


@dataclass(frozen=True)
class Failures:
    """Inputs that gave no result: counts by (stage, error), and the first ones in full."""

    total: int
    counts: list[tuple[str, str, int]]
    first: list[dict[str, Any]]


def headline(connection: "DuckDBPyConnection", folder: ScoredFolder) -> Headline:
    """Count over both tables."""
    confidence = f"(SELECT avg(confidence) FROM ({ONCE}))" if "confidence" in folder.columns else "NULL"
    paragraphs, clusters, abstained, truncated, mean = connection.execute(
        f"""SELECT count(*), count(DISTINCT coalesce(cluster, paragraph_id)), count(*) FILTER (abstained),
        count(*) FILTER (truncated), {confidence} FROM paragraphs"""
    ).fetchall()[0]
    articles, lost, undated, outlets, nameless, first, last = connection.execute(
        """SELECT count(*), count(*) FILTER (content_lost), count(*) FILTER (date IS NULL),
        count(DISTINCT nullif(trim(outlet), '')), count(*) FILTER (nullif(trim(outlet), '') IS NULL),
        min(date), max(date) FROM articles WHERE skipped IS NULL"""
    ).fetchall()[0]
    return Headline(
        articles=articles,
        paragraphs=paragraphs,
        copies=paragraphs - clusters,
        abstained=abstained,
        truncated=truncated,
        content_lost=lost,
        undated=undated,
        outlets=outlets,
        without_outlet=nameless,
        first=first,
        last=last,
        confidence=mean,
    )


def skipped(connection: "DuckDBPyConnection") -> list[tuple[str, int]]:
    """The reasons for which articles were left out, with their numbers, the commonest first."""
    query = "SELECT skipped, count(*) FROM articles WHERE skipped IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
    return [(str(reason), int(count)) for reason, count in connection.execute(query).fetchall()]


def failures(folder: ScoredFolder) -> Failures:
    """Count errors.jsonl, line by line."""
    counts: Counter[tuple[str, str]] = Counter()
    first: list[dict[str, Any]] = []
    for failure in folder.failures():
        counts[str(failure.get("stage", "?")), str(failure.get("error", "?"))] += 1
        if len(first) < SHOWN_FAILURES:
            first.append(failure)
    return Failures(counts.total(), [(*key, count) for key, count in counts.most_common()], first)
