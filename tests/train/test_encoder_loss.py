import torch

from communique.train.encoder_loss import holder_loss, stance_loss, topic_loss

LOGITS = torch.tensor([[2.0, -1.0]])
STANCES = torch.tensor([[[1.0, 0.0, -1.0], [0.5, 0.5, 0.0]]])
NAN = float("nan")


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
