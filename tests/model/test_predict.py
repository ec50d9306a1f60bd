"""Texts to predictions, on a bundle that reads keywords."""

import json
from pathlib import Path

import numpy as np
import pytest

from communique.model.bundle import Bundle
from communique.model.classifier import Scores
from communique.model.predict import predict, predict_paragraphs
from communique.model.predictions import Span
from communique.model.texts import Paragraph

TEXTS = ["They praise the truce", "They reject the guard", "rain", "nothing", "", "truce guard"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("They praise the truce.", [("truce", "favor")]),
        ("They reject the truce.", [("truce", "against")]),
        ("A guard", [("guard", "neutral")]),
        ("Rain!", [("rain", None)]),
        ("A truce; a guard", [("truce", "neutral"), ("guard", "neutral")]),
        ("praise", []),
        ("", []),
    ],
)
def test_topics_present(bundle: Bundle, text: str, found: list[tuple[str, str | None]]) -> None:
    (prediction,) = predict(bundle, [text])
    assert [(topic.name, topic.stance) for topic in prediction.topics] == found


def test_absent_topics_are_filled_too(bundle: Bundle) -> None:
    (prediction,) = predict(bundle, ["praise the truce"])
    guard, rain = prediction["guard"], prediction["rain"]
    assert not guard.present
    assert guard.stance is None
    assert list(guard.stances) == ["favor", "against", "neutral"]
    assert sum(guard.stances.values()) == pytest.approx(1.0)
    assert guard.stances["favor"] > 0.5
    assert rain.stances == {}
    assert [topic.name for topic in prediction.all_topics] == ["truce", "guard", "rain"]


def test_an_unknown_topic(bundle: Bundle) -> None:
    with pytest.raises(KeyError, match="snow"):
        predict(bundle, ["x"])[0]["snow"]


def test_index_and_span_of_plain_texts(bundle: Bundle) -> None:
    found = predict(bundle, ["one 🕊", ""])
    assert [(p.index, p.text, p.start, p.end) for p in found] == [(1, "one 🕊", 0, 5), (2, "", 0, 0)]


def test_paragraphs_keep_their_place(bundle: Bundle) -> None:
    (found,) = predict_paragraphs(bundle, [Paragraph(7, "rain", 100, 104)], ["T"])
    assert (found.index, found.start, found.end, found.truncated, found.abstained) == (7, 100, 104, False, False)


def test_the_order_of_texts_does_not_matter(bundle: Bundle) -> None:
    forward, backward = predict(bundle, TEXTS), predict(bundle, TEXTS[::-1])[::-1]
    assert [p.all_topics for p in forward] == [p.all_topics for p in backward]
    assert [p.text for p in forward] == TEXTS
    assert predict(bundle, []) == []


def test_titles_are_read_only_where_trained_with(bundle: Bundle) -> None:
    titled = Bundle(bundle.manifest.model_copy(update={"title": True}), bundle.classifier, bundle.folder)
    assert predict(bundle, ["nothing"], ["truce"])[0].topics == ()
    assert [topic.name for topic in predict(titled, ["nothing"], ["truce"])[0].topics] == ["truce"]
    assert predict(titled, ["rain"])[0] == predict(bundle, ["rain"])[0]


def test_another_prior(bundle: Bundle) -> None:
    (here,), (there,) = predict(bundle, ["truce"]), predict(bundle, ["truce"], prior=np.full(3, 0.01))
    assert there["truce"].probability < here["truce"].probability
    assert there["truce"].stances == here["truce"].stances


def test_plain_values_for_json(bundle: Bundle) -> None:
    values = json.loads(json.dumps(predict(bundle, ["praise the truce"])[0].to_dict()))
    assert values["all_topics"][0]["stance"] == "favor"
    assert values["confidence"] == pytest.approx(predict(bundle, ["praise the truce"])[0].confidence)


class Spans:
    """A family that names a holder and evidence for every topic, and reads the first words alone."""

    def scores(self, texts: list[str]) -> Scores:
        n = len(texts)
        holders = ((Span("Ann", 0, 3), Span("Bob", 4, 7), None),) * n
        evidence = ((Span("Ann Bob.", 0, 8), Span("Bob.", 4, 8), Span("Ann", 0, 3)),) * n
        logits = np.array([[4.0, -4.0, 4.0]] * n, dtype=np.float32)
        stance = np.full((n, 3, 3), 1 / 3, dtype=np.float32)
        return Scores(logits, stance, np.ones(n, dtype=np.bool_), holders, evidence)


def test_holder_and_evidence_of_present_topics(bundle: Bundle) -> None:
    (found,) = predict(Bundle(bundle.manifest, Spans(), Path()), ["Ann Bob."])
    assert [(topic.holder, topic.evidence) for topic in found.all_topics] == [
        (Span("Ann", 0, 3), "Ann Bob."),
        (None, None),
        (None, None),  # it has no stances
    ]
    assert found.truncated
