from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from communique.model.classifier import Scores
from communique.model.corpus import Corpus, Example
from communique.model.errors import DataError
from communique.train.config_file import load_config
from communique.train.data import Splits
from communique.train.encoder_teaching import with_soft_labelled
from communique.train.run import RunResult, articles_read
from communique.train.soft_labels import read_soft_labels, teacher_scores, write_soft_labels

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow", "ignore::UserWarning:mlflow")


@pytest.fixture
def scores(tiny_splits: Splits) -> Scores:
    rng, n = np.random.default_rng(0), len(tiny_splits.train)
    stance = rng.dirichlet(np.ones(3), size=(n, 2)).astype(np.float32)
    return Scores(rng.normal(size=(n, 2)).astype(np.float32), stance, np.zeros(n, dtype=bool))


def test_soft_labels_come_back_in_the_corpus_order(tmp_path: Path, tiny_splits: Splits, scores: Scores) -> None:
    write_soft_labels(tmp_path / "soft.csv", tiny_splits.train, scores)
    backwards = tiny_splits.train.only(reversed(range(len(tiny_splits.train))))
    soft = read_soft_labels(tmp_path / "soft.csv", backwards)
    np.testing.assert_allclose(soft.stance[::-1], scores.stance, atol=6e-4)
    np.testing.assert_allclose(soft.topic[::-1], 1 / (1 + np.exp(-scores.topic_logits)), atol=6e-4)


def test_paragraphs_without_a_row_are_nan(tmp_path: Path, tiny_splits: Splits, scores: Scores) -> None:
    write_soft_labels(tmp_path / "soft.csv", tiny_splits.train, scores)
    lines = (tmp_path / "soft.csv").read_text("utf-8").splitlines()
    (tmp_path / "soft.csv").write_text("\n".join(lines[:2]) + "\n", encoding="utf-8")
    soft = read_soft_labels(tmp_path / "soft.csv", tiny_splits.train)
    assert not np.isnan(soft.topic[0]).any()
    assert np.isnan(soft.topic[1:]).all()
    with pytest.raises(DataError, match="another corpus"):
        read_soft_labels(tmp_path / "soft.csv", tiny_splits.validation)


def test_unlabelled_paragraphs_are_taught_where_the_file_has_them(
    tmp_path: Path, tiny: Path, tiny_splits: Splits, scores: Scores
) -> None:
    one, other = (Example(name, 1, "Nobody judged it.", labels=None) for name in ("u1", "u2"))
    splits = replace(tiny_splits, unlabelled=(one, other))
    with_one = Corpus((*tiny_splits.train.examples[1:], one), splits.taxonomy)
    write_soft_labels(tmp_path / "soft.csv", with_one, scores)
    overrides = ["model.family=encoder", f"encoder.soft_labels={tmp_path / 'soft.csv'}"]
    config = load_config(tiny / "config.toml", overrides)
    taught = with_soft_labelled(splits, config)
    assert taught.train.examples == (*splits.train.examples, one)
    assert articles_read(taught, config) == {*splits.train.articles, "u1"}
    assert with_soft_labelled(splits, load_config(tiny / "config.toml", overrides[:1])) is splits


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("article,paragraph,x\n", "expected the columns"),
        ("HEAD\na00,1,x,0,0,0,0,0,0,0\n", "line 2"),
        (None, "cannot be read"),
    ],
)
def test_what_is_wrong_with_the_file(tmp_path: Path, tiny_splits: Splits, content: str | None, message: str) -> None:
    head = (
        "article,paragraph,rail.logit,rail.favor,rail.against,rail.neutral,dam.logit,dam.favor,dam.against,dam.neutral"
    )
    if content is not None:
        (tmp_path / "soft.csv").write_text(content.replace("HEAD", head), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_soft_labels(tmp_path / "soft.csv", tiny_splits.train)


def test_teachers_are_averaged(trained: RunResult, poor: RunResult, tiny_splits: Splits) -> None:
    one, two = (teacher_scores([run.bundle], tiny_splits.train) for run in (trained, poor))
    both = teacher_scores([trained.bundle, poor.bundle], tiny_splits.train)
    np.testing.assert_allclose(both.topic_logits, (one.topic_logits + two.topic_logits) / 2, atol=1e-5)


def test_a_teacher_of_other_topics_is_refused(trained: RunResult, embedded_splits: Splits) -> None:
    with pytest.raises(DataError, match="the same topics and stances in the same order"):
        teacher_scores([trained.bundle], embedded_splits.train.only([0]))
