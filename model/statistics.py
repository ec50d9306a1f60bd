"""Sufficient statistics of an evaluation: additive columns, so that any resampling is a product.

Each metric but the area under the risk-coverage curve is a function of sums over paragraphs.
Summed per article once, a bootstrap by article is weights (B, n_articles) @ sums (n_articles, K).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from communique.model.calibration import Decisions
from communique.model.gold import Gold
from communique.model.taxonomy import Taxonomy

Array = npt.NDArray[np.float64]
N_BINS = 15


@dataclass(frozen=True, slots=True)
class Statistics:
    """Named blocks of columns, each (n, width), for n paragraphs."""

    blocks: dict[str, Array]

    def matrix(self) -> Array:
        return np.concatenate(list(self.blocks.values()), axis=1)

    def split(self, sums: Array) -> dict[str, Array]:
        """Cut sums (B, K) of the matrix's columns back into the named blocks."""
        ends = np.cumsum([block.shape[1] for block in self.blocks.values()])[:-1]
        return dict(zip(self.blocks, np.split(sums, ends, axis=1), strict=True))


def paragraph_statistics(
    gold: Gold,
    decisions: Decisions,
    taxonomy: Taxonomy,
    weights: Array,
    holders: list[list[str | None]] | None,
) -> Statistics:
    """The statistics of each paragraph. `weights` (n,) carry the paragraphs to the stated prior and
    count only in the calibration columns; `holders` are the predicted spans or None."""
    blocks = _count_blocks(gold, decisions, taxonomy)
    error, countable = exact_match_error(gold, decisions, taxonomy)
    kept = countable & ~decisions.abstained
    blocks["exact"] = np.stack([(~error & countable), countable, ~error & kept, kept], axis=1).astype(float)
    blocks |= _calibration_blocks(gold, decisions, weights)
    if holders is not None:
        blocks["holder"] = holder_columns(gold, holders)
    return Statistics(blocks)


def exact_match_error(
    gold: Gold, decisions: Decisions, taxonomy: Taxonomy
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Whether the label set is wrong, and whether it was judged in full, both (n,)."""
    needs_stance = gold.present & np.array(taxonomy.has_stance)
    countable = (gold.judged & ~(needs_stance & (gold.stance < 0))).all(axis=1)
    wrong_stance = needs_stance & (decisions.stance_index != gold.stance)
    error = ((decisions.present != gold.present) | wrong_stance).any(axis=1)
    return error, countable


def _count_blocks(gold: Gold, decisions: Decisions, taxonomy: Taxonomy) -> dict[str, Array]:
    """True positives, false positives and false negatives: per pair, per topic, and per pair among
    the paragraphs whose gold topic is given ("stance")."""
    pair, stance = [], []
    for topic in range(taxonomy.n_topics):
        judged, present = gold.judged[:, topic], gold.present[:, topic]
        predicted = decisions.present[:, topic] & judged
        if not taxonomy.has_stance[topic]:
            pair.append(_counts(predicted, present))
            continue
        known = judged & (~present | (gold.stance[:, topic] >= 0))
        for index in range(taxonomy.n_stances):
            says = decisions.stance_index[:, topic] == index
            truth = gold.stance[:, topic] == index
            pair.append(_counts(predicted & says & known, truth))
            stance.append(_counts(says & present & known, truth))
    topics = [
        _counts(decisions.present[:, topic] & gold.judged[:, topic], gold.present[:, topic])
        for topic in range(taxonomy.n_topics)
    ]
    empty = [np.zeros((len(gold), 0))]
    return {
        name: np.concatenate(parts or empty, axis=1)
        for name, parts in (("pair", pair), ("topic", topics), ("stance", stance))
    }


def _counts(predicted: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> Array:
    return np.stack([predicted & truth, predicted & ~truth, ~predicted & truth], axis=1).astype(float)


def _calibration_blocks(gold: Gold, decisions: Decisions, weights: Array) -> dict[str, Array]:
    """Per confidence bin: weight, weighted confidence, weighted accuracy."""
    ones = np.ones(len(gold))
    topic_terms = [
        (decisions.probability[:, t], gold.present[:, t], gold.judged[:, t]) for t in range(gold.topic.shape[1])
    ]
    stance_terms = []
    if decisions.stance.shape[2]:
        top = decisions.stance.max(axis=2)
        stance_terms = [
            (top[:, t], decisions.stance_index[:, t] == gold.stance[:, t], gold.stance[:, t] >= 0)
            for t in range(gold.topic.shape[1])
        ]
    return {
        "ece_topic": _bins(topic_terms, weights),
        "ece_topic_unweighted": _bins(topic_terms, ones),
        "ece_stance": _bins(stance_terms, ones),
    }


def _bins(terms: list[tuple[Array, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]], weights: Array) -> Array:
    columns = np.zeros((len(weights), N_BINS * 3))
    rows = np.arange(len(weights))
    for confidence, correct, counted in terms:
        bin_start = 3 * np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
        for offset, value in enumerate((np.ones(len(weights)), confidence, correct.astype(float))):
            columns[rows, bin_start + offset] += value * weights * counted
    return columns


def holder_columns(gold: Gold, holders: list[list[str | None]]) -> Array:
    """Exact matches, token F1 and count over gold topics with a judged holder, (n, 3).

    No holder against no holder counts as a match, as in SQuAD 2.0 (Rajpurkar et al. 2018).
    """
    columns = np.zeros((len(gold), 3))
    for row, (spans, predicted) in enumerate(zip(gold.holder, holders, strict=True)):
        for (judged, truth), guess in zip(spans, predicted, strict=True):
            if judged:
                columns[row] += (truth == guess, token_f1(truth, guess), 1.0)
    return columns


def token_f1(truth: str | None, guess: str | None) -> float:
    """F1 of the bags of lower-case words of two spans; 1 where both are None."""
    if truth is None or guess is None:
        return float(truth == guess)
    left, right = truth.lower().split(), guess.lower().split()
    shared = sum(min(left.count(word), right.count(word)) for word in set(left))
    return 2.0 * shared / (len(left) + len(right)) if left or right else 1.0
