"""Predictions as table rows: the schema of the Parquet layout and one article's rows in it."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from communique.model.predictions import Prediction, TopicPrediction
from communique.model.taxonomy import Taxonomy, Topic
from communique.model.texts import Article

NOT_WORD = re.compile(r"\W+")


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
    """Columns of an article row: what it is, how many paragraphs, and counts per topic and stance."""
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
    ]
    for topic in taxonomy.topics:
        fields.append((f"{topic.name}.paragraphs", pa.int64()))
        if topic.stance:
            fields += [(f"{topic.name}.{stance}", pa.int64()) for stance in taxonomy.stances]
    return pa.schema(fields)


def article_id(path: str, record: int) -> str:
    """Identifies an article by its path below the given root and its record number."""
    return hashlib.sha256(f"{path}\0{record}".encode()).hexdigest()[:16]


def cluster_id(text: str) -> str:
    """Equal for paragraphs that are the same but for case, spacing and punctuation: copies of one text."""
    return hashlib.sha256(NOT_WORD.sub(" ", text.casefold()).strip().encode()).hexdigest()[:16]


def paragraph_rows(article: Article, predictions: Sequence[Prediction], taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """One row per paragraph of an article."""
    identifier = article_id(article.path, article.record)
    return [_paragraph_row(article, identifier, prediction, taxonomy) for prediction in predictions]


def _paragraph_row(article: Article, identifier: str, prediction: Prediction, taxonomy: Taxonomy) -> dict[str, Any]:
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
        "cluster": cluster_id(prediction.text),
        "abstained": prediction.abstained,
        "truncated": prediction.truncated,
        "content_lost": article.content_lost,
        "confidence": prediction.confidence,
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


def article_row(
    article: Article, predictions: Sequence[Prediction], taxonomy: Taxonomy, skipped: str | None = None
) -> dict[str, Any]:
    """The row of one article; `skipped` says why it was left out, if it was."""
    row: dict[str, Any] = {
        "article_id": article_id(article.path, article.record),
        "path": article.path,
        "record": article.record,
        "title": article.title,
        "outlet": article.outlet,
        "published": article.published,
        "language": article.language,
        "content_lost": article.content_lost,
        "skipped": skipped,
        "paragraphs": len(predictions),
        "abstained": sum(prediction.abstained for prediction in predictions),
    }
    for column, topic in enumerate(taxonomy.topics):
        found = [prediction.all_topics[column] for prediction in predictions if prediction.all_topics[column].present]
        row[f"{topic.name}.paragraphs"] = len(found)
        if topic.stance:
            row |= {f"{topic.name}.{stance}": sum(one.stance == stance for one in found) for stance in taxonomy.stances}
    return row
