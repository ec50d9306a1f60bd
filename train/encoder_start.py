"""What an encoder starts from: a pretrained backbone with new heads, or the encoder of an earlier run."""

import json
from pathlib import Path
from typing import Any

import torch

from communique.model.errors import ConfigError
from communique.model.onnx import special_tokens
from communique.model.taxonomy import Taxonomy
from communique.train.backbone import load_backbone
from communique.train.config import TrainingConfig
from communique.train.encoder_model import Encoder, EncoderConfig

WEIGHTS = "encoder"  # the folder in a run's
PER_TOPIC = ("topics", "topic_bias")
COUNTS_FROM_PADDING = ("mpnet", "roberta", "xlm-roberta", "camembert")  # their first position is after padding's


def build_encoder(taxonomy: Taxonomy, config: TrainingConfig) -> tuple[Encoder, Any]:
    """The model to train, and its tokenizer. Every topic starts from its definition; where the backbone is an
    earlier run's encoder, its heads and its topics of the same name go on from there instead.

    Raises:
        ConfigError: no such backbone, one of another build, windows too long for it, or an earlier encoder with other
            stances.
    """
    earlier = is_encoder(config.model.backbone)
    model, tokenizer = load_earlier(config.model.backbone) if earlier else load_backbone(config.model.backbone)
    refuse_odd_backbone(model.backbone if earlier else model, tokenizer)
    refuse_long_windows(model.backbone.config if earlier else model.config, taxonomy.n_topics, config.model.max_length)
    settings = config.encoder
    encoder = Encoder(
        EncoderConfig(
            backbone=(model.backbone if earlier else model).config.to_dict(),
            n_topics=taxonomy.n_topics,
            n_stances=taxonomy.n_stances,
            head_size=model.config.head_size if earlier else settings.head_size,
            dropout=settings.dropout,
            label_smoothing=settings.label_smoothing,
            distillation=0.0 if settings.soft_labels == "none" else settings.distillation,
            topics=taxonomy.topic_names,
            stances=taxonomy.stances,
            exclusive=taxonomy.exclusive,
        )
    )
    encoder.backbone.load_state_dict((model.backbone if earlier else model).state_dict())
    start_topics(encoder, taxonomy, tokenizer)
    if earlier:
        take_over(model, encoder)
    return encoder, tokenizer


def refuse_odd_backbone(backbone: Any, tokenizer: Any) -> None:
    """Topics enter as tokens behind the one that opens a text, as wide as the backbone's states.

    Raises:
        ConfigError: its embeddings are narrower than its states, or its tokenizer opens a text otherwise.
    """
    embedded, width = backbone.get_input_embeddings().embedding_dim, backbone.config.hidden_size
    if embedded != width:
        raise ConfigError(
            f"the backbone ({backbone.config.model_type}) embeds tokens in {embedded} dimensions and has states of "
            f"{width}; expected the same, as in BERT, RoBERTa, MPNet, DeBERTa, ModernBERT and DistilBERT"
        )
    opening, _ = special_tokens(tokenizer.backend_tokenizer)
    if len(opening) != 1:
        raise ConfigError(
            f"the backbone's tokenizer puts {len(opening)} special tokens before a text; expected one, such as [CLS]: "
            "take another backbone"
        )


def refuse_long_windows(backbone: Any, n_topics: int, max_length: int) -> None:
    """A window and a token a topic must find positions in the backbone.

    Raises:
        ConfigError: they do not; says how long a window may be.
    """
    positions = getattr(backbone, "max_position_embeddings", None)
    if not positions:
        return
    offset = backbone.pad_token_id + 1 if backbone.model_type in COUNTS_FROM_PADDING else 0
    longest = positions - offset - n_topics
    if max_length > longest:
        raise ConfigError(
            f"model.max_length = {max_length}, but the backbone has {positions - offset} positions and each of the "
            f"{n_topics} topics takes one; expected at most {longest}. Longer texts are read in several windows"
        )


@torch.no_grad()
def start_topics(encoder: Encoder, taxonomy: Taxonomy, tokenizer: Any) -> None:
    """Each topic's token becomes the mean embedding of its definition."""
    encoded = tokenizer([topic.definition for topic in taxonomy.topics], return_tensors="pt", padding=True)
    embedded = encoder.backbone.get_input_embeddings()(encoded["input_ids"])
    mask = encoded["attention_mask"].unsqueeze(-1)
    encoder.topics.copy_((embedded * mask).sum(dim=1) / mask.sum(dim=1))


@torch.no_grad()
def take_over(earlier: Encoder, encoder: Encoder) -> None:
    """Copy the heads, and the topics both know; a new topic's bias becomes the mean of the known ones'.

    Raises:
        ConfigError: the two have other stances, or the same in another order.
    """
    if earlier.config.stances != encoder.config.stances:
        raise ConfigError(
            f"the backbone was trained for the stances {earlier.config.stances}, the taxonomy has "
            f"{encoder.config.stances}; name them alike and in the same order, or start from another backbone"
        )
    shared = {name: value for name, value in earlier.state_dict().items() if name not in PER_TOPIC}
    encoder.load_state_dict(shared, strict=False)
    encoder.topic_bias.fill_(earlier.topic_bias.mean().item())
    for index, name in enumerate(encoder.config.topics):
        if name in earlier.config.topics:
            known = earlier.config.topics.index(name)
            encoder.topics[index] = earlier.topics[known]
            encoder.topic_bias[index] = earlier.topic_bias[known]


def is_encoder(backbone: str) -> bool:
    """Whether a config's `backbone` is a folder that `save_encoder` wrote."""
    return bool(earlier_topics(backbone))


def earlier_topics(backbone: str) -> list[str]:
    """The topics an earlier run's encoder knows; none where `backbone` is something else."""
    try:
        content = json.loads((Path(backbone) / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return []
    ours = isinstance(content, dict) and content.get("model_type") == EncoderConfig.model_type
    return list(content["topics"]) if ours else []


def load_earlier(folder: str) -> tuple[Encoder, Any]:
    """An earlier run's encoder and its tokenizer.

    Raises:
        ConfigError: the folder is not whole.
    """
    from transformers import PreTrainedTokenizerFast

    try:
        return Encoder.from_pretrained(folder), PreTrainedTokenizerFast.from_pretrained(folder)
    except (OSError, ValueError) as error:
        raise ConfigError(f"the encoder in {folder} cannot be loaded: {error}; copy the run's folder again") from error


def save_encoder(encoder: Encoder, tokenizer: Any, folder: Path) -> None:
    """Write weights, config and tokenizer, for `backbone` in a later config."""
    encoder.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
