"""An int8 bundle beside an fp32 one: quantise, check against the gate, calibrate and evaluate anew."""

import logging
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from communique.model.bundle import CARD, MANIFEST, Bundle, load_bundle, open_classifier
from communique.model.errors import BundleError, DataError, PromotionError
from communique.train import int8
from communique.train.assessment import assess_split, calibrate
from communique.train.config import TrainingConfig
from communique.train.data import load_splits
from communique.train.gate import with_gate
from communique.train.run import drift_reference, finish_bundle
from communique.train.run_folder import export_bundle, refuse_foreign_folder

log = logging.getLogger(__name__)


def quantise_bundle(source: Path, destination: Path) -> Bundle:
    """Write the int8 form of an encoder bundle, with its own calibration and metrics.

    Raises:
        BundleError: not an fp32 encoder bundle.
        DataError: the corpus it was trained on is not there as it was.
        PromotionError: validation does not allow it.
    """
    refuse_foreign_folder(destination)
    manifest = load_bundle(source).manifest
    if manifest.family != "encoder" or manifest.onnx is None or manifest.onnx.precision != "fp32":
        raise BundleError(f"{source} is no fp32 encoder bundle; only those have an int8 form")
    config = TrainingConfig.model_validate(manifest.config)
    splits = load_splits(config)
    if splits.sha256 != manifest.corpus["sha256"]:
        raise DataError(f"{source} was trained on another corpus than is there now; train it again, then quantise")
    splits = replace(splits, teacher_sha256=manifest.corpus.get("soft_labels_sha256"))  # that of its training
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "bundle"
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns(MANIFEST, CARD, ".*"))
        onnx = int8.quantise(folder, splits, manifest.onnx.model_copy(update={"gate": None}), config)
        if onnx.precision != "int8":
            raise PromotionError(
                f"int8 does not pass its gate on validation (joint macro-F1 may fall by {int8.MAX_DROP}, "
                f"{int8.MAX_FLIPS:.0%} of labels may flip; the log above says what it was): use {source}"
            )
        classifier = open_classifier(folder, manifest.family, splits.taxonomy, onnx)
        scores = {name: classifier.scores(splits.inputs(name)) for name in splits.parts if name != "train"}
        calibration = calibrate(scores["validation"], splits, config)
        gated = with_gate(onnx, classifier, scores["validation"], calibration, splits, config)
        assessments = [assess_split(name, splits.parts[name], scores[name], calibration) for name in scores]
        reference = drift_reference(scores["validation"], calibration, splits)
        cost = (manifest.training_seconds, manifest.training_cores)  # of the training, whatever this machine is
        finish_bundle(folder, config, splits, calibration, reference, gated, assessments, cost)
        return load_bundle(export_bundle(folder, destination))
