import numpy as np
import torch

from communique.model.gold import Gold
from communique.model.taxonomy import Taxonomy, Topic
from communique.train.encoder_loss import balanced_weights, class_loss, holder_loss, stance_loss, topic_loss

LOGITS = torch.tensor([[2.0, -1.0]])
STANCES = torch.tensor([[[1.0, 0.0, -1.0], [0.5, 0.5, 0.0]]])
NAN = float("nan")
TWO = Taxonomy(
    stances=("favor", "against", "neutral"),
    topics=(Topic(name="rail", definition="A railway."), Topic(name="dam", definition="A dam.")),
)


def test_a_teacher_that_says_what_the_labels_say_changes_nothing() -> None:
    labels, taught = torch.tensor([[1, 0]]), torch.tensor([[1.0, 0.0]])
    torch.testing.assert_close(topic_loss(LOGITS, labels, taught, 0.5, 0.0), topic_loss(LOGITS, labels, None, 0.0, 0.0))
    stance, soft = torch.tensor([[0, -1]]), torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])
    torch.testing.assert_close(
        stance_loss(STANCES, stance, taught, soft, 0.5, 0.0), stance_loss(STANCES, stance, None, None, 0.0, 0.0)
    )


def test_losses_are_linear_in_the_teachers_share() -> None:
    labels, taught = torch.tensor([[1, 0]]), torch.tensor([[0.3, 0.6]])
    none, half, full = (topic_loss(LOGITS, labels, taught, share, 0.0) for share in (0.0, 0.5, 1.0))
    torch.testing.assert_close(half, (none + full) / 2)


def test_a_paragraph_without_a_teacher_learns_from_its_labels() -> None:
    labels, taught = torch.tensor([[1, 0]]), torch.tensor([[NAN, NAN]])
    torch.testing.assert_close(topic_loss(LOGITS, labels, taught, 0.7, 0.1), topic_loss(LOGITS, labels, None, 0.0, 0.1))
    stance = torch.tensor([[0, -1]])
    torch.testing.assert_close(
        stance_loss(STANCES, stance, taught, torch.full((1, 2, 3), NAN), 0.7, 0.1),
        stance_loss(STANCES, stance, None, None, 0.0, 0.1),
    )


def test_a_topic_that_was_not_judged_is_taught_by_the_teacher_alone() -> None:
    labels = torch.tensor([[-1, -1]])
    assert topic_loss(LOGITS, labels, None, 0.0, 0.0) == 0.0
    low, high = (topic_loss(LOGITS, labels, torch.tensor([[p, 0.3]]), 0.5, 0.0) for p in (0.9, 0.1))
    assert 0.0 < low < high


def test_near_misses_teach_stances_as_much_as_the_teacher_believes_in_them() -> None:
    nothing = torch.tensor([[-1, -1]])
    soft = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])
    believed = stance_loss(STANCES, nothing, torch.tensor([[0.8, 0.0]]), soft, 0.5, 0.0)
    ignored = stance_loss(STANCES, nothing, torch.tensor([[0.0, 0.0]]), soft, 0.5, 0.0)
    assert ignored == 0.0 < believed


def test_no_holder_judged_costs_nothing() -> None:
    assert holder_loss(torch.zeros(1, 2, 4, 2), torch.full((1, 2, 2), -1)) == 0.0


def test_topics_that_exclude_each_other_share_one_distribution() -> None:
    labels = torch.tensor([[1, 0]])
    expected = torch.nn.functional.cross_entropy(LOGITS, torch.tensor([0]))
    torch.testing.assert_close(class_loss(LOGITS, labels, None, 0.0, 0.0), expected)
    own = LOGITS.sigmoid()  # a teacher with these very logits
    torch.testing.assert_close(
        class_loss(LOGITS, labels, own, 1.0, 0.0), -(LOGITS.softmax(-1) * LOGITS.log_softmax(-1)).sum()
    )
    half = class_loss(LOGITS, labels, own, 0.5, 0.0)
    torch.testing.assert_close(half, (expected + class_loss(LOGITS, labels, own, 1.0, 0.0)) / 2)
    assert class_loss(LOGITS, torch.tensor([[-1, -1]]), None, 0.0, 0.0) == 0.0


def test_the_rarer_class_counts_as_much_as_the_more_frequent_one() -> None:
    topic = np.array([[1, 0], [0, 0], [0, 0], [0, 1]], dtype=np.int8)
    stance = np.array([[0, -1], [-1, -1], [0, -1], [-1, 1]], dtype=np.int8)
    gold = Gold(topic, stance, ())
    topics, stances = balanced_weights(gold, TWO)
    assert topics == [3.0, 3.0]
    np.testing.assert_allclose(stances, [0.5, 1.0, 1.0])  # nobody is neutral
    np.testing.assert_allclose(balanced_weights(gold, TWO.model_copy(update={"exclusive": True}))[0], [2.0, 2.0])
    labels = torch.tensor([[1, 0]])
    plain, positive = topic_loss(LOGITS, labels, None, 0, 0), torch.nn.functional.softplus(-LOGITS[0, 0])
    weighted = topic_loss(LOGITS, labels, None, 0, 0, torch.tensor(topics))
    torch.testing.assert_close(weighted - plain, 2 * positive)
    by_stance = torch.tensor([[0, 1]]), None, None, 0.0, 0.0
    rare = stance_loss(STANCES, *by_stance, torch.tensor([0.0, 1.0, 1.0]))
    torch.testing.assert_close(rare, -STANCES[0, 1].log_softmax(-1)[1])


def test_a_taxonomy_without_stances_has_no_weights_of_them() -> None:
    gold = Gold(np.array([[1], [0]], dtype=np.int8), np.full((2, 1), -1, dtype=np.int8), ())
    bare = Taxonomy(stances=(), topics=(Topic(name="rail", definition="A railway.", stance=False),))
    assert balanced_weights(gold, bare) == ([1.0], [])
