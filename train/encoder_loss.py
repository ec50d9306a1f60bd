"""The encoder's loss: labels, softened and mixed with a teacher's probabilities where there are any.

Cross-entropy is linear in its target, so learning from labels and from a teacher at once is one
cross-entropy against the mixture of both.
"""

import numpy as np
import torch
from torch import distributed
from torch.nn import functional

from communique.model.gold import Gold
from communique.model.taxonomy import Taxonomy

LARGEST_WEIGHT = 10.0


def topic_loss(
    logits: torch.Tensor,
    labels: torch.Tensor,
    soft: torch.Tensor | None,
    share: float,
    smoothing: float,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Binary cross-entropy summed over the topics, averaged over the batch.

    Args:
        logits: (b, t).
        labels: (b, t) in {1, 0, -1 not judged}.
        soft: the teacher's probabilities (b, t), NaN where there are none.
        share: weight of the teacher, 1 - share of the labels.
        smoothing: how far labels are moved from 0 and 1.
        weights: of the positives of each topic (t,), beside 1 for its negatives.
    """
    judged = (labels >= 0).to(torch.float32)
    target = labels.clamp(min=0).to(torch.float32) * (1 - smoothing) + smoothing / 2
    weight = judged
    if soft is not None:
        taught = share * (~soft.isnan()).to(torch.float32)
        weight = (1 - taught) * judged + taught
        mixed = (1 - taught) * judged * target + taught * soft.nan_to_num()
        target = mixed / weight.clamp(min=1e-6)
    each = functional.binary_cross_entropy_with_logits(logits.float(), target, reduction="none", pos_weight=weights)
    return (each * weight).sum() / max(1, len(logits))


def class_loss(
    logits: torch.Tensor,
    labels: torch.Tensor,
    soft: torch.Tensor | None,
    share: float,
    smoothing: float,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Cross-entropy over topics that exclude each other, averaged over the batch; arguments as `topic_loss`,
    `weights` of each class."""
    n_topics = logits.shape[-1]
    judged = (labels >= 0).all(dim=-1, keepdim=True).to(torch.float32)
    target = ((labels == 1).to(torch.float32) * (1 - smoothing) + smoothing / n_topics) * judged
    if soft is not None:
        known = (~soft.isnan()).all(dim=-1, keepdim=True).to(torch.float32)
        odds = (soft / (1 - soft).clamp(min=1e-6)).nan_to_num()  # of softmax logits, which a teacher's are
        taught = odds / odds.sum(dim=-1, keepdim=True).clamp(min=1e-6)
        target = target * (1 - share * known) + share * known * taught
    if weights is not None:
        target = target * weights
    return -(target * logits.float().log_softmax(dim=-1)).sum() / max(1, len(logits))


def stance_loss(
    logits: torch.Tensor,
    labels: torch.Tensor,
    soft_topic: torch.Tensor | None,
    soft_stance: torch.Tensor | None,
    share: float,
    smoothing: float,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Cross-entropy over the stances, averaged over the (paragraph, topic) pairs that have one.

    A teacher's stances count as much as it believes the topic to be there, so that near misses teach too.

    Args:
        logits: (b, t, s).
        labels: (b, t), -1 for none or not judged.
        soft_topic: the teacher's topic probabilities (b, t), NaN where there are none.
        soft_stance: its stance distributions (b, t, s), likewise.
        share: weight of the teacher, 1 - share of the labels.
        smoothing: share of each label spread over all stances.
        weights: of each stance (s,).
    """
    has_stance = (labels >= 0).to(torch.float32)
    hard = functional.one_hot(labels.clamp(min=0), logits.shape[-1]).to(torch.float32)
    target = (hard * (1 - smoothing) + smoothing / logits.shape[-1]) * has_stance.unsqueeze(-1)
    if soft_topic is not None and soft_stance is not None:
        known = (~soft_topic.isnan()).to(torch.float32)
        taught = (share * known * soft_topic.nan_to_num()).unsqueeze(-1)
        target = target * (1 - share * known).unsqueeze(-1) + taught * soft_stance.nan_to_num()
    if weights is not None:
        target = target * weights
    each = -(target * logits.float().log_softmax(dim=-1)).sum()
    return each / mean_count(target.sum()).clamp(min=1.0)


def holder_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the first and the last token of the holder.

    Args:
        logits: (b, t, l, 2), position 0 standing for no holder.
        labels: (b, t, 2) token positions, -1 for not judged.
    """
    positions = logits.float().permute(0, 1, 3, 2).flatten(0, 2)
    each = functional.cross_entropy(positions, labels.flatten(), ignore_index=-1, reduction="sum")
    return each / mean_count((labels >= 0).sum()).clamp(min=1.0)


def mean_count(count: torch.Tensor) -> torch.Tensor:
    """What a process of a `torchrun` has on average of something counted in its share of a batch.

    The processes' gradients are averaged, so a loss divided by this has the gradient that one process with the whole
    batch would have; divided by its own count, a share with few stances would pull as hard as one with many.
    """
    count = count.to(torch.float32)
    if torch.is_grad_enabled() and distributed.is_available() and distributed.is_initialized():
        count = count.detach().clone()
        distributed.all_reduce(count)
        count = count / distributed.get_world_size()
    return count


def balanced_weights(gold: Gold, taxonomy: Taxonomy) -> tuple[list[float], list[float]]:
    """Weights of the topics (t,) and of the stances (s,) under which the rarer class of a training split counts as much
    as the more frequent one, up to LARGEST_WEIGHT; the topics' are of their positives, or of classes that exclude
    each other."""
    on = (gold.topic == 1).sum(axis=0)
    shared = len(gold) / len(on) if taxonomy.exclusive else (gold.topic == 0).sum(axis=0)
    said = np.bincount(gold.stance[gold.stance >= 0], minlength=taxonomy.n_stances)
    topic, stance = shared / np.maximum(on, 1), said.sum() / (max(1, len(said)) * np.maximum(said, 1))
    return tuple(np.clip(weights, 1 / LARGEST_WEIGHT, LARGEST_WEIGHT).tolist() for weights in (topic, stance))
