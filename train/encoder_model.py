"""The encoder: one transformer pass in which every topic takes part as a token of its own.

Each topic enters the input as one vector, started from the mean embedding of its definition, and
attends to the paragraph in every layer. Its output queries the tokens twice (label-wise attention:
Mullenbach et al. 2018): once for whether the topic is there, once for where the stance is carried.
The heads are shared by all topics, so that stances learned on one topic serve the others.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.utils.generic import ModelOutput

from communique.train.encoder_loss import class_loss, holder_loss, stance_loss, topic_loss

MASKED = -1e4
HOLDER_WEIGHT = 0.3


class EncoderConfig(PretrainedConfig):
    """`backbone` is the wrapped encoder's own config as a dictionary; `topics` and `stances` are the names of the
    taxonomy it was trained for, in order; the weights are those of the loss, none if all count alike."""

    model_type = "communique-encoder"

    def __init__(
        self,
        backbone: dict[str, Any] | None = None,
        n_topics: int = 1,
        n_stances: int = 0,
        head_size: int = 256,
        dropout: float = 0.1,
        label_smoothing: float = 0.0,
        distillation: float = 0.0,
        topics: Sequence[str] = (),
        stances: Sequence[str] = (),
        exclusive: bool = False,
        topic_weights: Sequence[float] = (),
        stance_weights: Sequence[float] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.backbone = backbone or {}
        self.n_topics = n_topics
        self.n_stances = n_stances
        self.head_size = head_size
        self.dropout = dropout
        self.label_smoothing = label_smoothing
        self.distillation = distillation
        self.topics = list(topics)
        self.stances = list(stances)
        self.exclusive = exclusive
        self.topic_weights = list(topic_weights)
        self.stance_weights = list(stance_weights)


@dataclass
class EncoderOutput(ModelOutput):
    """Logits of a batch of b texts of l tokens: topic (b, t); stance (b, t, s); holder (b, t, l, 2),
    start and end, position 0 standing for no holder; evidence (b, t, l), what each
    token does for the likeliest stance."""

    loss: torch.Tensor | None = None
    topic_logits: torch.Tensor | None = None
    stance_logits: torch.Tensor | None = None
    holder_logits: torch.Tensor | None = None
    evidence: torch.Tensor | None = None


class Encoder(PreTrainedModel):
    """Backbone, topic tokens, label-wise attention, and the three heads."""

    config_class = EncoderConfig

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        backbone = dict(config.backbone)
        self.backbone = AutoModel.from_config(AutoConfig.for_model(backbone.pop("model_type"), **backbone))
        width, head = int(self.backbone.config.hidden_size), config.head_size
        self.topics = nn.Parameter(torch.randn(config.n_topics, width) * 0.02)
        self.key, self.value, self.query = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.dropout = nn.Dropout(config.dropout)
        self.topic_hidden, self.topic_out = nn.Linear(2 * width, head), nn.Linear(head, 1)
        self.topic_bias = nn.Parameter(torch.zeros(config.n_topics))
        self.stance_hidden, self.stance_out = nn.Linear(3 * width, head), nn.Linear(head, max(1, config.n_stances))
        self.holder_token, self.holder_view = nn.Linear(width, head), nn.Linear(2 * width, head)
        self.holder_out = nn.Linear(head, 2)
        self.post_init()  # type: ignore[no-untyped-call]

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        topic_labels: torch.Tensor | None = None,
        stance_labels: torch.Tensor | None = None,
        holder_labels: torch.Tensor | None = None,
        soft_topic: torch.Tensor | None = None,
        soft_stance: torch.Tensor | None = None,
    ) -> EncoderOutput:
        """Labels, if given: topic (b, t) in {1, 0, -1 not judged}; stance (b, t), -1 for none or not
        judged; holder (b, t, 2), token positions of start and end, -1 for not judged; a teacher's
        probabilities of topics (b, t) and stances (b, t, s), NaN where there are none."""
        tokens, topics = self._encode(input_ids, attention_mask)
        blocked = (1.0 - attention_mask.to(tokens.dtype)).unsqueeze(1) * MASKED
        topic_query, stance_query = self.query(self.dropout(topics)).chunk(2, dim=-1)
        keys, values = self.key(tokens), self.value(tokens)
        topic_view, _ = _attend(topic_query, keys, values, blocked)
        stance_view, stance_weights = _attend(stance_query, keys, values, blocked)
        topic_logits = self._topic_logits(topic_view, topics)
        hidden = self.stance_hidden(self.dropout(torch.cat([stance_view, topic_view, topics], dim=-1)))
        stance_logits = self.stance_out(self.dropout(nn.functional.gelu(hidden)))
        spoken = self.holder_view(torch.cat([stance_view, topics], dim=-1)).unsqueeze(2)
        holder = self.holder_out(nn.functional.gelu(self.holder_token(tokens).unsqueeze(1) + spoken))
        holder_logits = holder + blocked.unsqueeze(-1)
        if topic_labels is None:
            evidence = self._evidence(stance_weights, values, stance_view, hidden, stance_logits)
            return EncoderOutput(None, topic_logits, stance_logits, holder_logits, evidence)
        share, smoothing = self.config.distillation, self.config.label_smoothing
        by_topic, by_stance = (
            topic_logits.new_tensor(weights) if weights else None
            for weights in (self.config.topic_weights, self.config.stance_weights)
        )
        of_topics = class_loss if self.config.exclusive else topic_loss
        loss = of_topics(topic_logits, topic_labels, soft_topic, share, smoothing, by_topic)
        if stance_labels is not None:
            teacher = (soft_topic, soft_stance)
            loss = loss + stance_loss(stance_logits, stance_labels, *teacher, share, smoothing, by_stance)
        if holder_labels is not None:
            loss = loss + HOLDER_WEIGHT * holder_loss(holder_logits, holder_labels)
        return EncoderOutput(loss=loss, topic_logits=topic_logits, stance_logits=stance_logits)

    def _encode(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Token states (b, l, d) and topic states (b, t, d); the topics stand after the first token."""
        n = self.config.n_topics
        embedded = self.backbone.get_input_embeddings()(input_ids)
        topics = self.topics.unsqueeze(0).expand(input_ids.shape[0], -1, -1).to(embedded.dtype)
        inputs = torch.cat([embedded[:, :1], topics, embedded[:, 1:]], dim=1)
        mask = torch.cat([attention_mask[:, :1].expand(-1, n + 1), attention_mask[:, 1:]], dim=1)
        states = self.backbone(inputs_embeds=inputs, attention_mask=mask).last_hidden_state
        return torch.cat([states[:, :1], states[:, n + 1 :]], dim=1), states[:, 1 : n + 1]

    def _evidence(
        self,
        weights: torch.Tensor,
        values: torch.Tensor,
        view: torch.Tensor,
        hidden: torch.Tensor,
        logits: torch.Tensor,
    ) -> torch.Tensor:
        """The gradient of the likeliest stance's log-probability by each token's attention score, where it is positive
        (gradient-weighted attention: Chefer, Gur & Wolf 2021), written out so that the exported graph has it."""
        chosen = nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)
        by_hidden = (chosen - logits.softmax(dim=-1)) @ self.stance_out.weight
        density = torch.exp(-0.5 * hidden**2) / math.sqrt(2 * math.pi)
        by_hidden = by_hidden * (0.5 * (1 + torch.erf(hidden / math.sqrt(2))) + hidden * density)  # gelu's derivative
        by_view = by_hidden @ self.stance_hidden.weight[:, : view.shape[-1]]
        gained = by_view @ values.transpose(1, 2) - (by_view * view).sum(dim=-1, keepdim=True)
        return weights * gained.clamp(min=0)

    def _topic_logits(self, view: torch.Tensor, topics: torch.Tensor) -> torch.Tensor:
        hidden = nn.functional.gelu(self.topic_hidden(self.dropout(torch.cat([view, topics], dim=-1))))
        logits: torch.Tensor = self.topic_out(self.dropout(hidden)).squeeze(-1) + self.topic_bias
        return logits


def _attend(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, blocked: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Scaled dot-product attention of (b, t, d) on (b, l, d): the views (b, t, d) and weights (b, t, l)."""
    scores = query @ keys.transpose(1, 2) / keys.shape[-1] ** 0.5
    weights = (scores + blocked).softmax(dim=-1)
    return weights @ values, weights
