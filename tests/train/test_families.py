"""The contract that every family passes, on the classifier its exported files give."""

from pathlib import Path

import numpy as np
import pytest

from communique.model.bundle import open_classifier
from communique.model.classifier import Classifier
from communique.train.config_file import load_config
from communique.train.data import load_splits
from communique.train.run import fit_family

FAMILIES = ("linear", "frozen", "encoder")
TEXTS = [
    "The mayor warmly praised the new railway line near the moor.",
    "Rain.",
    "Le maire a refusé le grand barrage.",
    "市长赞扬了新的铁路线。",
    "",
    "The mayor flatly rejected the great river dam near the reed and the quay.",
]


@pytest.fixture(scope="session", params=FAMILIES)
def classifier(
    request: pytest.FixtureRequest, tiny: Path, tiny_backbone: Path, tmp_path_factory: pytest.TempPathFactory
) -> Classifier:
    folder = tmp_path_factory.mktemp(request.param)
    overrides = [
        f"model.family={request.param}",
        f"model.backbone={tiny_backbone}",
        "model.max_length=32",
        "encoder.epochs=1",
    ]
    config = load_config(tiny / "config.toml", overrides)
    splits = load_splits(config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMUNIQUE_CACHE", str(folder / "cache"))
        _, onnx = fit_family(splits, config, folder)
    return open_classifier(folder, request.param, splits.taxonomy, onnx)


def test_shapes_and_distributions(classifier: Classifier) -> None:
    scores = classifier.scores(TEXTS)
    assert scores.topic_logits.shape == (6, 2)
    assert scores.stance.shape == (6, 2, 3)
    assert scores.truncated.shape == (6,)
    assert scores.topic_logits.dtype == scores.stance.dtype == np.float32
    assert np.isfinite(scores.topic_logits).all()
    np.testing.assert_allclose(scores.stance.sum(axis=2), 1.0, atol=1e-6)


def test_order_does_not_matter(classifier: Classifier) -> None:
    forward, backward = classifier.scores(TEXTS), classifier.scores(TEXTS[::-1])
    np.testing.assert_allclose(forward.topic_logits, backward.topic_logits[::-1], atol=1e-5)
    np.testing.assert_allclose(forward.stance, backward.stance[::-1], atol=1e-5)


def test_a_text_scores_alone_as_among_others(classifier: Classifier) -> None:
    together = classifier.scores(TEXTS)
    alone = classifier.scores([TEXTS[0]])
    np.testing.assert_allclose(together.topic_logits[0], alone.topic_logits[0], atol=1e-5)


def test_an_empty_list_gives_empty_arrays(classifier: Classifier) -> None:
    scores = classifier.scores([])
    assert (scores.topic_logits.shape, scores.stance.shape, len(scores)) == ((0, 2), (0, 2, 3), 0)


def test_a_long_text_is_read_beyond_the_first_window(classifier: Classifier) -> None:
    filler = "amber birch cedar dune elm. " * 4
    scores = classifier.scores([filler, *(filler + text for text in TEXTS)])
    assert not np.allclose(scores.topic_logits, scores.topic_logits[0])
    assert not scores.truncated.any()


def test_different_texts_score_differently(classifier: Classifier) -> None:
    logits = classifier.scores([TEXTS[0], TEXTS[5]]).topic_logits
    assert not np.allclose(logits[0], logits[1])
