"""Fit the encoder family: fine-tune with the transformers Trainer, export to ONNX, check the export."""

import logging
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import SequentialSampler
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainingArguments,
    set_seed,
)

from communique.model.bundle import OnnxSettings
from communique.model.corpus import Corpus
from communique.model.evaluation import LOWER_IS_BETTER
from communique.model.gold import gold_arrays
from communique.model.onnx import GRAPH_FILE, TOKENIZER_FILE
from communique.train import processes
from communique.train.blend import blend_with_linear
from communique.train.config import TrainingConfig
from communique.train.config_families import EncoderSettings
from communique.train.data import Splits
from communique.train.encoder_callbacks import Clock, CollapseCheck, QuietProgress, StepLog
from communique.train.encoder_data import Collator, ParagraphDataset
from communique.train.encoder_export import check_parity, export_encoder
from communique.train.encoder_loss import balanced_weights
from communique.train.encoder_metrics import refuse_undefined_metric, validation_metrics
from communique.train.encoder_model import Encoder
from communique.train.encoder_start import WEIGHTS, build_encoder, save_encoder
from communique.train.encoder_teaching import soft_labels, with_soft_labelled
from communique.train.export import save_tokenizer
from communique.train.int8 import quantise
from communique.train.length_groups import LengthGroups
from communique.train.logistic import check_learnable
from communique.train.run_folder import CHECKPOINTS, last_checkpoint

log = logging.getLogger(__name__)
LABELS = ["topic_labels", "stance_labels", "holder_labels"]


def fit_encoder(splits: Splits, config: TrainingConfig, folder: Path) -> tuple[dict[str, float], OnnxSettings]:
    """Fine-tune, keep the epoch that is best on validation, export, and quantise if the gate allows.

    Returns what happened on the way, for the log, and how the graph is fed.
    """
    checkpoints = folder.parent / CHECKPOINTS
    if config.encoder.blend:
        check_learnable(gold_arrays(splits.train), splits.taxonomy)  # not after hours of training
    model, tokenizer, facts = fine_tune(splits, config, checkpoints)
    export_encoder(model, folder / GRAPH_FILE)
    save_tokenizer(tokenizer, folder / TOKENIZER_FILE)
    if config.encoder.keep_weights:
        save_encoder(model, tokenizer, folder.parent / WEIGHTS)
    settings = OnnxSettings(
        max_length=config.model.max_length, batch_size=config.model.batch_size, pad_id=tokenizer.pad_token_id
    )
    facts["parity"] = check_parity(model, tokenizer, splits.inputs("validation"), folder, config.model.max_length)
    if config.encoder.blend:
        settings = blend_with_linear(splits, config, folder, settings)
        facts["blend"] = settings.blend or 0.0
    if config.encoder.precision == "int8":
        settings = quantise(folder, splits, settings, config)
    return facts, settings


def fine_tune(
    splits: Splits, config: TrainingConfig, checkpoints: Path | None
) -> tuple[Encoder, Any, dict[str, float]]:
    """Train the encoder, from the last checkpoint if there is one: the model, its tokenizer, what to log.

    Every process of a `torchrun` comes through here; the first one names the folder of checkpoints.
    """
    if config.encoder.keep == "best":
        refuse_undefined_metric(splits.validation, config.encoder.metric)
    checkpoints = processes.shared_folder(checkpoints)
    set_seed(config.seed)
    model, tokenizer = build_encoder(splits.taxonomy, config)
    if config.encoder.class_weight == "balanced":
        weights = balanced_weights(gold_arrays(splits.train), splits.taxonomy)
        model.config.topic_weights, model.config.stance_weights = weights
    taught = with_soft_labelled(splits, config)
    soft = {"train": soft_labels(taught, config, model, tokenizer), "validation": None}
    data = {
        name: ParagraphDataset(taught.parts[name], taught.inputs(name), tokenizer, config.model.max_length, soft[name])
        for name in ("train", "validation")
    }
    for name, part in data.items():
        log.info("%d %s paragraphs were cut at %d tokens", part.truncated, name, config.model.max_length)
    trainer = build_trainer(model, data, splits.validation, tokenizer.pad_token_id, config, checkpoints)
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(QuietProgress)
    last = last_checkpoint(checkpoints)
    log.info("training from %s", last or "the beginning")
    trainer.train(resume_from_checkpoint=None if last is None else str(last))
    # Autocast is wrapped around `forward` during training and would be exported with it.
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False).to("cpu")
    clock = next(callback for callback in trainer.callback_handler.callbacks if isinstance(callback, Clock))
    facts = {
        "best_validation": float(trainer.state.best_metric or 0.0),
        "truncated": float(data["train"].truncated),
        "epochs": float(trainer.state.epoch or 0.0),
        "earlier_seconds": clock.before,
    }
    return model, tokenizer, facts


