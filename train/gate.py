"""Fit the gate of the cascade on validation: which paragraphs the linear model may decide alone."""

import logging

import numpy as np
import numpy.typing as npt

from communique.model.blend import BlendedClassifier
from communique.model.bundle import OnnxSettings
from communique.model.calibration import Calibration, decide
from communique.model.classifier import Classifier, Scores
from communique.model.gate import Gate, passes
from communique.model.gold import gold_arrays
from communique.model.prior import prior_weights
from communique.train.calibrate import fit_calibration
from communique.train.config import TrainingConfig
from communique.train.data import Splits

log = logging.getLogger(__name__)
RECALL = 0.995


def with_gate(
    onnx: OnnxSettings | None,
    classifier: Classifier,
    scores: Scores,
    calibration: Calibration,
    splits: Splits,
    config: TrainingConfig,
) -> OnnxSettings | None:
    """The settings with a gate, where there is a linear model to decide and something to skip:
    not for exclusive topics, of which every paragraph has one.

    `scores` and `calibration` are those of the whole model on validation.
    """
    if onnx is None or not isinstance(classifier, BlendedClassifier) or splits.taxonomy.exclusive:
        return onnx
    linear = classifier.second.scores(splits.inputs("validation"))
    gold = gold_arrays(splits.validation)
    train_gold, share = gold_arrays(splits.train), config.encoder.definition_share
    own = fit_calibration(linear, gold, train_gold, splits.taxonomy, config.calibration, share)
    tagged = (gold.topic == 1).any(axis=1) | decide(scores, calibration, splits.taxonomy).present.any(axis=1)
    gate = fit_gate(linear, own, tagged, prior_weights(gold.topic, own.prior))
    log.info(
        "gate: %.1f %% of tagged paragraphs pass, %.1f %% of all are skipped", 100 * gate.recall, 100 * gate.skipped
    )
    return onnx.model_copy(update={"gate": gate})


def fit_gate(
    linear: Scores, calibration: Calibration, tagged: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]
) -> Gate:
    """The gate that lets pass at least 99.5 % of the `tagged` paragraphs, (n,), and as few others as it can.

    One threshold on the highest calibrated logit, told to each topic in its own raw logit. `weights`,
    (n,), bring validation to the stated prior; the skipped share is counted under them.
    """
    slope = np.array([topic.slope for topic in calibration.topics])
    intercept = np.array([topic.intercept for topic in calibration.topics])
    highest = (linear.topic_logits * slope + intercept).max(axis=1)
    allowed = int((1 - RECALL) * tagged.sum())
    threshold = np.sort(highest[tagged])[allowed] if tagged.any() else -np.inf
    raw = (threshold - intercept) / np.maximum(slope, 1e-6)
    # A little below, so that rounding never holds back the paragraph that the threshold was set by.
    thresholds = tuple(float(value) for value in np.maximum(raw - 1e-4, -1e6))
    gate = Gate(thresholds=thresholds, calibration=calibration, recall=1.0, skipped=0.0)
    read = passes(gate, linear)
    recall = float(read[tagged].mean()) if tagged.any() else 1.0
    return gate.model_copy(update={"recall": recall, "skipped": float(np.average(~read, weights=weights))})
