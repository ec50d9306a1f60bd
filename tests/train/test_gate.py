from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from communique.model.bundle import load_bundle
from communique.model.calibration import Calibration
from communique.model.classifier import Scores
from communique.train.gate import RECALL, fit_gate

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow", "ignore::UserWarning:mlflow")


def scores(logits: np.ndarray) -> Scores:
    logits = logits.astype(np.float32)
    return Scores(logits, np.zeros((*logits.shape, 0), dtype=np.float32), np.zeros(len(logits), dtype=np.bool_))


def test_the_gate_keeps_its_recall_and_skips_what_lies_below(make_calibration: Callable[..., Calibration]) -> None:
    """400 tagged paragraphs at logits 1 to 400, so two may be lost; 100 others far below."""
    logits = np.concatenate([np.arange(1, 401), np.full(100, -5)])[:, None]
    tagged = np.arange(500) < 400
    gate = fit_gate(scores(logits), make_calibration(1), tagged, np.ones(500))
    assert gate.recall == pytest.approx(398 / 400)
    assert gate.recall >= RECALL
    assert gate.skipped == pytest.approx(102 / 500)


def test_weights_bring_the_skipped_share_to_the_prior(make_calibration: Callable[..., Calibration]) -> None:
    logits = np.array([[3.0], [-3.0]])
    gate = fit_gate(scores(logits), make_calibration(1), np.array([True, False]), np.array([0.5, 1.5]))
    assert (gate.recall, gate.skipped) == (1.0, 0.75)


def test_without_a_tagged_paragraph_everything_passes(make_calibration: Callable[..., Calibration]) -> None:
    gate = fit_gate(scores(np.array([[0.0]])), make_calibration(1), np.array([False]), np.ones(1))
    assert (gate.recall, gate.skipped) == (1.0, 0.0)


def test_a_blended_bundle_carries_its_gate(train_tiny: Callable, tiny_backbone: Path) -> None:
    settings = ["model.max_length=48", "encoder.epochs=1", "encoder.blend=true", "output.bundle=bundles/gated"]
    bundle = load_bundle(train_tiny("model.family=encoder", f"model.backbone={tiny_backbone}", *settings).bundle)
    onnx = bundle.manifest.onnx
    assert onnx is not None
    assert (onnx.gate is not None) == (onnx.blend is not None)
    assert onnx.gate is None or onnx.gate.recall >= RECALL
