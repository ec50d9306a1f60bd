"""Single paragraphs of a report: who holds which stance, the surest passages and the most contested ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from communique.serve.report_folder import ScoredFolder, TopicColumns

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_HOLDERS = 40
SUREST = 2
CONTESTED = 6
# A paragraph without stance whose probability is further from the threshold is not contested.
CLOSE = 0.25
LONGEST = 900
PRONOUNS = tuple("i we he she they you it who his her their our my him them us this that".split())

Piece = tuple[str, str]


@dataclass(frozen=True)
class Holder:
    """Who holds stances on a topic: paragraphs by stance, copies once, and the sentence of the surest one."""

    name: str
    counts: dict[str, int]
    example: str
    outlet: str | None
    title: str | None


@dataclass(frozen=True)
class Holders:
    """The most frequent holders of a topic; `names` counts all of them, `pronouns` and `nobody` paragraphs whose
    holder is only a pronoun, or that name none."""

    shown: list[Holder]
    names: int
    pronouns: int
    nobody: int


@dataclass(frozen=True)
class Passage:
    """A paragraph on a topic, or nearly so; `pieces` are (text, classes) with the evidence and the holder marked."""

    title: str | None
    outlet: str | None
    date: str | None
    url: str | None
    path: str
    probability: float
    stance: str | None
    stances: dict[str, float]
    holder: str | None
    pieces: list[Piece]


def holders(connection: "DuckDBPyConnection", topic: TopicColumns) -> Holders:
    """Count the holders of the paragraphs that reach the topic's threshold; case and spacing do not matter."""
    name = rf"nullif(trim(regexp_replace({topic.column('holder')}, '\s+', ' ', 'g')), '')"
    stance = topic.column("stance") if topic.stances else "NULL"
    counts = "".join(", count_if(stance = ?)" for _ in topic.stances)
    rows = connection.execute(
        f"""WITH found AS (
            SELECT {name} AS name, lower({name}) AS key, {stance} AS stance, {topic.column("probability")} AS p,
                coalesce(nullif({topic.column("evidence")}, ''), text) AS sentence, outlet, title
            FROM paragraphs WHERE {topic.column("present")}
            QUALIFY row_number() OVER (PARTITION BY coalesce(cluster, paragraph_id) ORDER BY article_id, paragraph) = 1
        )
        SELECT mode(name), key, count(*), arg_max({{'s': sentence, 'o': outlet, 't': title}}, p) {counts}
        FROM found GROUP BY key ORDER BY 3 DESC, 2""",
        list(topic.stances),
    )
    shown: list[Holder] = []
    names = pronouns = nobody = 0
    while rows_now := rows.fetchmany(1000):
        for label, key, count, best, *by_stance in rows_now:
            if key is None:
                nobody += count
            elif key in PRONOUNS:
                pronouns += count
            else:
                names += 1
                if len(shown) < MOST_HOLDERS:
                    numbers = dict(zip(topic.stances, by_stance, strict=True)) or {"": count}
                    shown.append(Holder(label, numbers, shortened(best["s"]), best["o"], best["t"]))
    return Holders(shown, names, pronouns, nobody)


def surest(connection: "DuckDBPyConnection", folder: ScoredFolder, topic: TopicColumns) -> list[Passage]:
    """The paragraphs with the highest probability of topic and stance, some of each stance, one of an article."""
    stances: Sequence[str | None] = topic.stances or (None,)
    found: list[Passage] = []
    for stance in stances:
        rank = topic.column("probability") + (f" * {topic.column(stance)}" if stance else "")
        where = topic.column("present") + (f" AND {topic.column('stance')} = ?" if stance else "")
        limit = SUREST if stance else CONTESTED
        found += _passages(connection, folder, topic, where, [stance] if stance else [], rank, True, limit)
    return found


def contested(connection: "DuckDBPyConnection", folder: ScoredFolder, topic: TopicColumns) -> list[Passage]:
    """The paragraphs on the topic whose two likeliest stances are closest to each other.

    For a topic without stances (or with one) those, on the topic or not, whose probability is closest to the
    threshold, or to one half where the tables do not show the threshold.
    """
    present, probability = topic.column("present"), topic.column("probability")
    if len(topic.stances) > 1:
        ranked = f"list_reverse_sort([{', '.join(topic.column(stance) for stance in topic.stances)}])"
        return _passages(connection, folder, topic, present, [], f"{ranked}[1] - {ranked}[2]", False, CONTESTED)
    threshold = threshold_seen(connection, topic)
    distance = f"abs({probability} - {0.5 if threshold is None else threshold})"
    return _passages(connection, folder, topic, f"{distance} <= {CLOSE}", [], distance, False, CONTESTED)


