"""Evaluate decisions against gold labels: every metric with an article-bootstrap interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from communique.model.calibration import Decisions
from communique.model.gold import Gold
from communique.model.statistics import N_BINS, Statistics, exact_match_error, paragraph_statistics
from communique.model.taxonomy import Taxonomy, pair_name

Array = npt.NDArray[np.float64]
N_BOOTSTRAP = 1000
BOOTSTRAP_SEED = 0
LOWER_IS_BETTER = {"ece_topic", "ece_topic_unweighted", "ece_stance", "aurc"}
METRICS = (
    "joint_macro_f1",
    "topic_macro_f1",
    "stance_macro_f1",
    "stance_favg",
    "exact_match",
    "ece_topic",
    "ece_topic_unweighted",
    "ece_stance",
    "aurc",
    "coverage",
    "selective_exact_match",
    "holder_exact",
    "holder_token_f1",
)


@dataclass(frozen=True)
class Judged:
    """Predictions beside gold labels, ready to be scored once or resampled many times."""

    taxonomy: Taxonomy
    statistics: Statistics
    article: npt.NDArray[np.int64]
    confidence: Array
    error: npt.NDArray[np.bool_]
    countable: npt.NDArray[np.bool_]

    @property
    def n_articles(self) -> int:
        return int(self.article.max()) + 1

    def by_article(self) -> Array:
        """The statistics summed within each article, (n_articles, K)."""
        matrix = self.statistics.matrix()
        sums = np.zeros((self.n_articles, matrix.shape[1]))
        np.add.at(sums, self.article, matrix)
        return sums


def judge(
    gold: Gold,
    decisions: Decisions,
    articles: Sequence[str],
    taxonomy: Taxonomy,
    weights: Array | None = None,
    holders: list[list[str | None]] | None = None,
) -> Judged:
    """Put decisions beside gold. `weights` (n,) reweight calibration error to the stated prior."""
    _, article = np.unique(np.asarray(articles), return_inverse=True)
    if weights is None:
        weights = np.ones(len(gold))
    error, countable = exact_match_error(gold, decisions, taxonomy)
    statistics = paragraph_statistics(gold, decisions, taxonomy, weights, holders)
    return Judged(taxonomy, statistics, article, decisions.confidence, error, countable)


def metrics(judged: Judged, article_weights: Array) -> dict[str, Array]:
    """Every metric under each row of article weights (B, n_articles): values (B,), NaN if undefined."""
    blocks = judged.statistics.split(article_weights @ judged.by_article())
    pair, stance = f1_scores(blocks["pair"]), f1_scores(blocks["stance"])
    correct, n, kept_correct, kept = blocks["exact"].T
    values = {
        "joint_macro_f1": _macro(pair),
        "topic_macro_f1": _macro(f1_scores(blocks["topic"])),
        "stance_macro_f1": _macro(stance),
        "stance_favg": _favg(blocks["stance"], judged.taxonomy),
        "exact_match": _ratio(correct, n),
        "ece_topic": _ece(blocks["ece_topic"]),
        "ece_topic_unweighted": _ece(blocks["ece_topic_unweighted"]),
        "ece_stance": _ece(blocks["ece_stance"]),
        "aurc": _aurc(judged, article_weights),
        "coverage": _ratio(kept, n),
        "selective_exact_match": _ratio(kept_correct, kept),
    }
    nothing = np.full((len(article_weights), 3), np.nan)
    exact, token, spans = blocks.get("holder", nothing).T
    return {**values, "holder_exact": _ratio(exact, spans), "holder_token_f1": _ratio(token, spans)}


def f1_scores(counts: Array) -> Array:
    """F1 from (B, 3 k) columns of true positives, false positives, false negatives: (B, k).

    NaN where there is no gold, so that macro means leave the pair out.
    """
    tp, fp, fn = counts[:, 0::3], counts[:, 1::3], counts[:, 2::3]
    return np.where(tp + fn > 0, _ratio(2 * tp, 2 * tp + fp + fn), np.nan)


def _ratio(numerator: Array, denominator: Array) -> Array:
    empty = ~(denominator > 0)
    return np.where(empty, np.nan, numerator / np.where(empty, 1.0, denominator))


def _macro(scores: Array) -> Array:
    defined = ~np.isnan(scores)
    return _ratio(np.where(defined, scores, 0.0).sum(axis=1), defined.sum(axis=1).astype(float))


def _favg(counts: Array, taxonomy: Taxonomy) -> Array:
    """Mean F1 of the first two stances, pooled over topics (SemEval-2016 task 6)."""
    if counts.shape[1] == 0:
        return np.full(len(counts), np.nan)
    pooled = counts.reshape(len(counts), -1, taxonomy.n_stances, 3).sum(axis=1)
    return _macro(f1_scores(pooled[:, :2].reshape(len(counts), -1)))


def _ece(bins: Array) -> Array:
    """Expected calibration error over equal-width bins (Guo et al. 2017)."""
    weight, confidence, accuracy = (bins[:, offset::3] for offset in range(3))
    return _ratio(np.abs(confidence - accuracy).sum(axis=1), weight.sum(axis=1))


def _aurc(judged: Judged, article_weights: Array) -> Array:
    """Area under the risk-coverage curve (Geifman et al. 2019), risk being 1 − exact match."""
    order = np.argsort(-judged.confidence, kind="stable")
    order = order[judged.countable[order]]
    areas = np.empty(len(article_weights))
    for row, by_article in enumerate(article_weights):
        weights = by_article[judged.article[order]]
        covered = np.cumsum(weights)
        risk = _ratio(np.cumsum(weights * judged.error[order]), covered)
        areas[row] = np.nansum(weights * risk) / covered[-1] if len(covered) and covered[-1] > 0 else np.nan
    return areas


def bootstrap_weights(n_articles: int, n_bootstrap: int = N_BOOTSTRAP, seed: int = BOOTSTRAP_SEED) -> Array:
    """How often each article is drawn in each replicate, (B, n_articles)."""
    generator = np.random.default_rng(seed)
    draws = generator.multinomial(n_articles, np.full(n_articles, 1.0 / n_articles), size=n_bootstrap)
    return draws.astype(np.float64)


def evaluate(judged: Judged, n_bootstrap: int = N_BOOTSTRAP) -> dict[str, Any]:
    """The evaluation as plain values: metrics, 95 % intervals, per pair and per topic.

    Metrics that the model or the data have nothing to say on are None. Pairs without gold are in
    `pairs_without_gold` and left out of the macro means.
    """
    point = metrics(judged, np.ones((1, judged.n_articles)))
    resampled = metrics(judged, bootstrap_weights(judged.n_articles, n_bootstrap))
    blocks = judged.statistics.split(judged.by_article().sum(axis=0, keepdims=True))
    taxonomy = judged.taxonomy
    pairs = _table([pair_name(*pair) for pair in taxonomy.pairs], blocks["pair"])
    return {
        "n_paragraphs": len(judged.article),
        "n_articles": judged.n_articles,
        **{name: _number(point[name][0]) for name in METRICS},
        "intervals": {name: interval(resampled[name]) for name in METRICS},
        "per_pair": pairs,
        "per_topic": _table(list(taxonomy.topic_names), blocks["topic"]),
        "pairs_without_gold": [name for name, row in pairs.items() if row["support"] == 0],
    }


def _table(names: list[str], counts: Array) -> dict[str, dict[str, float | int | None]]:
    table: dict[str, dict[str, float | int | None]] = {}
    for name, (tp, fp, fn) in zip(names, counts.reshape(-1, 3), strict=True):
        table[name] = {
            "precision": _number(tp / (tp + fp)) if tp + fp else None,
            "recall": _number(tp / (tp + fn)) if tp + fn else None,
            "f1": _number(2 * tp / (2 * tp + fp + fn)) if tp + fn else None,
            "support": int(tp + fn),
        }
    return table


def interval(values: Array) -> list[float] | None:
    """The 95 % percentile interval, None where the metric is undefined."""
    if np.isnan(values).all():
        return None
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return [float(low), float(high)]


def paired_differences(a: Judged, b: Judged, n_bootstrap: int = N_BOOTSTRAP) -> dict[str, dict[str, Any]]:
    """Metric differences A − B on the same paragraphs, with paired article-bootstrap intervals."""
    weights = bootstrap_weights(a.n_articles, n_bootstrap)
    ones = np.ones((1, a.n_articles))
    point_a, point_b = metrics(a, ones), metrics(b, ones)
    many_a, many_b = metrics(a, weights), metrics(b, weights)
    table: dict[str, dict[str, Any]] = {}
    for name in METRICS:
        difference = many_a[name] - many_b[name]
        table[name] = {
            "a": _number(point_a[name][0]),
            "b": _number(point_b[name][0]),
            "difference": _number((point_a[name] - point_b[name])[0]),
            "interval": interval(difference),
            "share_a_better": _share_better(-difference if name in LOWER_IS_BETTER else difference),
        }
    return table


def _share_better(gain: Array) -> float | None:
    """The share of replicates with a gain, ties counting half, undefined ones left out."""
    defined = gain[~np.isnan(gain)]
    return float(((defined > 0) + 0.5 * (defined == 0)).mean()) if len(defined) else None


def reliability(judged: Judged, block: str) -> Array:
    """Bins of a reliability diagram, (n_bins, 3): weight, mean confidence, accuracy (NaN if empty)."""
    sums = judged.statistics.split(judged.statistics.matrix().sum(axis=0, keepdims=True))[block]
    weight, confidence, accuracy = sums.reshape(N_BINS, 3).T
    return np.stack([weight, _ratio(confidence, weight), _ratio(accuracy, weight)], axis=1)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
