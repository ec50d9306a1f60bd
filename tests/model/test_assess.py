"""A bundle judged on a corpus."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from communique.model.assess import MIN_GROUP, assess, check_taxonomy, evaluation_report, judge_scores, take
from communique.model.bundle import Bundle
from communique.model.classifier import Scores
from communique.model.corpus import Corpus
from communique.model.errors import DataError
from communique.model.evaluation import evaluate
from communique.model.predictions import Span
from communique.model.taxonomy import Taxonomy

RIGHT = [
    {"text": "praise the truce", "labels": [{"topic": "truce", "stance": "favor"}]},
    {"text": "reject the truce", "labels": [{"topic": "truce", "stance": "against"}]},
    {"text": "a truce", "labels": [{"topic": "truce", "stance": "neutral"}]},
    {"text": "rain", "labels": [{"topic": "rain"}]},
    {"text": "nothing", "labels": []},
]
WRONG = [{"text": "a guard", "labels": []}]
Make = Callable[..., Corpus]


@pytest.mark.parametrize(
    ("lines", "exact", "joint"),
    [
        (RIGHT, 1.0, 1.0),
        (RIGHT + WRONG, 5 / 6, 1.0),
        ([*RIGHT, {"text": "praise the truce", "labels": [{"topic": "rain"}]}], 5 / 6, (2 / 3 + 1 + 1 + 2 / 3) / 4),
        ([*RIGHT, {"text": "praise the truce", "labels": None}], 1.0, 1.0),
    ],
)
def test_scores_against_labels(bundle: Bundle, make_corpus: Make, lines: list[Any], exact: float, joint: float) -> None:
    found = evaluate(assess(bundle, make_corpus(lines)), 20)
    assert found["exact_match"] == pytest.approx(exact)
    assert found["joint_macro_f1"] == pytest.approx(joint)


def test_titles_reach_the_classifier(bundle: Bundle, make_corpus: Make) -> None:
    titled = Bundle(bundle.manifest.model_copy(update={"title": True}), bundle.classifier, bundle.folder)
    corpus = make_corpus([{"text": "nothing", "title": "rain", "labels": [{"topic": "rain"}]}])
    assert [evaluate(assess(b, corpus), 5)["exact_match"] for b in (bundle, titled)] == [0.0, 1.0]


def test_another_taxonomy_is_refused(bundle: Bundle, make_corpus: Make, exclusive_taxonomy: Taxonomy) -> None:
    corpus = make_corpus([{"labels": [{"topic": "art"}]}], exclusive_taxonomy)
    with pytest.raises(DataError, match=r"its topics and stances .* differ"):
        assess(bundle, corpus)


def test_stances_in_another_order_are_refused(bundle: Bundle, make_corpus: Make, taxonomy: Taxonomy) -> None:
    turned = Taxonomy(stances=("against", "favor", "neutral"), topics=taxonomy.topics)
    with pytest.raises(DataError):
        assess(bundle, make_corpus(RIGHT, turned))


def test_decisions_and_calibration_error_are_for_the_prior(
    bundle: Bundle, make_corpus: Make, make_scores: Callable[..., Scores]
) -> None:
    """Scores that say nothing: off by a lot where half of the paragraphs have the topic, right at either prior."""
    corpus = make_corpus([{"labels": labels, "labelled": ["rain"]} for labels in ([{"topic": "rain"}], [])])
    calibration = bundle.manifest.calibration
    scores = make_scores([np.log([0.3 / 0.7] * 3)] * 2)
    here, there = (judge_scores(scores, calibration, corpus, prior) for prior in (None, np.array([0.3, 0.3, 0.1])))
    assert evaluate(here, 5)["ece_topic_unweighted"] == pytest.approx(0.5 - 0.3)
    assert evaluate(here, 5)["ece_topic"] == pytest.approx(0.0, abs=1e-6)
    assert evaluate(there, 5)["ece_topic_unweighted"] == pytest.approx(0.5 - 0.1)
    assert evaluate(there, 5)["ece_topic"] == pytest.approx(0.0, abs=1e-6)


def test_predicted_holders_are_judged(bundle: Bundle, make_corpus: Make, make_scores: Callable[..., Scores]) -> None:
    labels = [{"topic": "truce", "stance": "favor", "holder": "Text"}, {"topic": "guard", "holder": None}]
    scores = make_scores([[9.0, 9.0, -9.0]], holders=((Span("Text", 0, 4), None, None),))
    judged = judge_scores(scores, bundle.manifest.calibration, make_corpus([{"labels": labels}]))
    assert evaluate(judged, 5)["holder_exact"] == 1.0


def test_groups_large_enough_are_reported(bundle: Bundle, make_corpus: Make) -> None:
    many = [{**RIGHT[n % 5], "setting": "levant", "style": ""} for n in range(MIN_GROUP)]
    few = [{**RIGHT[n % 5], "setting": "sahel", "style": "wire"} for n in range(MIN_GROUP - 1)]
    wrong = [{**WRONG[0], "style": "wire"}]
    corpus = make_corpus(many + few + wrong)
    scores = bundle.classifier.scores(corpus.texts)
    found = evaluation_report(scores, bundle.manifest.calibration, corpus)
    assert list(found["per_setting"]) == ["levant"]
    assert list(found["per_style"]) == ["wire"]
    assert found["per_setting"]["levant"]["exact_match"] == 1.0
    assert found["per_style"]["wire"]["exact_match"] == pytest.approx(19 / 20)
    assert found["per_style"]["wire"]["n_paragraphs"] == MIN_GROUP
    assert found["exact_match"] == pytest.approx(39 / 40)


def test_take_keeps_rows_together(make_scores: Callable[..., Scores]) -> None:
    spans = tuple((Span(name, 0, 1), None, None) for name in "abc")
    some = take(make_scores([[0, 0, 0], [1, 1, 1], [2, 2, 2]], holders=spans, evidence=spans), [2, 0])
    assert some.topic_logits[:, 0].tolist() == [2.0, 0.0]
    assert some.holders == some.evidence == (spans[2], spans[0])
    assert len(some.stance) == len(some.truncated) == 2
    assert take(make_scores([[0, 0, 0]]), [0]).holders is None


def test_models_of_one_taxonomy(bundle: Bundle, taxonomy: Taxonomy, exclusive_taxonomy: Taxonomy) -> None:
    check_taxonomy(taxonomy, bundle)
    with pytest.raises(DataError, match="with one taxonomy"):
        check_taxonomy(exclusive_taxonomy, bundle)