def threshold_seen(connection: "DuckDBPyConnection", topic: TopicColumns) -> float | None:
    """The topic's threshold as far as its columns show it: midway between the highest probability of a paragraph
    that is not on the topic and the lowest of one that is. None where one of them is missing, or where topics
    exclude each other and no threshold decides."""
    query = f"""SELECT max(p) FILTER (NOT present), min(p) FILTER (present)
        FROM (SELECT {topic.column("probability")} AS p, {topic.column("present")} AS present FROM paragraphs)"""
    below, above = connection.execute(query).fetchall()[0]
    return None if below is None or above is None or below > above else (below + above) / 2


def _passages(
    connection: "DuckDBPyConnection",
    folder: ScoredFolder,
    topic: TopicColumns,
    where: str,
    values: list[Any],
    rank: str,
    highest_first: bool,
    limit: int,
) -> list[Passage]:
    direction = "DESC" if highest_first else "ASC"
    url = "url" if "url" in folder.columns else "NULL"
    stance = topic.column("stance") if topic.stances else "NULL"
    shares = "".join(f", {topic.column(one)}" for one in topic.stances)
    rows = connection.execute(
        f"""WITH ranked AS (
            SELECT *, {rank} AS rank FROM paragraphs WHERE {where}
            QUALIFY row_number() OVER (PARTITION BY coalesce(cluster, paragraph_id) ORDER BY article_id, paragraph) = 1
        ), spread AS (
            SELECT * FROM ranked QUALIFY row_number() OVER (
                PARTITION BY coalesce(title, article_id) ORDER BY rank {direction}, paragraph_id) = 1
        )
        SELECT title, outlet, date, {url}, path, text, {topic.column("probability")}, {stance},
            {topic.column("holder")}, {topic.column("holder_start")}, {topic.column("evidence")} {shares}
        FROM spread ORDER BY rank {direction}, paragraph_id LIMIT {limit}""",
        values,
    ).fetchall()
    return [_passage(topic, row) for row in rows]


def _passage(topic: TopicColumns, row: tuple[Any, ...]) -> Passage:
    title, outlet, date, url, path, text, probability, stance, holder, holder_start, evidence, *shares = row
    text = shortened(text)
    spans = [("evidence", *span) for span in (evidence_span(text, evidence),) if span]
    spans += [("holder", *span) for span in (holder_span(text, holder, holder_start),) if span]
    return Passage(
        title,
        outlet,
        date,
        safe_link(url),
        path,
        probability,
        stance,
        dict(zip(topic.stances, shares, strict=True)),
        holder,
        pieces(text, spans),
    )


def pieces(text: str, spans: Sequence[tuple[str, int, int]]) -> list[Piece]:
    """Cut a text where any of the (class, start, end) spans begins or ends; each piece with its classes."""
    cuts = sorted({0, len(text), *(place for _, *places in spans for place in places)})
    return [
        (text[start:end], " ".join(name for name, first, last in spans if first <= start and end <= last))
        for start, end in pairwise(cuts)
    ]


def holder_span(text: str, holder: str | None, start: int | None) -> tuple[int, int] | None:
    """Where the holder stands, if it is where the row says or anywhere else in the text."""
    if not holder:
        return None
    at = start if start is not None and text[start : start + len(holder)] == holder else text.find(holder)
    return (at, at + len(holder)) if at >= 0 else None


def evidence_span(text: str, evidence: str | None) -> tuple[int, int] | None:
    """Where the evidence sentence stands in the text."""
    at = text.find(evidence) if evidence else -1
    return (at, at + len(evidence)) if evidence and at >= 0 else None


def safe_link(url: str | None) -> str | None:
    """An address that a page may link to: http and https only."""
    return url if url and url.lower().startswith(("http://", "https://")) else None


def shortened(text: str) -> str:
    """A paragraph for a list, cut where it is far too long to read there."""
    return text if len(text) <= LONGEST else text[:LONGEST].rstrip() + " …"
