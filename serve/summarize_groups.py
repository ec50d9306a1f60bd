"""Groups of scored paragraphs: how many are about a topic, and the shares of the stances on it.

DuckDB adds the sums up over the Parquet files; only the groups themselves are held in memory.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from communique.model.errors import InputError
from communique.serve.report_folder import ScoredFolder, TopicColumns
from communique.serve.summarize_interval import Moments, Share, stance_share

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

UNKNOWN = "unknown"
NOBODY = "none named"
KEYS = {
    "outlet": "coalesce(nullif(trim(outlet), ''), 'unknown')",
    "language": "coalesce(nullif(trim(language), ''), 'unknown')",
    "year": "coalesce(left(date, 4), 'unknown')",
    "month": "CASE WHEN length(date) >= 7 THEN left(date, 7) ELSE 'unknown' END",
    "week": "CASE WHEN length(date) = 10 THEN strftime(TRY_CAST(date AS DATE), '%G-W%V') ELSE 'unknown' END",
    "day": "CASE WHEN length(date) = 10 THEN date ELSE 'unknown' END",
}
TIMES = ("year", "month", "week", "day")
ALL_KEYS = ("topic", "stance", "holder", *KEYS)


@dataclass(frozen=True)
class Group:
    """One topic within one group.

    `articles` and `paragraphs` count what was looked at, copies once; `expected` is the number of those paragraphs
    about the topic, as the sum of the probabilities, `present` their number by the threshold, and `abstained` the
    number that the model would rather not say. `shares` has each stance's share of the expected paragraphs.
    """

    topic: str
    keys: dict[str, str]
    articles: int
    paragraphs: int
    expected: float
    present: int
    abstained: int
    shares: dict[str, Share]


def parse_keys(text: str) -> tuple[str, ...]:
    """The keys of `--by topic,outlet,month`, in order.

    Raises:
        InputError: a key that there is not, twice the same, or none.
    """
    keys = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    wrong = [key for key in keys if key not in ALL_KEYS]
    if wrong or not keys or len(set(keys)) < len(keys):
        found = f"found {', '.join(wrong)}" if wrong else f"found {text!r}"
        raise InputError(f"--by: expected one or more different keys of {', '.join(ALL_KEYS)}; {found}")
    return keys


def chosen_topics(folder: ScoredFolder, name: str | None) -> tuple[TopicColumns, ...]:
    """All topics of the folder, or the named one.

    Raises:
        InputError: the folder has no such topic.
    """
    topics = tuple(topic for topic in folder.topics if name in (None, topic.name))
    if not topics:
        names = ", ".join(topic.name for topic in folder.topics)
        raise InputError(f"--topic {name}: {folder.path} has the topics {names}")
    return topics


def summarize(
    connection: "DuckDBPyConnection", topics: Sequence[TopicColumns], by: Sequence[str], keep_copies: bool = False
) -> list[Group]:
    """Count every topic within the groups of `by`, which may be empty; topic and stance are no keys here.

    Paragraphs with the same `cluster` count once within a group: the copy of the first article. By outlet, a story
    therefore counts once for each outlet that has it. Grouped by holder, only paragraphs that reach the topic's
    threshold count, and names that differ in case or spacing are one holder.
    """
    keys = [key for key in by if key not in ("topic", "stance")]
    groups: list[Group] = []
    for topic in topics:
        rows = connection.execute(_query(topic, keys, keep_copies)).fetchall()
        groups += [_group(topic, keys, row) for row in rows]
    return _sorted(groups, keys)


def _query(topic: TopicColumns, keys: Sequence[str], keep_copies: bool) -> str:
    by_holder = "holder" in keys
    holder = rf"nullif(trim(regexp_replace({topic.column('holder')}, '\s+', ' ', 'g')), '')"
    expressions = [f"lower({holder})" if key == "holder" else KEYS[key] for key in keys]
    own = "".join(f"{expression} AS key_{n}, " for n, expression in enumerate(expressions))
    names = "".join(f"key_{n}, " for n in range(len(keys)))
    within = f"{names}coalesce(cluster, paragraph_id)"
    stances = range(len(topic.stances))
    values = "".join(f", {topic.column(stance)} AS q_{n}" for n, stance in enumerate(topic.stances))
    sums = "".join(
        f", sum(p*q_{n}) AS x_{n}, sum(p*q_{n}*p*q_{n}) AS xx_{n}, sum(p*p*q_{n}) AS xy_{n}" for n in stances
    )
    totals = "".join(f", sum(x_{n}), sum(xx_{n}), sum(xy_{n}), sum(x_{n}*x_{n}), sum(x_{n}*y)" for n in stances)
    first = f"row_number() OVER (PARTITION BY {within} ORDER BY article_id, paragraph) = 1"
    return f"""
        WITH keyed AS (
            SELECT {own} {holder if by_holder else "NULL"} AS holder, article_id, paragraph,
                paragraph_id, cluster, abstained, {topic.column("present")} AS present,
                {topic.column("probability")} AS p {values}
            FROM paragraphs {f"WHERE {topic.column('present')}" if by_holder else ""}
        ), kept AS (SELECT * FROM keyed {"" if keep_copies else f"QUALIFY {first}"}
        ), per_article AS (
            SELECT {names} article_id, mode(holder) AS holder, count(*) AS n, count_if(present) AS present,
                count_if(abstained) AS abstained, sum(p) AS y, sum(p*p) AS yy {sums}
            FROM kept GROUP BY {names} article_id
        )
        SELECT {names} mode(holder), count(*), sum(n)::BIGINT, sum(present)::BIGINT, sum(abstained)::BIGINT,
            sum(y), sum(yy), sum(y*y) {totals}
        FROM per_article {f"GROUP BY {names.rstrip(', ')}" if keys else "HAVING count(*) > 0"}
    """


def _group(topic: TopicColumns, keys: Sequence[str], row: tuple[object, ...]) -> Group:
    """A row of the query: the keys, the holder as mostly written, counts, sums, then five sums a stance."""
    values, (holder, *numbers) = row[: len(keys)], row[len(keys) :]
    named = {
        key: str(holder or NOBODY) if key == "holder" else str(value) for key, value in zip(keys, values, strict=True)
    }
    articles, paragraphs, present, abstained, y, yy, article_yy, *rest = (float(str(n or 0)) for n in numbers)
    shares = {}
    for n, stance in enumerate(topic.stances):
        x, xx, xy, article_xx, article_xy = rest[5 * n : 5 * n + 5]
        shares[stance] = stance_share(Moments(int(articles), x, y, xx, xy, yy, article_xx, article_xy, article_yy))
    return Group(topic.name, named, int(articles), int(paragraphs), y, int(present), int(abstained), shares)


def _sorted(groups: list[Group], keys: Sequence[str]) -> list[Group]:
    """Topics in column order; times in order with `unknown` last; the rest by how much there is of it."""
    order = {name: n for n, name in enumerate(dict.fromkeys(group.topic for group in groups))}
    weight: dict[tuple[str, str], float] = defaultdict(float)
    for group in groups:
        for key in keys:
            weight[key, group.keys[key]] += group.expected

    def position(group: Group) -> tuple[object, ...]:
        parts: list[object] = [order[group.topic]]
        for key in keys:
            value = group.keys[key]
            parts += [value == UNKNOWN, 0.0 if key in TIMES else -weight[key, value], value]
        return tuple(parts)

    return sorted(groups, key=position)
