"""The exported model's scores: calibrated on validation, judged on one split."""

from dataclasses import dataclass
from typing import Any

from communique.model.assess import evaluation_report, judge_scores
from communique.model.calibration import Calibration, TopicCalibration
from communique.model.classifier import Scores
from communique.model.corpus import Corpus
from communique.model.evaluation import Judged, evaluate
from communique.model.gold import gold_arrays
from communique.model.taxonomy import Taxonomy
from communique.train.calibrate import fit_calibration, uncalibrated
from communique.train.config import TrainingConfig
from communique.train.data import Splits


@dataclass(frozen=True)
class Assessment:
    """The scores of one split with what they amount to."""

    split: str
    corpus: Corpus
    scores: Scores
    calibration: Calibration
    judged: Judged
    report: dict[str, Any]


def assess_split(split: str, corpus: Corpus, scores: Scores, calibration: Calibration) -> Assessment:
    """Judge a split's scores; the report also says what calibration changed."""
    judged = judge_scores(scores, calibration, corpus)
    report = evaluation_report(scores, calibration, corpus)
    before = evaluate(judge_scores(scores, uncalibrated(calibration), corpus), n_bootstrap=1)
    report |= {f"{key}_uncalibrated": before[key] for key in ("ece_topic", "ece_stance")}
    return Assessment(split, corpus, scores, calibration, judged, report)


def calibrate(scores: Scores, splits: Splits, config: TrainingConfig) -> Calibration:
    """Calibration, thresholds and abstention from the scores of the validation split."""
    return fit_calibration(
        scores,
        gold_arrays(splits.validation),
        gold_arrays(splits.train),
        splits.taxonomy,
        config.calibration,
        config.encoder.definition_share,
    )


def plain_calibration(taxonomy: Taxonomy) -> Calibration:
    """None: raw scores at thresholds of one half."""
    plain = TopicCalibration(slope=1.0, intercept=0.0, prior=0.5, thresholds=((0.0, 0.5), (1.0, 0.5)))
    return Calibration(topics=(plain,) * taxonomy.n_topics, topical_share=0.5)


def plain_report(scores: Scores, corpus: Corpus) -> dict[str, float]:
    """The metrics of raw scores at thresholds of one half, before any calibration."""
    report = evaluate(judge_scores(scores, plain_calibration(corpus.taxonomy), corpus), n_bootstrap=1)
    return {name: value for name, value in report.items() if isinstance(value, float)}
