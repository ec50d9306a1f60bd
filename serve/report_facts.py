"""What a report says about the whole folder: headline numbers, what was left out, and drift."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from communique.model.bundle import MANIFEST, Manifest, read_manifest
from communique.model.errors import BundleError
from communique.serve.report_folder import ScoredFolder, TopicColumns

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHOWN_FAILURES = 100
MANY_TIMES = 2.0


@dataclass(frozen=True)
class Headline:
    """Counts over the folder. `first` and `last` are dates as far as they are known, or None; `copies` are
    paragraphs that repeat another one; `confidence` is the mean probability of the predicted label sets."""

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


@dataclass(frozen=True)
class Drift:
    """A topic's share of all paragraphs beside the share its probabilities were computed for."""

    topic: str
    share: float
    prior: float | None

    @property
    def far(self) -> bool:
        """Whether the two differ by more than a factor of two."""
        if not self.prior or not self.share:
            return False
        return max(self.share / self.prior, self.prior / self.share) > MANY_TIMES


@dataclass(frozen=True)
class Reference:
    """What the run and its bundle say for comparison. `abstained` is the share on validation data at the stated
    prior; `missing` says in words what there is nothing to compare with."""

    drifts: list[Drift]
    abstained: float | None = None
    missing: list[str] = field(default_factory=list)


def headline(connection: "DuckDBPyConnection", folder: ScoredFolder) -> Headline:
    """Count over both tables."""
    confidence = "avg(confidence)" if "confidence" in folder.columns else "NULL"
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


def reference(connection: "DuckDBPyConnection", folder: ScoredFolder) -> Reference:
    """Compare the run with what its model was made for, as far as run.json and the bundle say."""
    missing: list[str] = []
    priors = _mapping(_mapping(folder.run.get("settings")).get("prior"))
    if not priors:
        missing.append("run.json names no prior, so the topics' shares have nothing to be compared with.")
    sums = ", ".join(f"avg({topic.column('probability')})" for topic in folder.topics)
    shares = connection.execute(f"SELECT {sums} FROM paragraphs").fetchall()[0]
    drifts = [_drift(topic, share, priors) for topic, share in zip(folder.topics, shares, strict=True)]
    manifest = _manifest(folder, missing)
    abstained = None
    if manifest is not None:
        coverage = _mapping(manifest.metrics.get("validation")).get("coverage")
        if isinstance(coverage, int | float):
            abstained = 1 - float(coverage)
        else:
            missing.append("The bundle keeps no coverage on validation data.")
        missing.append("The bundle keeps no mean confidence of its training data; the one found here stands alone.")
    return Reference(drifts, abstained, missing)


def _drift(topic: TopicColumns, share: float | None, priors: Mapping[str, Any]) -> Drift:
    prior = priors.get(topic.name)
    return Drift(topic.name, float(share or 0.0), float(prior) if isinstance(prior, int | float) else None)


def _manifest(folder: ScoredFolder, missing: list[str]) -> Manifest | None:
    """The bundle's manifest if it still lies where the run found it and is the same one."""
    where = _mapping(folder.run.get("bundle")).get("folder")
    if not isinstance(where, str):
        missing.append("run.json names no bundle, so there is no training reference.")
        return None
    file = Path(where) / MANIFEST
    try:
        manifest = read_manifest(file.parent)
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except (BundleError, OSError, ValueError):
        missing.append(f"The bundle is not at {where} any more, so there is no training reference.")
        return None
    if found != _mapping(folder.run.get("settings")).get("model"):
        missing.append(f"The bundle at {where} is not the one that scored this folder; no training reference is used.")
        return None
    return manifest


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
