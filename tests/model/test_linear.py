"""The linear family at inference."""

from pathlib import Path

import numpy as np
import pytest

from communique.model.bundle import Bundle
from communique.model.classifier import sigmoid, softmax
from communique.model.linear import load_linear, save_linear
from communique.model.taxonomy import Taxonomy
from communique.model.tfidf import TfidfBlock

BLOCK = TfidfBlock(analyzer="word", ngram_range=(1, 1), terms=("rain", "truce"))
WEIGHTS = np.arange(24, dtype=np.float32).reshape(2, 12) / 7
BIAS = np.linspace(-1, 1, 12, dtype=np.float32)


def test_one_word_by_hand(tmp_path: Path, taxonomy: Taxonomy) -> None:
    assert save_linear(tmp_path, (BLOCK,), np.array([2.0, 3.0]), WEIGHTS, BIAS) == [
        "model.safetensors",
        "vocabulary.json",
    ]
    scores = load_linear(tmp_path, taxonomy).scores(["Truce, truce!"])
    logits = WEIGHTS[1] + BIAS
    assert scores.topic_logits[0] == pytest.approx(logits[:3])
    assert scores.stance[0] == pytest.approx(softmax(logits[3:].reshape(3, 3)), abs=1e-6)
    assert scores.truncated.tolist() == [False]
    assert scores.holders is scores.evidence is None


def test_two_words_by_hand(tmp_path: Path, taxonomy: Taxonomy) -> None:
    save_linear(tmp_path, (BLOCK,), np.array([3.0, 4.0]), WEIGHTS, BIAS)
    logits = 0.6 * WEIGHTS[0] + 0.8 * WEIGHTS[1] + BIAS
    assert load_linear(tmp_path, taxonomy).scores(["truce rain"]).topic_logits[0] == pytest.approx(logits[:3])


def test_an_unknown_text_gets_the_bias(tmp_path: Path, taxonomy: Taxonomy) -> None:
    save_linear(tmp_path, (BLOCK,), np.ones(2), WEIGHTS, BIAS)
    for text in ("", "snow"):
        assert load_linear(tmp_path, taxonomy).scores([text]).topic_logits[0] == pytest.approx(BIAS[:3])


def test_a_taxonomy_without_stances(tmp_path: Path, exclusive_taxonomy: Taxonomy) -> None:
    save_linear(tmp_path, (BLOCK,), np.ones(2), WEIGHTS[:, :3], BIAS[:3])
    scores = load_linear(tmp_path, exclusive_taxonomy).scores(["rain", "truce"])
    assert scores.topic_logits.shape == (2, 3)
    assert scores.stance.shape == (2, 3, 0)


def test_no_text(bundle: Bundle) -> None:
    scores = bundle.classifier.scores([])
    assert (scores.topic_logits.shape, scores.stance.shape, scores.truncated.shape) == ((0, 3), (0, 3, 3), (0,))


def test_texts_do_not_touch_one_another(bundle: Bundle) -> None:
    texts = ["a truce", "reject the guard", "", "truce guard rain praise", "a truce"]
    together = bundle.classifier.scores(texts)
    for row, text in enumerate(texts):
        alone = bundle.classifier.scores([text])
        assert (together.topic_logits[row] == alone.topic_logits[0]).all()
        assert (together.stance[row] == alone.stance[0]).all()
    assert sigmoid(together.topic_logits[0])[0] > 0.9
