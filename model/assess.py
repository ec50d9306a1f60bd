"""Score a labelled corpus with a bundle and judge the predictions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from communique.model.bundle import Bundle
from communique.model.calibration import Calibration, decide
from communique.model.classifier import Scores
from communique.model.corpus import Corpus
from communique.model.errors import DataError
from communique.model.evaluation import Judged, evaluate, judge
from communique.model.gold import gold_arrays
from communique.model.prior import prior_weights
from communique.model.taxonomy import Taxonomy
from communique.model.texts import Example

MIN_GROUP = 20
GROUP_METRICS = ("n_paragraphs", "n_articles", "joint_macro_f1", "topic_macro_f1", "exact_match")
GROUP_BOOTSTRAP = 200


def assess(bundle: Bundle, corpus: Corpus, prior: npt.NDArray[np.float64] | None = None) -> Judged:
    """Score the corpus' texts and put the decisions beside its labels.

    Raises:
        DataError: the corpus was read with another taxonomy than the bundle's.
    """
    check_taxonomy(corpus.taxonomy, bundle)
    titles = [example.title for example in corpus.examples]
    scores = bundle.classifier.scores(bundle.inputs(corpus.texts, titles))
    return judge_scores(scores, bundle.manifest.calibration, corpus, prior)


def judge_scores(
    scores: Scores, calibration: Calibration, corpus: Corpus, prior: npt.NDArray[np.float64] | None = None
) -> Judged:
    """Calibrate scores of a corpus and judge them; calibration error is taken at the prior in use."""
    gold = gold_arrays(corpus)
    decisions = decide(scores, calibration, corpus.taxonomy, prior)
    weights = prior_weights(gold.topic, calibration.prior if prior is None else prior)
    holders = None
    if scores.holders is not None:
        holders = [[None if span is None else span.text for span in row] for row in scores.holders]
    return judge(gold, decisions, corpus.articles, corpus.taxonomy, weights, holders)


def evaluation_report(
    scores: Scores, calibration: Calibration, corpus: Corpus, prior: npt.NDArray[np.float64] | None = None
) -> dict[str, Any]:
    """The full evaluation: metrics with intervals, per pair, topic, setting and style."""
    report = evaluate(judge_scores(scores, calibration, corpus, prior))

    def group_report(key: Callable[[Example], str]) -> dict[str, Any]:
        groups: dict[str, list[int]] = {}
        for row, example in enumerate(corpus.examples):
            groups.setdefault(key(example), []).append(row)
        return {
            name: _brief(judge_scores(take(scores, rows), calibration, corpus.only(rows), prior))
            for name, rows in sorted(groups.items())
            if name and len(rows) >= MIN_GROUP
        }

    report["truncated"] = int(scores.truncated.sum())
    report["per_setting"] = group_report(lambda example: example.setting)
    report["per_style"] = group_report(lambda example: example.style)
    return report


def _brief(judged: Judged) -> dict[str, Any]:
    full = evaluate(judged, GROUP_BOOTSTRAP)
    intervals = {name: value for name, value in full["intervals"].items() if name in GROUP_METRICS}
    return {**{name: full[name] for name in GROUP_METRICS}, "intervals": intervals}


def take(scores: Scores, rows: list[int]) -> Scores:
    """The scores of some paragraphs."""
    return Scores(
        scores.topic_logits[rows],
        scores.stance[rows],
        scores.truncated[rows],
        None if scores.holders is None else tuple(scores.holders[row] for row in rows),
        None if scores.evidence is None else tuple(scores.evidence[row] for row in rows),
    )


def check_taxonomy(taxonomy: Taxonomy, bundle: Bundle) -> None:
    """Refuse to mix models of different label spaces."""
    if taxonomy.pairs != bundle.taxonomy.pairs or taxonomy.exclusive != bundle.taxonomy.exclusive:
        raise DataError(
            f"{bundle.folder}: its topics and stances ({bundle.taxonomy.pairs}) differ from {taxonomy.pairs}; "
            "models are compared, and data read, with one taxonomy"
        )
