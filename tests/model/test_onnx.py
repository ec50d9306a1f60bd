"""The ONNX runtime path, on a graph of one weight row per word."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from communique.model.classifier import Scores
from communique.model.onnx import OnnxClassifier, load_onnx, surest_windows
from communique.model.taxonomy import Taxonomy, parse_taxonomy
from communique.model.windows import Window

TEXTS = ["truce", "", "guard guard rain", "snow", "truce praise reject rain", "rain", "truce"]
Open = Callable[..., OnnxClassifier]


@pytest.fixture
def open_onnx(onnx_folder: Path, taxonomy: Taxonomy) -> Open:
    def open_with(batch_size: int = 2, max_length: int = 6) -> OnnxClassifier:
        return load_onnx(onnx_folder, taxonomy, max_length, batch_size, pad_id=0, threads=1)

    return open_with


def equal(a: Scores, b: Scores) -> bool:
    return bool(np.allclose(a.topic_logits, b.topic_logits, atol=1e-5) and np.allclose(a.stance, b.stance, atol=1e-5))


def test_a_text_is_the_sum_of_its_words_in_their_frame(open_onnx: Open) -> None:
    """rain guard = rain + guard − nothing, since each holds [CLS] and [SEP] once."""
    both, rain, guard, nothing = open_onnx().scores(["rain guard", "rain", "guard", ""]).topic_logits
    assert both == pytest.approx(rain + guard - nothing, abs=1e-5)
    assert np.abs(both - nothing).min() > 0.01


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 100])
def test_batches_agree_with_one_by_one_and_keep_the_order(open_onnx: Open, batch_size: int) -> None:
    classifier = open_onnx(batch_size)
    together = classifier.scores(TEXTS)
    for row, text in enumerate(TEXTS):
        alone = open_onnx(1).scores([text])
        assert together.topic_logits[row] == pytest.approx(alone.topic_logits[0], abs=1e-5)
        assert together.stance[row] == pytest.approx(alone.stance[0], abs=1e-5)
    assert equal(
        classifier.scores(TEXTS[::-1]),
        Scores(*(a[::-1] for a in (together.topic_logits, together.stance)), together.truncated),
    )


def test_shapes_and_distributions(open_onnx: Open) -> None:
    scores = open_onnx().scores(TEXTS)
    assert (scores.topic_logits.shape, scores.stance.shape) == ((7, 3), (7, 3, 3))
    assert (scores.topic_logits.dtype, scores.stance.dtype) == (np.float32, np.float32)
    assert scores.stance.sum(axis=2) == pytest.approx(np.ones((7, 3)), abs=1e-6)
    assert len(scores) == 7


def test_no_text(open_onnx: Open) -> None:
    scores = open_onnx().scores([])
    assert (scores.topic_logits.shape, scores.stance.shape, scores.truncated.shape) == ((0, 3), (0, 3, 3), (0,))


def test_a_long_text_takes_each_topic_from_its_surest_window(open_onnx: Open) -> None:
    """Room for four words, three apart."""
    words = "guard guard guard rain truce truce truce reject praise rain".split()
    classifier = open_onnx()
    long = classifier.scores([" ".join(words)])
    windows = classifier.scores([" ".join(words[start : start + 4]) for start in (0, 3, 6)])
    best = windows.topic_logits.argmax(axis=0)
    assert long.topic_logits[0] == pytest.approx(windows.topic_logits.max(axis=0), abs=1e-5)
    assert long.stance[0] == pytest.approx(windows.stance[best, range(3)], abs=1e-5)
    assert len(set(best.tolist())) > 1


@pytest.mark.parametrize(("n_words", "truncated"), [(0, False), (4, False), (5, False), (25, False), (26, True)])
def test_truncated_beyond_eight_windows(open_onnx: Open, n_words: int, truncated: bool) -> None:
    assert open_onnx().scores(["rain", "rain " * n_words]).truncated.tolist() == [False, truncated]


def test_words_beyond_the_last_window_change_nothing(open_onnx: Open) -> None:
    read = "rain " * 25
    assert equal(open_onnx().scores([read]), open_onnx().scores([read + "truce " * 40]))


def test_settings_kept_in_the_tokenizer_do_not_count(open_onnx: Open) -> None:
    """The tokenizer file truncates at four tokens and pads to sixteen."""
    long, short = open_onnx(max_length=16).scores(["rain guard truce reject", "rain guard"]).topic_logits
    assert np.abs(long - short).max() > 0.01


def test_a_taxonomy_without_stances(onnx_folder: Path, open_onnx: Open) -> None:
    topics = [{"name": name, "definition": "d", "stance": False} for name in ("x", "y", "z")]
    bare = load_onnx(onnx_folder, parse_taxonomy({"topics": topics}, "t"), 6, 2, 0, 1)
    assert bare.scores(TEXTS).stance.shape == (7, 3, 0)
    assert (bare.scores(TEXTS).topic_logits == open_onnx().scores(TEXTS).topic_logits).all()


@pytest.mark.parametrize(
    ("texts", "logits", "chosen"),
    [
        ([0, 1], [[1, 2], [3, 4]], [[0, 0], [1, 1]]),
        ([0, 0, 1], [[1, 4], [3, 2], [0, 0]], [[1, 0], [2, 2]]),
        ([0, 0], [[-9, -9], [-9, -8]], [[0, 1]]),
        ([], [], []),
    ],
)
def test_surest_windows(texts: list[int], logits: list[list[float]], chosen: list[list[int]]) -> None:
    windows = [Window(text, 0, 1) for text in texts]
    found = surest_windows(windows, np.array(logits, dtype=np.float32).reshape(-1, 2), len(chosen))
    assert found.tolist() == chosen