def build_trainer(
    model: Encoder,
    data: dict[str, ParagraphDataset],
    validation: Corpus,
    pad_id: int,
    config: TrainingConfig,
    checkpoints: Path,
) -> "OrderedEvaluation":
    """The Trainer with layer-wise learning rates, length-grouped batches and early stopping."""
    settings = config.encoder
    steps = math.ceil(len(data["train"]) / settings.batch_size)  # an epoch
    arguments = TrainingArguments(
        output_dir=str(checkpoints),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=processes.share_of(settings.batch_size),
        per_device_eval_batch_size=settings.batch_size,
        warmup_steps=int(settings.warmup * steps * settings.epochs),
        max_grad_norm=1.0,
        bf16=settings.bf16,
        label_names=LABELS,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=settings.keep == "best",
        metric_for_best_model=settings.metric if settings.keep == "best" else None,
        greater_is_better=settings.metric not in LOWER_IS_BETTER,
        logging_steps=1,
        report_to="none",
        remove_unused_columns=False,
        seed=config.seed,
        use_cpu=not torch.cuda.is_available(),
        restore_callback_states_from_checkpoint=True,  # early stopping's patience among them
        ddp_find_unused_parameters=True if processes.count() > 1 else None,  # a batch may have no stance at all
    )
    arguments._n_gpu = min(1, arguments.n_gpu)  # several take a `torchrun`: the Trainer alone would multiply the batch
    stopping = [EarlyStoppingCallback(settings.patience)] if settings.keep == "best" else []
    return OrderedEvaluation(
        model=model,
        args=arguments,
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        data_collator=Collator(pad_id),
        optimizers=(optimizer_of(model, settings), None),
        compute_metrics=lambda prediction: validation_metrics(prediction.predictions, validation),
        callbacks=[*stopping, StepLog(), Clock(), CollapseCheck()],
    )


def optimizer_of(model: Encoder, settings: EncoderSettings) -> torch.optim.Optimizer:
    """AdamW; the learning rate falls by `layer_decay` with each layer below the heads."""
    n_layers = int(model.backbone.config.num_hidden_layers)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        rate = settings.head_learning_rate
        if name.startswith("backbone."):
            rate = settings.learning_rate * settings.layer_decay ** (n_layers - layer_of(name))
        decay = 0.0 if parameter.ndim < 2 else settings.weight_decay
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": parameters, "lr": rate, "weight_decay": decay} for (rate, decay), parameters in groups.items()],
        fused=True,  # one pass over the weights: a tenth of a step on a processor
    )


def layer_of(name: str) -> int:
    """The layer a backbone parameter belongs to, from 1; 0 for embeddings."""
    parts = name.split(".")
    numbers = [int(after) for before, after in pairwise(parts) if before in ("layer", "layers") and after.isdigit()]
    return numbers[0] + 1 if numbers else 0


class OrderedEvaluation(Trainer):
    """Evaluates in the data's order: the Trainer's own also groups evaluation by length, and the
    metrics would compare predictions with other paragraphs' labels. Trains in an order all processes draw alike."""

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroups:
        data: Any = self.train_dataset if train_dataset is None else train_dataset
        lengths = [data[row]["length"] for row in range(len(data))]
        return LengthGroups(self.args.train_batch_size * processes.count(), lengths, self.args.seed)

    def _get_eval_sampler(self, eval_dataset: Any) -> SequentialSampler:
        return SequentialSampler(eval_dataset)
