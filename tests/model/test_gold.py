"""Gold arrays: present, absent and not judged are three different things."""

from collections.abc import Callable
from typing import Any

import pytest

from communique.model.corpus import Corpus
from communique.model.gold import gold_arrays


@pytest.mark.parametrize(
    ("line", "topic", "stance"),
    [
        ({"labels": []}, [0, 0, 0], [-1, -1, -1]),
        ({"labels": None}, [-1, -1, -1], [-1, -1, -1]),
        ({"labels": None, "labelled": ["truce"]}, [-1, -1, -1], [-1, -1, -1]),
        ({"labels": [], "labelled": ["guard"]}, [-1, 0, -1], [-1, -1, -1]),
        ({"labels": [], "labelled": []}, [-1, -1, -1], [-1, -1, -1]),
        ({"labels": [{"topic": "guard", "stance": "against"}]}, [0, 1, 0], [-1, 1, -1]),
        ({"labels": [{"topic": "guard"}]}, [0, 1, 0], [-1, -1, -1]),
        ({"labels": [{"topic": "rain"}, {"topic": "truce", "stance": "neutral"}]}, [1, 0, 1], [2, -1, -1]),
        ({"labels": [{"topic": "guard", "stance": "favor"}], "labelled": ["guard"]}, [-1, 1, -1], [-1, 0, -1]),
    ],
)
def test_topics_and_stances(make_corpus: Callable[..., Corpus], line: dict[str, Any], topic: Any, stance: Any) -> None:
    gold = gold_arrays(make_corpus([line]))
    assert gold.topic.tolist() == [topic]
    assert gold.stance.tolist() == [stance]
    assert gold.judged.tolist() == [[value != -1 for value in topic]]
    assert gold.present.tolist() == [[value == 1 for value in topic]]


def test_holders(make_corpus: Callable[..., Corpus]) -> None:
    labels = [{"topic": "truce", "holder": "Text"}, {"topic": "guard", "holder": None}, {"topic": "rain"}]
    gold = gold_arrays(make_corpus([{"labels": labels}, {"labels": None}]))
    assert gold.holder == (((True, "Text"), (True, None), (False, None)), ((False, None),) * 3)


def test_label_order_does_not_matter(make_corpus: Callable[..., Corpus]) -> None:
    labels = [{"topic": "truce", "stance": "favor"}, {"topic": "rain"}]
    first, second = (gold_arrays(make_corpus([{"labels": order}])) for order in (labels, labels[::-1]))
    assert (first.topic == second.topic).all()
    assert (first.stance == second.stance).all()


def test_rows_follow_the_corpus(make_corpus: Callable[..., Corpus]) -> None:
    corpus = make_corpus([{"labels": [{"topic": "truce"}]}, {"labels": []}, {"labels": None}])
    assert gold_arrays(corpus.only([2, 0])).topic[:, 0].tolist() == [-1, 1]
    assert len(gold_arrays(corpus)) == 3
