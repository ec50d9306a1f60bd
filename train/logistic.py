"""Logistic heads on fixed features, shared by the linear and the frozen family."""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score

from communique.model.errors import DataError
from communique.model.gold import Gold
from communique.model.taxonomy import Taxonomy
from communique.train.config_families import HeadConfig

log = logging.getLogger(__name__)
Features = Any  # a numpy or scipy.sparse matrix (n, d): scikit-learn takes either
Array = npt.NDArray[np.float64]
UNSEEN = -20.0


@dataclass(frozen=True)
class Heads:
    """weights (d, n_topics + n_topics · n_stances) and bias; topic columns first, then the stances
    topic by topic. `chosen` holds the regularisation kept and what it reached on validation."""

    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    chosen: dict[str, float]


def fit_heads(
    train: Features, gold: Gold, validation: Features, gold_validation: Gold, taxonomy: Taxonomy, config: HeadConfig
) -> Heads:
    """Fit topic and stance heads; each kind takes the regularisation that is best on validation.

    Raises:
        DataError: a topic without a labelled positive or without a negative in training.
    """
    check_learnable(gold, taxonomy)
    topic = _best(
        config,
        lambda c: _fit_topics(train, gold, taxonomy, config, c),
        lambda w, b: _topic_quality(validation @ w + b, gold_validation),
    )
    stance = _best(
        config,
        lambda c: _fit_stances(train, gold, taxonomy, config, c),
        lambda w, b: _stance_quality(validation @ w + b, gold_validation, taxonomy),
    )
    log.info("topic heads: C=%g, validation average precision %.3f", topic[2], topic[3])
    log.info("stance heads: C=%g, validation macro-F1 %.3f", stance[2], stance[3])
    return Heads(
        np.concatenate([topic[0], stance[0]], axis=1).astype(np.float32),
        np.concatenate([topic[1], stance[1]]).astype(np.float32),
        {"topic_c": topic[2], "topic_quality": topic[3], "stance_c": stance[2], "stance_quality": stance[3]},
    )


def _best(config: HeadConfig, fit: Any, quality: Any) -> tuple[Array, Array, float, float]:
    fits = [(*fit(c), c) for c in config.regularisation]
    scored = [(weights, bias, c, quality(weights, bias)) for weights, bias, c in fits]
    return max(scored, key=lambda item: item[3])


def check_learnable(gold: Gold, taxonomy: Taxonomy) -> None:
    """Logistic regression needs both classes of every topic.

    Raises:
        DataError: a topic without a labelled positive or without a negative.
    """
    for column, name in enumerate(taxonomy.topic_names):
        positives, negatives = (int((gold.topic[:, column] == value).sum()) for value in (1, 0))
        if not positives or not negatives:
            raise DataError(
                f"topic {name!r} has {positives} positive and {negatives} negative training paragraphs; "
                "expected at least one of each: label more, take the topic out of the taxonomy, or let an encoder with "
                "encoder.blend = false learn it from its definition"
            )


def _fit_topics(
    features: Features, gold: Gold, taxonomy: Taxonomy, config: HeadConfig, c: float
) -> tuple[Array, Array]:
    if taxonomy.exclusive:
        rows = np.flatnonzero(gold.judged.all(axis=1))
        return _multinomial(features[rows], gold.topic[rows].argmax(axis=1), taxonomy.n_topics, config, c)
    columns = []
    for topic in range(taxonomy.n_topics):
        rows = np.flatnonzero(gold.judged[:, topic])
        columns.append(_multinomial(features[rows], gold.topic[rows, topic], 2, config, c))
    weights = np.stack([w[:, 1] - w[:, 0] for w, _ in columns], axis=1)
    return weights, np.array([b[1] - b[0] for _, b in columns])


def _fit_stances(
    features: Features, gold: Gold, taxonomy: Taxonomy, config: HeadConfig, c: float
) -> tuple[Array, Array]:
    """One model over all topics' stances, with a shared part and a part of each topic, folded into
    one weight column per topic and stance (feature augmentation: Daumé 2007)."""
    n_topics, n_stances, width = taxonomy.n_topics, taxonomy.n_stances, features.shape[1]
    rows, topics = np.nonzero(gold.stance >= 0)
    if len(rows) == 0:
        return np.zeros((width, n_topics * n_stances)), np.zeros(n_topics * n_stances)
    x = sparse.csr_matrix(features[rows])
    own = [x.multiply((topics == topic)[:, None]).tocsr() for topic in range(n_topics)]
    indicator = sparse.csr_matrix(np.eye(n_topics)[topics])
    weights, bias = _multinomial(
        sparse.hstack([x, *own, indicator]).tocsr(), gold.stance[rows, topics], n_stances, config, c
    )
    shared, offsets = weights[:width], weights[width * (n_topics + 1) :]
    folded = [shared + weights[width * (topic + 1) : width * (topic + 2)] for topic in range(n_topics)]
    return np.concatenate(folded, axis=1), (bias + offsets).ravel()


def _multinomial(
    features: Features, labels: npt.NDArray[Any], n_classes: int, config: HeadConfig, c: float
) -> tuple[Array, Array]:
    """Weights (d, n_classes) and bias of a logistic regression; a class never seen gets a bias
    so low that it is not predicted."""
    weights, bias = np.zeros((features.shape[1], n_classes)), np.full(n_classes, UNSEEN)
    seen = np.unique(labels).astype(int)
    if len(seen) == 1:
        bias[seen] = 0.0
        return weights, bias
    class_weight = "balanced" if config.class_weight == "balanced" else None
    model = LogisticRegression(C=c, class_weight=class_weight, max_iter=config.max_iter).fit(features, labels)
    if len(seen) == 2:
        weights[:, seen[1]], bias[seen[0]], bias[seen[1]] = model.coef_[0], 0.0, model.intercept_[0]
    else:
        weights[:, seen], bias[seen] = model.coef_.T, model.intercept_
    return weights, bias


def _topic_quality(logits: Array, gold: Gold) -> float:
    """Mean average precision over the topics that validation can judge."""
    values = [
        average_precision_score(gold.topic[rows, topic], logits[rows, topic])
        for topic in range(gold.topic.shape[1])
        if (gold.topic[rows := np.flatnonzero(gold.judged[:, topic]), topic] == 1).any()
    ]
    return float(np.mean(values)) if values else 0.0


def _stance_quality(logits: Array, gold: Gold, taxonomy: Taxonomy) -> float:
    """Mean over topics of the macro-F1 of stances given the gold topic."""
    if taxonomy.n_stances == 0:
        return 0.0
    predicted = logits.reshape(len(gold), taxonomy.n_topics, taxonomy.n_stances).argmax(axis=2)
    values = [
        f1_score(gold.stance[rows, topic], predicted[rows, topic], average="macro", zero_division=0)
        for topic in range(taxonomy.n_topics)
        if len(rows := np.flatnonzero(gold.stance[:, topic] >= 0))
    ]
    return float(np.mean(values)) if values else 0.0
