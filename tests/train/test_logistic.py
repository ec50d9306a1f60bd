"""Logistic heads: what can be learned, what is refused, what was never seen."""

import numpy as np
import pytest

from communique.model.errors import DataError
from communique.model.gold import Gold
from communique.model.taxonomy import Taxonomy, Topic
from communique.train.config_families import HeadConfig
from communique.train.logistic import Heads, fit_heads

DAM_RAIL = (Topic(name="rail", definition="r"), Topic(name="dam", definition="d"))
STANCED = Taxonomy(stances=("favor", "against", "neutral"), topics=DAM_RAIL)
PLAIN = tuple(Topic(name=name, definition="x", stance=False) for name in ("rail", "dam", "other"))
EXCLUSIVE = Taxonomy(exclusive=True, topics=PLAIN)
CONFIG = HeadConfig(regularisation=(10.0,))

# Columns: rail, dam, praise, blame. Rows come as four paragraphs, thrice.
FEATURES = np.tile(np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 0, 1], [0, 0, 0, 0]], dtype=float), (3, 1))
TOPIC = np.tile([[1, 0], [0, 1], [1, 0], [0, 0]], (3, 1))
STANCE = np.tile([[0, -1], [-1, 1], [1, -1], [-1, -1]], (3, 1))


def gold_of(topic: object, stance: object = None) -> Gold:
    topics = np.array(topic, dtype=np.int8)
    stances = np.full_like(topics, -1) if stance is None else np.array(stance, dtype=np.int8)
    return Gold(topics, stances, ())


def fit(gold: Gold, taxonomy: Taxonomy = STANCED, config: HeadConfig = CONFIG, rows: slice = slice(None)) -> Heads:
    return fit_heads(FEATURES[rows], gold, FEATURES[rows], gold, taxonomy, config)


def test_topics_and_stances_are_learned() -> None:
    heads = fit(gold_of(TOPIC, STANCE))
    logits = FEATURES @ heads.weights + heads.bias
    stances = logits[:, 2:].reshape(-1, 2, 3).argmax(axis=2)
    np.testing.assert_array_equal(logits[:, :2] > 0, TOPIC == 1)
    np.testing.assert_array_equal(stances[STANCE >= 0], STANCE[STANCE >= 0])
    assert heads.chosen["topic_quality"] == 1.0


def test_stance_is_shared_between_topics() -> None:
    """Praise of the dam was never seen, praise of the railway was."""
    heads = fit(gold_of(TOPIC, STANCE))
    logits = np.array([0.0, 1.0, 1.0, 0.0]) @ heads.weights + heads.bias
    assert logits[5] > logits[7]
    assert logits[5] - logits[6] > np.array([0.0, 1.0, 0.0, 1.0]) @ (heads.weights[:, 5] - heads.weights[:, 6])


@pytest.mark.parametrize(("value", "counts"), [(0, "0 positive and 12 negative"), (1, "12 positive and 0 negative")])
def test_topic_with_one_class_is_refused(value: int, counts: str) -> None:
    topic = TOPIC.copy()
    topic[:, 1] = value
    with pytest.raises(DataError, match=f"topic 'dam' has {counts} training paragraphs"):
        fit(gold_of(topic))


def test_topic_nobody_judged_is_refused() -> None:
    topic = TOPIC.copy()
    topic[:, 0] = -1
    with pytest.raises(DataError, match="topic 'rail' has 0 positive and 0 negative"):
        fit(gold_of(topic))


def test_stance_never_seen_is_never_predicted() -> None:
    heads = fit(gold_of(TOPIC, STANCE))
    stances = (np.eye(4) @ heads.weights + heads.bias)[:, 2:].reshape(-1, 2, 3)
    assert (stances[:, :, 2] < stances[:, :, :2].min(axis=2) - 5).all()


def test_only_stance_seen_is_always_predicted() -> None:
    heads = fit(gold_of(TOPIC, np.where(STANCE >= 0, 1, -1)))
    stances = (np.eye(4) @ heads.weights + heads.bias)[:, 2:].reshape(-1, 2, 3)
    assert (stances.argmax(axis=2) == 1).all()


def test_no_stance_judged_leaves_stances_even() -> None:
    heads = fit(gold_of(TOPIC))
    assert not heads.weights[:, 2:].any()
    assert len(set(heads.bias[2:])) == 1


def test_unjudged_paragraphs_are_not_negatives() -> None:
    unjudged = TOPIC.copy()
    unjudged[:4, 1] = -1
    heads, without = fit(gold_of(unjudged)), fit(gold_of(TOPIC[4:]), rows=slice(4, None))
    np.testing.assert_allclose(heads.weights[:, 1], without.weights[:, 1], atol=1e-4)


def test_exclusive_topics_compete() -> None:
    topic = np.tile(np.eye(3, dtype=int)[[0, 1, 0, 2]], (3, 1))
    heads = fit(gold_of(topic), EXCLUSIVE)
    assert heads.weights.shape == (4, 3)
    np.testing.assert_array_equal((FEATURES @ heads.weights + heads.bias).argmax(axis=1), topic.argmax(axis=1))
    np.testing.assert_allclose(heads.weights.sum(axis=1), 0.0, atol=1e-5)


def test_exclusive_topic_without_positives_is_refused() -> None:
    topic = np.tile(np.eye(3, dtype=int)[[0, 1, 0, 1]], (3, 1))
    with pytest.raises(DataError, match="topic 'other' has 0 positive"):
        fit(gold_of(topic), EXCLUSIVE)


@pytest.mark.parametrize("values", [(1e-6, 1.0), (1.0, 1e-6)])
def test_best_regularisation_on_validation_is_kept(values: tuple[float, ...]) -> None:
    features = np.random.default_rng(0).normal(size=(200, 30))
    truth = (features @ np.linspace(0, 1, 30) > 0).astype(int)
    train, validation = (gold_of(np.stack([part, 1 - part], axis=1)) for part in (truth[:100], truth[100:]))

    def chosen(*c: float) -> dict[str, float]:
        config = HeadConfig(regularisation=c)
        return fit_heads(features[:100], train, features[100:], validation, STANCED, config).chosen

    low, high = chosen(1e-6), chosen(1.0)
    assert low["topic_quality"] != high["topic_quality"]
    assert chosen(*values) == max(low, high, key=lambda item: item["topic_quality"]) | {"stance_c": values[0]}


def test_class_weights_raise_the_rare_class() -> None:
    topic = np.zeros((12, 2), dtype=int)
    topic[[0, 1], [0, 1]] = 1
    balanced, plain = (
        fit(gold_of(topic), config=HeadConfig(class_weight=weight, regularisation=(1.0,)))
        for weight in ("balanced", "none")
    )
    assert (balanced.bias[:2] > plain.bias[:2]).all()
