from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from communique.model.bundle import load_bundle, open_classifier, write_manifest
from communique.model.calibration import decide
from communique.model.errors import BundleError, PromotionError
from communique.train import int8
from communique.train.data import Splits
from communique.train.quantise import quantise_bundle
from communique.train.run import RunResult

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow", "ignore::UserWarning:mlflow")


@pytest.fixture(scope="module")
def encoder(train_tiny, tiny_backbone: Path) -> RunResult:
    settings = ["model.max_length=48", "encoder.epochs=1", "encoder.blend=true", "output.bundle=bundles/to-quantise"]
    return train_tiny("model.family=encoder", f"model.backbone={tiny_backbone}", *settings)


def test_an_int8_bundle_stands_on_its_own(encoder: RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "MAX_FLIPS", 1.0)
    monkeypatch.setattr(int8, "MAX_DROP", 1.0)
    large = load_bundle(encoder.bundle)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # fewer cores than the training may have had, which the card speaks of
    write_manifest(large.folder, large.manifest.model_copy(update={"training_cores": 7}))
    small = quantise_bundle(encoder.bundle, tmp_path / "int8")
    assert (small.manifest.training_seconds, small.manifest.training_cores) == (large.manifest.training_seconds, 7)
    assert small.manifest.onnx is not None
    assert small.manifest.onnx.precision == "int8"
    assert small.manifest.onnx.blend == large.manifest.onnx.blend  # type: ignore[union-attr]
    assert small.manifest.files["model.onnx"].size < large.manifest.files["model.onnx"].size
    assert small.manifest.metrics.keys() == large.manifest.metrics.keys()
    with pytest.raises(BundleError, match="no fp32 encoder"):
        quantise_bundle(small.folder, tmp_path / "again")


def test_batches_move_fp32_by_rounding_and_hardly_flip_an_int8_label(
    encoder: RunResult, tiny_splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8, "MAX_FLIPS", 1.0)
    monkeypatch.setattr(int8, "MAX_DROP", 1.0)
    small = quantise_bundle(encoder.bundle, tmp_path / "int8")
    texts = [text for part in tiny_splits.parts.values() for text in part.texts]
    for bundle in (load_bundle(encoder.bundle), small):
        onnx = bundle.manifest.onnx
        assert onnx is not None
        single, batched = (
            open_classifier(
                bundle.folder, "encoder", bundle.taxonomy, onnx.model_copy(update={"batch_size": size})
            ).scores(texts)
            for size in (1, 8)
        )
        apart = np.abs(single.topic_logits - batched.topic_logits).max()
        labels = [
            np.where(one.present, 1 + one.stance_index, 0)
            for one in (decide(scores, bundle.manifest.calibration, bundle.taxonomy) for scores in (single, batched))
        ]
        if onnx.precision == "fp32":
            assert apart < 1e-5
        assert (labels[0] != labels[1]).mean() <= 0.01


def test_the_gate_keeps_fp32(encoder: RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "MAX_FLIPS", -1.0)
    with pytest.raises(PromotionError, match="does not pass its gate"):
        quantise_bundle(encoder.bundle, tmp_path / "int8")
    assert not (tmp_path / "int8").exists()


@pytest.mark.parametrize("other", ["MAX_FLIPS", "MAX_DROP"])
def test_flipped_labels_and_a_lower_f1_are_each_refused(
    encoder: RunResult,
    tiny_splits: Splits,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    other: str,
) -> None:
    """Labels turned upside down flip and lower the F1: either is enough, with the other one allowed."""
    bundle = load_bundle(encoder.bundle)
    same = (bundle.classifier.scores(tiny_splits.validation.texts), bundle.manifest.calibration)
    with caplog.at_level("INFO"):
        assert int8.allowed("any thresholds", same, same, tiny_splits.validation)
    assert "0.00 % of (paragraph, topic) labels flip, 0.0 % of the tags" in caplog.text
    monkeypatch.setattr(int8, other, 1.0)
    turned = (replace(same[0], topic_logits=-same[0].topic_logits), same[1])
    assert not int8.allowed("any thresholds", same, turned, tiny_splits.validation)


@pytest.mark.parametrize(("allowance", "precision"), [(-1.0, "fp32"), (1.0, "int8")])
def test_training_in_int8_passes_the_same_gates(
    train_tiny,
    tiny_backbone: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    allowance: float,
    precision: str,
) -> None:
    monkeypatch.setattr(int8, "MAX_FLIPS", allowance)
    monkeypatch.setattr(int8, "MAX_DROP", allowance)
    settings = ["model.max_length=48", "encoder.epochs=1", "encoder.precision=int8", "output.bundle=bundles/int8"]
    with caplog.at_level("INFO"):
        result = train_tiny("model.family=encoder", f"model.backbone={tiny_backbone}", *settings)
    onnx = load_bundle(result.bundle).manifest.onnx
    assert onnx is not None
    assert onnx.precision == precision
    assert "int8 at thresholds of one half" in caplog.text
    assert "int8 at calibrated thresholds" in caplog.text


def test_other_families_have_no_int8_form(trained: RunResult, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no fp32 encoder"):
        quantise_bundle(trained.bundle, tmp_path / "int8")
