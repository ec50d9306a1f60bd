"""Paragraphs as the encoder's training inputs: tokens with topic, stance and holder labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from communique.model.corpus import Corpus
from communique.model.gold import gold_arrays
from communique.train.soft_labels import SoftLabels

NOT_JUDGED = -1
NO_HOLDER = 0


class ParagraphDataset(Dataset[dict[str, Any]]):
    """Tokenised paragraphs of a corpus. `texts` are the inputs; with titles in front of them the
    holders, whose positions count in the paragraph, are shifted accordingly. `soft` are a
    teacher's probabilities of the same paragraphs."""

    def __init__(
        self, corpus: Corpus, texts: Sequence[str], tokenizer: Any, max_length: int, soft: SoftLabels | None = None
    ) -> None:
        encoded = tokenizer(list(texts), truncation=True, max_length=max_length, return_offsets_mapping=True)
        gold = gold_arrays(corpus)
        read = (max(end for _, end in offsets) for offsets in encoded["offset_mapping"])
        self.truncated = sum(end < len(text.rstrip()) for end, text in zip(read, texts, strict=True))
        names = corpus.taxonomy.topic_names
        self._items: list[dict[str, Any]] = []
        for row, example in enumerate(corpus.examples):
            shift = len(texts[row]) - len(example.text)
            holders = np.full((len(names), 2), NOT_JUDGED)
            for label in example.labels or ():
                if label.holder_judged:
                    holders[names.index(label.topic)] = holder_tokens(
                        encoded["offset_mapping"][row], label.holder, label.holder_start, shift
                    )
            self._items.append(
                {
                    "input_ids": encoded["input_ids"][row],
                    "topic_labels": gold.topic[row].astype(np.int64),
                    "stance_labels": gold.stance[row].astype(np.int64),
                    "holder_labels": holders,
                    "length": len(encoded["input_ids"][row]),
                }
            )
            if soft is not None:
                self._items[-1] |= {"soft_topic": soft.topic[row], "soft_stance": soft.stance[row]}

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self._items[index]


def holder_tokens(
    offsets: Sequence[tuple[int, int]], holder: str | None, start: int | None, shift: int
) -> tuple[int, int]:
    """First and last token of a holder; (0, 0) for none, (-1, -1) where it was cut off."""
    if holder is None or start is None:
        return NO_HOLDER, NO_HOLDER
    begin, end = start + shift, start + shift + len(holder)
    inside = [i for i, (a, b) in enumerate(offsets) if b > a and a < end and b > begin]
    whole = inside and offsets[inside[-1]][1] >= end
    return (inside[0], inside[-1]) if whole else (NOT_JUDGED, NOT_JUDGED)


class Collator:
    """Pads a batch to its longest text."""

    def __init__(self, pad_id: int) -> None:
        self._pad_id = pad_id

    def __call__(self, items: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        width = max(len(item["input_ids"]) for item in items)
        ids = torch.full((len(items), width), self._pad_id)
        mask = torch.zeros((len(items), width), dtype=torch.long)
        for row, item in enumerate(items):
            length = len(item["input_ids"])
            ids[row, :length] = torch.tensor(item["input_ids"])
            mask[row, :length] = 1
        labels: dict[str, torch.Tensor] = {
            name: torch.from_numpy(np.stack([item[name] for item in items]))
            for name in ("topic_labels", "stance_labels", "holder_labels", "soft_topic", "soft_stance")
            if name in items[0]
        }
        return {"input_ids": ids, "attention_mask": mask, **labels}
