"""What the encoder learns beside labels: a file of soft labels, or definitions, and on which unlabelled paragraphs."""

from dataclasses import replace
from typing import Any

from communique.train.config import TrainingConfig
from communique.train.data import Splits, soft_label_file
from communique.train.definitions import definition_labels
from communique.train.encoder_model import Encoder
from communique.train.soft_labels import SoftLabels, read_soft_labels, soft_labelled


def with_soft_labelled(splits: Splits, config: TrainingConfig) -> Splits:
    """With the unlabelled paragraphs that soft labels speak of in the training split."""
    if config.encoder.soft_labels == "none":
        return splits
    unlabelled, file = splits.unlabelled, soft_label_file(config)
    if file is not None and unlabelled:
        rows = soft_labelled(file, splits.taxonomy)
        unlabelled = tuple(example for example in unlabelled if example.key in rows)
    return replace(splits, unlabelled=unlabelled).with_unlabelled


def soft_labels(splits: Splits, config: TrainingConfig, model: Encoder, tokenizer: Any) -> SoftLabels | None:
    """The probabilities the training split learns beside its labels, if the config names some."""
    if config.encoder.soft_labels == "definitions":
        return definition_labels(splits.train, splits.inputs("train"), model, tokenizer, config)
    file = soft_label_file(config)
    return None if file is None else read_soft_labels(file, splits.train)
