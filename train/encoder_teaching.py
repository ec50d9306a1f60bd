"""What the encoder learns beside labels: a file of soft labels, or definitions, and on which unlabelled paragraphs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from communique.train.config import TrainingConfig
from communique.train.data import Splits
from communique.train.definitions import definition_labels
from communique.train.encoder_model import Encoder
from communique.train.soft_labels import EMBEDDED_FILE, SoftLabels, read_soft_labels, soft_labelled


def with_soft_labelled(splits: Splits, config: TrainingConfig) -> Splits:
    """With the unlabelled paragraphs that soft labels speak of in the training split."""
    source = config.encoder.soft_labels
    if source == "none":
        return splits
    unlabelled = splits.unlabelled
    if source != "definitions" and unlabelled:
        rows = soft_labelled(label_file(config), splits.taxonomy)
        unlabelled = tuple(example for example in unlabelled if example.key in rows)
    return replace(splits, unlabelled=unlabelled).with_unlabelled


def label_file(config: TrainingConfig) -> Path:
    """The CSV of soft labels a config names."""
    source = config.encoder.soft_labels
    return EMBEDDED_FILE if source == "embedded" else Path(source)


def soft_labels(splits: Splits, config: TrainingConfig, model: Encoder, tokenizer: Any) -> SoftLabels | None:
    """The probabilities the training split learns beside its labels, if the config names some."""
    source = config.encoder.soft_labels
    if source == "none":
        return None
    if source == "definitions":
        return definition_labels(splits.train, splits.inputs("train"), model, tokenizer, config)
    return read_soft_labels(label_file(config), splits.train)
