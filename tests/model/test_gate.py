from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from communique.model.blend import BlendedClassifier
from communique.model.bundle import Bundle, OnnxSettings, load_bundle
from communique.model.gate import Gate, cascade, passes
from communique.model.predict import predict

TEXTS = ["The truce.", "Nothing of note.", "They reject the guard.", "Bread was sold."]


@pytest.fixture
def gated(bundle: Bundle, onnx_folder: Path) -> Bundle:
    """The keyword bundle as the second half of a blend, with a gate that lets keywords pass."""
    onnx = load_bundle_of(onnx_folder, bundle)
    gate = Gate(thresholds=(0.0, 0.0, 0.0), calibration=bundle.manifest.calibration, recall=1.0, skipped=0.5)
    manifest = bundle.manifest.model_copy(
        update={"onnx": OnnxSettings(max_length=16, batch_size=1, pad_id=0, blend=0.5, gate=gate)}
    )
    return replace(bundle, manifest=manifest, classifier=BlendedClassifier(onnx, bundle.classifier, 0.5))


def load_bundle_of(folder: Path, bundle: Bundle):
    from communique.model.onnx import load_onnx

    return load_onnx(folder, bundle.taxonomy, 16, 1, 0, 2)


def test_a_paragraph_passes_by_any_topic(gated: Bundle) -> None:
    scores = gated.classifier.second.scores(TEXTS)  # type: ignore[attr-defined]
    assert passes(gated.gate, scores).tolist() == [True, False, True, False]  # type: ignore[arg-type]


def test_what_passes_is_scored_as_without_a_gate_and_the_rest_by_the_linear_model(gated: Bundle) -> None:
    whole, linear, read = cascade(gated.classifier, gated.gate, TEXTS)  # type: ignore[arg-type]
    alone = gated.classifier.scores(TEXTS)
    assert read.tolist() == [True, False, True, False]
    np.testing.assert_array_equal(whole.topic_logits, alone.topic_logits[read])
    np.testing.assert_array_equal(linear.topic_logits, gated.classifier.second.scores(TEXTS).topic_logits)  # type: ignore[attr-defined]


def test_predictions_say_who_decided(gated: Bundle) -> None:
    found = predict(gated, TEXTS, gate=True)
    assert [prediction.gated for prediction in found] == [False, True, False, True]
    assert [prediction.text for prediction in found] == TEXTS
    assert [found[0], found[2]] == [p for p in predict(gated, TEXTS) if p.index in (1, 3)]
    assert not any(prediction.gated for prediction in predict(gated, TEXTS))


def test_nothing_passes_and_nothing_given(gated: Bundle) -> None:
    assert [prediction.gated for prediction in predict(gated, ["Bread."], gate=True)] == [True]
    assert predict(gated, [], gate=True) == []


def test_a_bundle_without_a_gate_reads_all(bundle: Bundle) -> None:
    assert predict(bundle, TEXTS, gate=True) == predict(bundle, TEXTS)


def test_scores_depend_on_the_text_alone_with_a_batch_of_one(gated: Bundle) -> None:
    assert gated.is_pure
    together = gated.classifier.scores(TEXTS)
    for row, text in enumerate(TEXTS):
        np.testing.assert_array_equal(gated.classifier.scores([text]).topic_logits[0], together.topic_logits[row])
    assert load_bundle(gated.folder).is_pure
