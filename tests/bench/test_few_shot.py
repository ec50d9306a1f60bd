from collections.abc import Callable

import numpy as np
import pytest
from few_shot import draw, evaluate_found, heads

from communique.model.corpus import Corpus
from communique.model.gold import gold_arrays
from communique.model.taxonomy import Taxonomy, Topic

ONE = Taxonomy(stances=("favor", "against"), topics=(Topic(name="truce", definition="Fighting that stops."),))


@pytest.fixture
def pool(make_corpus: Callable[..., Corpus]) -> Corpus:
    """Ten paragraphs for, two against, thirty off the topic."""
    on = [{"labels": [{"topic": "truce", "stance": stance}]} for stance in ["favor"] * 10 + ["against"] * 2]
    return make_corpus([*on, *[{"labels": []}] * 30], ONE)


def test_half_is_on_the_topic_and_stances_take_turns(pool: Corpus) -> None:
    gold = gold_arrays(draw(pool, 8, 0))
    assert gold.topic[:, 0].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    assert gold.stance[:4, 0].tolist() == [0, 1, 0, 1]
    assert len(draw(pool, 0, 0)) == 0


def test_draws_differ_by_number_alone(pool: Corpus) -> None:
    assert draw(pool, 8, 1).texts == draw(pool, 8, 1).texts
    assert draw(pool, 8, 1).texts != draw(pool, 8, 2).texts


def test_a_perfect_and_a_reversed_ranking(pool: Corpus) -> None:
    gold = gold_arrays(pool)
    logits = np.where(gold.topic[:, 0] == 1, 1.0, -1.0)
    stance = np.eye(2)[np.maximum(gold.stance[:, 0], 0)]
    assert evaluate_found(logits, stance, pool) == (1.0, 1.0, 1.0)
    found = evaluate_found(-logits, stance[:, ::-1], pool)
    assert found.average_precision < 0.35
    assert (found.f1, found.stance) == (0.0, 0.0)


def test_simple_heads_learn_a_direction(pool: Corpus) -> None:
    gold = gold_arrays(pool)
    features = np.stack([gold.topic[:, 0], gold.stance[:, 0]], axis=1).astype(float)
    assert evaluate_found(*heads(features, features, pool), pool) == (1.0, 1.0, 1.0)
