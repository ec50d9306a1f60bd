import torch

from communique.train.length_groups import LengthGroups

LENGTHS = [5, 9, 3, 7, 8, 2, 6, 4, 1, 10, 12, 11] * 4


def test_processes_draw_the_same_order_whatever_they_drew_before() -> None:
    one, two = LengthGroups(4, LENGTHS, seed=0), LengthGroups(4, LENGTHS, seed=0)
    for sampler, drawn in ((one, 3), (two, 50)):
        list(sampler)
        torch.rand(drawn)  # as dropout does, by as much as a process' batches are wide
        sampler.set_epoch(1)
    first, second = list(one), list(two)
    assert first == second
    assert sorted(first) == list(range(len(LENGTHS)))


def test_epochs_and_seeds_differ_and_an_epoch_comes_again() -> None:
    sampler = LengthGroups(4, LENGTHS, seed=0)
    first = list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first
    sampler.set_epoch(0)
    assert list(sampler) == first
    assert list(LengthGroups(4, LENGTHS, seed=1)) != first


def test_a_batch_has_texts_of_like_length() -> None:
    order = list(LengthGroups(4, LENGTHS, seed=0))
    widths = [[LENGTHS[row] for row in order[start : start + 4]] for start in range(0, len(order), 4)]
    assert sum(max(batch) - min(batch) for batch in widths) / len(widths) < 6
