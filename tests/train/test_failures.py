import numpy as np

from communique.model.calibration import Calibration, TopicCalibration
from communique.model.classifier import Scores
from communique.train.assessment import assess_split
from communique.train.data import Splits
from communique.train.failures import failure_cases


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
