"""The order of training: batches of similar length, drawn from seed and epoch alone."""

from collections.abc import Sequence

import torch
from transformers.trainer_pt_utils import LengthGroupedSampler


class LengthGroups(LengthGroupedSampler):
    """The Trainer's length-grouped order with a generator of its own. From the global one the processes of a
    `torchrun` would draw different orders after an epoch of dropout, and shards of those miss paragraphs."""

    def __init__(self, batch_size: int, lengths: Sequence[int], seed: int) -> None:
        super().__init__(batch_size, lengths=list(lengths), generator=torch.Generator())
        self._seed = seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Called before each epoch, also by the one that resumes."""
        self.generator.manual_seed(self._seed * 10_007 + epoch)
