"""The linear family: the runtime's numpy gives scikit-learn's numbers."""

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from communique.model.classifier import Scores
from communique.model.errors import CommuniqueError
from communique.model.gold import gold_arrays
from communique.model.linear import load_linear
from communique.train.config import TrainingConfig
from communique.train.config_families import LinearConfig
from communique.train.config_file import load_config
from communique.train.data import Splits
from communique.train.linear import fit_linear, vectorizers

NEW = [
    "The mayor of Amber warmly praised the new railway line, and the great dam; the dam!",
    "ÉLAN naïve Straße İstanbul \u00a0 tabs\tand\nlines — “quotes” 42 x",
    "zzz qqq",
    "",
]


@pytest.fixture(scope="module", params=[None, (2, 4)], ids=["words", "words and characters"])
def config(request: pytest.FixtureRequest, tiny: Path) -> TrainingConfig:
    loaded = load_config(tiny / "config.toml")
    return loaded.model_copy(update={"linear": LinearConfig(min_df=1, char_ngrams=request.param)})


@pytest.fixture(scope="module")
def folder(tiny_splits: Splits, config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("linear")
    fit_linear(tiny_splits, config, folder)
    return folder


@pytest.fixture(scope="module")
def texts(tiny_splits: Splits) -> list[str]:
    return [*NEW, *tiny_splits.inputs("validation")]


@pytest.fixture(scope="module")
def scores(folder: Path, tiny_splits: Splits, texts: list[str]) -> Scores:
    return load_linear(folder, tiny_splits.taxonomy).scores(texts)


@pytest.fixture(scope="module")
def features(tiny_splits: Splits, config: TrainingConfig, texts: list[str]) -> tuple[sparse.csr_matrix, ...]:
    """scikit-learn's features of the training texts and of `texts`."""
    fitted = vectorizers(config.linear)
    train = [vectorizer.fit_transform(tiny_splits.inputs("train")) for vectorizer in fitted]
    return sparse.hstack(train).tocsr(), sparse.hstack([v.transform(texts) for v in fitted]).tocsr()


def test_topic_logits_are_the_decision_function(
    tiny_splits: Splits, features: tuple[sparse.csr_matrix, ...], scores: Scores
) -> None:
    gold = gold_arrays(tiny_splits.train)
    for topic in range(2):
        model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=2000).fit(features[0], gold.topic[:, topic])
        np.testing.assert_allclose(scores.topic_logits[:, topic], model.decision_function(features[1]), atol=1e-5)


def test_stances_are_the_augmented_model(
    tiny_splits: Splits, features: tuple[sparse.csr_matrix, ...], scores: Scores
) -> None:
    """Shared features, a copy for each topic and the topic itself, written out (Daumé 2007)."""
    gold = gold_arrays(tiny_splits.train)
    rows, topics = np.nonzero(gold.stance >= 0)

    def augmented(x: sparse.csr_matrix, of: np.ndarray) -> sparse.csr_matrix:
        return sparse.hstack([x, *(sparse.diags((of == t).astype(float)) @ x for t in range(2)), np.eye(2)[of]]).tocsr()

    model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=2000)
    model.fit(augmented(features[0][rows], topics), gold.stance[rows, topics])
    for topic in range(2):
        new = augmented(features[1], np.full(features[1].shape[0], topic))
        np.testing.assert_allclose(scores.stance[:, topic], model.predict_proba(new), atol=1e-5)


def test_chosen_values_are_returned(tiny_splits: Splits, config: TrainingConfig, tmp_path: Path) -> None:
    chosen = fit_linear(tiny_splits, config, tmp_path)
    assert chosen["topic_c"] == chosen["stance_c"] == 1.0
    terms = sum(len(v.fit(tiny_splits.inputs("train")).get_feature_names_out()) for v in vectorizers(config.linear))
    assert chosen["terms"] == terms


def test_only_model_files_are_written(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["model.safetensors", "vocabulary.json"]


def test_vocabulary_left_empty_is_explained(tiny_splits: Splits, tiny_config: TrainingConfig, tmp_path: Path) -> None:
    config = tiny_config.model_copy(update={"linear": LinearConfig(min_df=1000, char_ngrams=None)})
    with pytest.raises(CommuniqueError, match="min_df"):
        fit_linear(tiny_splits, config, tmp_path)
