"""How the encoder is judged after each epoch."""

from typing import Any

import numpy as np

from communique.model.classifier import Scores, softmax
from communique.model.corpus import Corpus
from communique.model.errors import ConfigError, DataError
from communique.train.assessment import plain_report

SPREAD = "topic_logit_spread"


def refuse_undefined_metric(validation: Corpus, metric: str) -> None:
    """Before hours of training: the metric that picks the epoch must be defined on validation.

    Raises:
        DataError: it is not, as no paragraph there is on a topic, or none has a stance.
    """
    n, taxonomy = len(validation), validation.taxonomy
    nothing = Scores(
        np.zeros((n, taxonomy.n_topics), dtype=np.float32),
        np.full((n, taxonomy.n_topics, taxonomy.n_stances), 1 / max(1, taxonomy.n_stances), dtype=np.float32),
        np.zeros(n, dtype=np.bool_),
    )
    if metric not in plain_report(nothing, validation):
        raise DataError(
            f"encoder.metric {metric} is undefined on validation: none of its {n} paragraphs has what it counts; "
            "label paragraphs on the topics there, or name articles that have some in [corpus] splits"
        )


def validation_metrics(predictions: Any, validation: Corpus) -> dict[str, float]:
    """The evaluation's metrics at thresholds of one half, before calibration, and how far the topic logits of the
    topic that varies most do so over the paragraphs (standard deviation).

    Raises:
        ConfigError: logits are not numbers.
    """
    taxonomy = validation.taxonomy
    topic_logits, stance_logits = predictions[0], predictions[1][..., : taxonomy.n_stances]
    if not (np.isfinite(topic_logits).all() and np.isfinite(stance_logits).all()):
        raise ConfigError(
            "fine-tuning diverged: what the encoder says of validation are no numbers any more; lower "
            "encoder.learning_rate, or set encoder.bf16 = false"
        )
    scores = Scores(
        topic_logits.astype(np.float32),
        softmax(stance_logits).astype(np.float32),
        np.zeros(len(topic_logits), dtype=np.bool_),
    )
    return plain_report(scores, validation) | {SPREAD: float(scores.topic_logits.std(axis=0).max())}
