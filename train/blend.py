"""Blend an exported encoder with a linear model of the same splits; the weight is chosen on validation."""

import logging
import shutil
from pathlib import Path

from communique.model.blend import blend
from communique.model.bundle import BLEND_FOLDER, OnnxSettings, open_classifier
from communique.train.assessment import plain_report
from communique.train.config import TrainingConfig
from communique.train.data import Splits
from communique.train.linear import fit_linear

log = logging.getLogger(__name__)
WEIGHTS = (0.0, 0.25, 0.5, 0.75)


def blend_with_linear(splits: Splits, config: TrainingConfig, folder: Path, onnx: OnnxSettings) -> OnnxSettings:
    """Fit the config's linear model into `folder`/blend and set the weight with the best joint
    macro-F1 on validation; a weight of 0 leaves the encoder as it is."""
    linear = folder / BLEND_FOLDER
    linear.mkdir()
    fit_linear(splits, config, linear)
    texts = splits.inputs("validation")
    first = open_classifier(folder, config.model.family, splits.taxonomy, onnx).scores(texts)
    second = open_classifier(linear, "linear", splits.taxonomy, None).scores(texts)
    joint = {w: plain_report(blend(first, second, w), splits.validation)["joint_macro_f1"] for w in WEIGHTS}
    log.info("blend: joint macro-F1 on validation by weight %s", {w: round(value, 3) for w, value in joint.items()})
    best = max(WEIGHTS, key=lambda w: joint[w])
    if best == 0.0:
        shutil.rmtree(linear)
        return onnx
    return onnx.model_copy(update={"blend": best})
