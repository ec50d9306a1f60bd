"""The confusion matrix by hand, and the pictures as files."""

from pathlib import Path

import numpy as np
import pytest

from communique.model.calibration import Calibration, TopicCalibration
from communique.model.classifier import Scores
from communique.model.corpus import Corpus
from communique.model.taxonomy import Taxonomy, Topic
from communique.model.texts import Example, Label
from communique.train.assessment import Assessment, assess_split
from communique.train.plots import confusion_matrix, draw_plots

RAIL, DAM = Topic(name="rail", definition="r"), Topic(name="dam", definition="d", stance=False)
MIXED = Taxonomy(stances=("pro", "contra"), topics=(RAIL, DAM))
PLAIN = Taxonomy(topics=(RAIL.model_copy(update={"stance": False}), DAM))
PRO, CONTRA, NO_STANCE, ON_DAM = Label("rail", "pro"), Label("rail", "contra"), Label("rail"), Label("dam")

# gold labels, judged topics, then the scores: logits of rail and dam, and P(pro)
ROWS = [
    ((PRO,), None, 2, -2, 0.9),
    ((PRO,), None, 2, -2, 0.2),
    ((CONTRA,), None, 2, 2, 0.2),
    ((CONTRA,), None, -2, -2, 0.9),
    ((), None, 2, -2, 0.2),
    ((), None, -2, 2, 0.9),
    ((NO_STANCE,), None, 2, -2, 0.9),
    ((ON_DAM,), ("dam",), 2, 2, 0.9),
    ((ON_DAM, PRO), None, 2, -2, 0.6),
]


def scores_and_corpus(taxonomy: Taxonomy) -> tuple[Scores, Calibration, Corpus]:
    stanced = taxonomy.n_stances > 0
    examples = tuple(
        Example(
            f"a{i}", 1, f"text {i}", labels if stanced else tuple(Label(la.topic) for la in labels), labelled=judged
        )
        for i, (labels, judged, *_) in enumerate(ROWS)
    )
    values = np.array([row[2:] for row in ROWS], dtype=np.float32)
    stance = np.stack([values[:, 2], 1 - values[:, 2]], axis=1)[:, None].repeat(2, axis=1)
    scores = Scores(values[:, :2], stance if stanced else stance[:, :, :0], np.zeros(len(ROWS), dtype=np.bool_))
    plain = TopicCalibration(slope=1, intercept=0, prior=0.5, thresholds=((0, 0.5), (1, 0.5)))
    return scores, Calibration(topics=(plain, plain), topical_share=0.5), Corpus(examples, taxonomy)


def test_confusion_of_stances() -> None:
    """Rows none, pro, contra; the paragraphs without a judged stance or topic are left out."""
    matrix = confusion_matrix(*scores_and_corpus(MIXED))
    np.testing.assert_array_equal(matrix[0], [[1, 0, 1], [0, 2, 1], [1, 0, 1]])


def test_confusion_of_a_topic_without_stance() -> None:
    matrix = confusion_matrix(*scores_and_corpus(MIXED))
    np.testing.assert_array_equal(matrix[1], [[5, 2, 0], [1, 1, 0], [0, 0, 0]])


def test_confusion_without_any_stance() -> None:
    matrix = confusion_matrix(*scores_and_corpus(PLAIN))
    np.testing.assert_array_equal(matrix, [[[1, 1], [1, 5]], [[5, 2], [1, 1]]])


@pytest.fixture(params=[MIXED, PLAIN], ids=["stances", "no stance"])
def assessment(request: pytest.FixtureRequest) -> Assessment:
    scores, calibration, corpus = scores_and_corpus(request.param)
    return assess_split("test", corpus, scores, calibration)


def test_three_pictures(assessment: Assessment, tmp_path: Path) -> None:
    paths = draw_plots(assessment, tmp_path)
    assert [path.name for path in paths] == ["test-confusion.png", "test-precision-recall.png", "test-reliability.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_figures_are_closed(assessment: Assessment, tmp_path: Path) -> None:
    from matplotlib import pyplot

    draw_plots(assessment, tmp_path)
    assert pyplot.get_fignums() == []


def test_split_without_positives_can_be_drawn(tmp_path: Path) -> None:
    scores, calibration, corpus = scores_and_corpus(PLAIN)
    none = Corpus(tuple(Example(e.article, 1, e.text, ()) for e in corpus.examples), PLAIN)
    assert len(draw_plots(assess_split("test", none, scores, calibration), tmp_path)) == 3


def test_report_says_what_calibration_changed(assessment: Assessment) -> None:
    report = assessment.report
    assert report["ece_topic_uncalibrated"] == pytest.approx(report["ece_topic"])
    assert assessment.report["truncated"] == 0
