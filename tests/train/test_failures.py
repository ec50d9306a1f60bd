import numpy as np

from communique.model.calibration import Calibration, TopicCalibration
from communique.model.classifier import Scores
from communique.train.assessment import assess_split
from communique.train.data import Splits
from communique.train.failures import failure_cases

TOPICS = ("rail", "dam")


def test_the_surest_mistakes_come_first_and_each_article_once(tiny_splits: Splits) -> None:
    corpus = tiny_splits.validation
    n = len(corpus)
    logits = np.stack([np.linspace(1.0, 5.0, n), np.full(n, -9.0)], axis=1).astype(np.float32)
    stance = np.tile(np.array([0.05, 0.05, 0.9], dtype=np.float32), (n, 2, 1))
    plain = TopicCalibration(slope=1.0, intercept=0.0, prior=0.5, thresholds=((0.0, 0.5), (1.0, 0.5)))
    calibration = Calibration(topics=(plain, plain), topical_share=0.5)
    lines = failure_cases(
        assess_split("test", corpus, Scores(logits, stance, np.zeros(n, dtype=bool)), calibration), count=3
    )
    assert len(lines) == 3
    assert all("the model said rail neutral" in line and "Labelled rail neutral" not in line for line in lines)
    sure = [float(line.rpartition("sure to ")[2].rstrip(".")) for line in lines]
    assert sure == sorted(sure, reverse=True)


def test_one_of_each_kind_of_error_comes_before_more_of_a_kind(tiny_splits: Splits) -> None:
    corpus = tiny_splits.validation
    found = np.array([[any(label.topic == name for label in one.labels) for name in TOPICS] for one in corpus.examples])
    logits = np.where(found, 3.0, -3.0).astype(np.float32)
    on_topic, off_topic = np.flatnonzero(found.any(axis=1)), np.flatnonzero(~found.any(axis=1))
    logits[on_topic[:-1]] = -9.0  # many missed, surely; one invented, less surely
    logits[off_topic[-1], 0] = 2.0
    stance = np.tile(np.array([0.05, 0.05, 0.9], dtype=np.float32), (len(corpus), 2, 1))
    plain = TopicCalibration(slope=1.0, intercept=0.0, prior=0.5, thresholds=((0.0, 0.5), (1.0, 0.5)))
    scores = Scores(logits, stance, np.zeros(len(corpus), dtype=bool))
    calibration = Calibration(topics=(plain, plain), topical_share=0.5)
    lines = failure_cases(assess_split("test", corpus, scores, calibration), count=3)
    assert sum("the model said none" in line for line in lines) == 1
    assert sum("Labelled none" in line for line in lines) == 1
