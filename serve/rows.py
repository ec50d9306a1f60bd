"""Predictions as table rows: the schema of the Parquet layout and one article's rows in it."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from communique.model.predictions import Prediction, TopicPrediction
from communique.model.taxonomy import Taxonomy, Topic
from communique.serve.worker import Parsed


def paragraph_schema(taxonomy: Taxonomy) -> pa.Schema:
    """Columns of a paragraph row: about the article, the paragraph, then each topic."""
    fields = [
        ("article_id", pa.string()),
        ("path", pa.string()),
        ("record", pa.int64()),
        ("title", pa.string()),
        ("outlet", pa.string()),
        ("published", pa.string()),
        ("language", pa.string()),
        ("paragraph", pa.int64()),
        ("paragraph_id", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("text", pa.string()),
        ("cluster", pa.string()),
        ("abstained", pa.bool_()),
        ("truncated", pa.bool_()),
        ("content_lost", pa.bool_()),
        ("confidence", pa.float64()),
        ("author", pa.string()),
        ("url", pa.string()),
        ("quote", pa.int64()),
        ("gated", pa.bool_()),
    ]
    for topic in taxonomy.topics:
        fields += [(f"{topic.name}.probability", pa.float64()), (f"{topic.name}.present", pa.bool_())]
        if topic.stance:
            fields += [(f"{topic.name}.{stance}", pa.float64()) for stance in taxonomy.stances]
            fields.append((f"{topic.name}.stance", pa.string()))
        fields += [
            (f"{topic.name}.holder", pa.string()),
            (f"{topic.name}.holder_start", pa.int64()),
            (f"{topic.name}.holder_end", pa.int64()),
            (f"{topic.name}.evidence", pa.string()),
        ]
    return pa.schema(fields)


def article_schema(taxonomy: Taxonomy) -> pa.Schema:
    """Columns of an article row: what it is, how many paragraphs, and per topic counts, balance and place."""
    fields = [
        ("article_id", pa.string()),
        ("path", pa.string()),
        ("record", pa.int64()),
        ("title", pa.string()),
        ("outlet", pa.string()),
        ("published", pa.string()),
        ("language", pa.string()),
        ("content_lost", pa.bool_()),
        ("skipped", pa.string()),
        ("paragraphs", pa.int64()),
        ("abstained", pa.int64()),
        ("author", pa.string()),
        ("url", pa.string()),
    ]
    for topic in taxonomy.topics:
        fields.append((f"{topic.name}.paragraphs", pa.int64()))
        if topic.stance:
            fields += [(f"{topic.name}.{stance}", pa.int64()) for stance in taxonomy.stances]
            fields.append((f"{topic.name}.balance", pa.float64()))
        fields.append((f"{topic.name}.strongest", pa.int64()))
    return pa.schema(fields)


def article_id(path: str, record: int) -> str:
    """Identifies an article by its path below the given root and its record number."""
    return hashlib.sha256(f"{path}\0{record}".encode()).hexdigest()[:16]


def paragraph_rows(parsed: Parsed, predictions: Sequence[Prediction], taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """One row per paragraph of an article; `cluster` is the paragraph's copy key until all are known."""
    identifier = article_id(parsed.article.path, parsed.article.record)
    return [
        _paragraph_row(parsed, identifier, position, prediction, taxonomy)
        for position, prediction in enumerate(predictions)
    ]


def _paragraph_row(
    parsed: Parsed, identifier: str, position: int, prediction: Prediction, taxonomy: Taxonomy
) -> dict[str, Any]:
    article = parsed.article
    row: dict[str, Any] = {
        "article_id": identifier,
        "path": article.path,
        "record": article.record,
        "title": article.title,
        "outlet": article.outlet,
        "published": article.published,
        "language": article.language,
        "paragraph": prediction.index,
        "paragraph_id": f"{identifier}-{prediction.index}",
        "start": prediction.start,
        "end": prediction.end,
        "text": prediction.text,
        "cluster": parsed.copies[position],
        "abstained": prediction.abstained,
        "truncated": prediction.truncated,
        "content_lost": article.content_lost,
        "confidence": prediction.confidence,
        "author": article.author,
        "url": article.url,
        "quote": parsed.quotes[position],
        "gated": prediction.gated,
    }
    for topic, found in zip(taxonomy.topics, prediction.all_topics, strict=True):
        row |= _topic_columns(topic, found)
    return row


def _topic_columns(topic: Topic, found: TopicPrediction) -> dict[str, Any]:
    columns: dict[str, Any] = {"probability": found.probability, "present": found.present, **found.stances}
    if topic.stance:
        columns["stance"] = found.stance
    holder = found.holder
    columns["holder"] = None if holder is None else holder.text
    columns["holder_start"] = None if holder is None else holder.start
    columns["holder_end"] = None if holder is None else holder.end
    columns["evidence"] = found.evidence
    return {f"{topic.name}.{name}": value for name, value in columns.items()}


def article_row(parsed: Parsed, predictions: Sequence[Prediction], taxonomy: Taxonomy) -> dict[str, Any]:
    """The row of one article, scored or skipped."""
    article = parsed.article
    row: dict[str, Any] = {
        "article_id": article_id(article.path, article.record),
        "path": article.path,
        "record": article.record,
        "title": article.title,
        "outlet": article.outlet,
        "published": article.published,
        "language": article.language,
        "content_lost": article.content_lost,
        "skipped": parsed.skipped,
        "paragraphs": len(predictions),
        "abstained": sum(prediction.abstained for prediction in predictions),
        "author": article.author,
        "url": article.url,
    }
    for column, topic in enumerate(taxonomy.topics):
        found = [(prediction.all_topics[column], prediction.index) for prediction in predictions]
        row |= _article_columns(topic, taxonomy.stances if topic.stance else (), found)
    return row


def _article_columns(
    topic: Topic, stances: Sequence[str], found: Sequence[tuple[TopicPrediction, int]]
) -> dict[str, Any]:
    """What an article has on one topic.

    `balance` is the share of favor less the share of against among its paragraphs on the topic, from
    the probabilities: from -1 to 1, null for stances of other names or without a paragraph on the
    topic. `strongest` is the number of the paragraph that is surest of the topic and its stance.
    """
    present = [(one, number) for one, number in found if one.present]
    columns: dict[str, Any] = {"paragraphs": len(present)}
    columns |= {stance: sum(one.stance == stance for one, _ in present) for stance in stances}
    if present and {"favor", "against"} <= set(stances):
        leaning = sum(one.probability * (one.stances["favor"] - one.stances["against"]) for one, _ in present)
        columns["balance"] = leaning / sum(one.probability for one, _ in present)
    if present:
        columns["strongest"] = max(present, key=lambda pair: (_surety(pair[0]), -pair[1]))[1]
    return {f"{topic.name}.{name}": value for name, value in columns.items()}


def _surety(found: TopicPrediction) -> float:
    return found.probability * max(found.stances.values(), default=1.0)
