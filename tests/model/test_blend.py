import numpy as np
import pytest

from communique.model.blend import BlendedClassifier, blend
from communique.model.bundle import Bundle
from communique.model.classifier import Scores


def scores(logit: float, favor: float) -> Scores:
    stance = np.array([[[favor, 1 - favor]]], dtype=np.float32)
    return Scores(np.array([[logit]], dtype=np.float32), stance, np.array([True]))


@pytest.mark.parametrize(("weight", "logit"), [(0.0, 2.0), (0.25, 1.0), (0.5, 0.0), (1.0, -2.0)])
def test_topic_logits_are_averaged(weight: float, logit: float) -> None:
    assert blend(scores(2.0, 0.5), scores(-2.0, 0.5), weight).topic_logits[0, 0] == pytest.approx(logit)


def test_stances_are_averaged_geometrically_and_sum_to_one() -> None:
    stance = blend(scores(0.0, 0.9), scores(0.0, 0.1), 0.5).stance[0, 0]
    assert stance == pytest.approx([0.5, 0.5])
    assert blend(scores(0.0, 0.9), scores(0.0, 0.6), 0.5).stance.sum() == pytest.approx(1.0)


def test_a_model_blended_with_itself_is_itself(bundle: Bundle) -> None:
    texts = ["The truce.", "They reject the guard.", ""]
    alone = bundle.classifier.scores(texts)
    both = BlendedClassifier(bundle.classifier, bundle.classifier, 0.3).scores(texts)
    np.testing.assert_allclose(both.topic_logits, alone.topic_logits, rtol=1e-5)
    np.testing.assert_allclose(both.stance, alone.stance, atol=1e-6)
