"""Fit the frozen family: sentence embeddings with logistic heads, exported as one ONNX graph."""

import hashlib
import json
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.progress import track
from torch import nn

from communique.model.bundle import OnnxSettings
from communique.model.gold import gold_arrays
from communique.model.onnx import GRAPH_FILE, TOKENIZER_FILE
from communique.train.backbone import load_backbone
from communique.train.config import TrainingConfig
from communique.train.data import Splits
from communique.train.export import export_onnx, save_tokenizer
from communique.train.logistic import fit_heads

log = logging.getLogger(__name__)
EMBEDDING_BATCH = 16


class SentenceEncoder(nn.Module):
    """Mean-pooled, unit-length embeddings (Reimers and Gurevych 2019): (batch, length) → (batch, d)."""

    def __init__(self, backbone: Any) -> None:
        super().__init__()
        self.backbone = backbone
        self.width = int(backbone.config.hidden_size)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.backbone(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0)
        return nn.functional.normalize(pooled, dim=-1)


class FrozenModel(nn.Module):
    """The encoder with linear heads on top: returns topic logits and stance logits."""

    def __init__(
        self,
        encoder: SentenceEncoder,
        weights: npt.NDArray[np.float32],
        bias: npt.NDArray[np.float32],
        n_topics: int,
        n_stances: int,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.Linear(weights.shape[0], weights.shape[1])
        self.heads.weight.data = torch.from_numpy(weights.T.copy())
        self.heads.bias.data = torch.from_numpy(bias.copy())
        self.n_topics, self.n_stances = n_topics, n_stances

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        logits = self.heads(self.encoder(input_ids, attention_mask))
        topic = logits[:, : self.n_topics]
        if self.n_stances == 0:
            return (topic,)
        return topic, logits[:, self.n_topics :].unflatten(1, (self.n_topics, self.n_stances))


def fit_frozen(splits: Splits, config: TrainingConfig, folder: Path) -> tuple[dict[str, float], OnnxSettings]:
    """Embed, fit the heads, and export encoder and heads as `model.onnx` with `tokenizer.json`."""
    backbone, tokenizer = load_backbone(config.model.backbone)
    encoder = SentenceEncoder(backbone).eval()
    embedded = {
        name: embed(splits.inputs(name), encoder, tokenizer, config.model.max_length, config.model.backbone)
        for name in ("train", "validation")
    }
    taxonomy = splits.taxonomy
    heads = fit_heads(
        embedded["train"],
        gold_arrays(splits.train),
        embedded["validation"],
        gold_arrays(splits.validation),
        taxonomy,
        config.head,
    )
    model = FrozenModel(encoder, heads.weights, heads.bias, taxonomy.n_topics, taxonomy.n_stances).eval()
    export_onnx(model, ["topic_logits", "stance_logits"][: 2 if taxonomy.n_stances else 1], folder / GRAPH_FILE)
    save_tokenizer(tokenizer, folder / TOKENIZER_FILE)
    settings = OnnxSettings(
        max_length=config.model.max_length, batch_size=config.model.batch_size, pad_id=tokenizer.pad_token_id
    )
    return heads.chosen, settings


def embed(
    texts: list[str], encoder: SentenceEncoder, tokenizer: Any, max_length: int, name: str
) -> npt.NDArray[np.float32]:
    """Embeddings (n, d), in order; read from the cache where the same texts were embedded before.

    Texts longer than `max_length` tokens are embedded by their beginning; how many is logged.
    """
    cache = _cache_file(texts, name, max_length, encoder)
    if cache.is_file():
        return np.asarray(np.load(cache))
    encodings = tokenizer(texts, truncation=True, max_length=max_length)["input_ids"]
    full = sum(len(ids) == max_length for ids in encodings)
    if full:
        log.info("%d of %d texts reach %d tokens and are embedded by their beginning", full, len(texts), max_length)
    order = sorted(range(len(texts)), key=lambda i: len(encodings[i]))
    vectors = np.zeros((len(texts), encoder.width), dtype=np.float32)
    with torch.inference_mode():
        for start in track(
            range(0, len(order), EMBEDDING_BATCH), description="embedding", console=Console(stderr=True), transient=True
        ):
            rows = order[start : start + EMBEDDING_BATCH]
            batch = tokenizer.pad({"input_ids": [encodings[i] for i in rows]}, return_tensors="pt")
            vectors[rows] = encoder(batch["input_ids"], batch["attention_mask"]).numpy()
    cache.parent.mkdir(parents=True, exist_ok=True)
    partial = cache.with_suffix(f".{os.getpid()}.npy")
    np.save(partial, vectors)
    partial.replace(cache)
    return vectors


def _cache_file(texts: list[str], name: str, max_length: int, encoder: SentenceEncoder) -> Path:
    """Embeddings are cached by the hash of texts, model weights and length."""
    root = Path(os.environ.get("COMMUNIQUE_CACHE", Path.home() / ".cache" / "communique"))
    fingerprint = [float(parameter.detach().double().sum()) for parameter in encoder.parameters()]
    content = json.dumps([texts, name, max_length, fingerprint, torch.__version__])
    return root / "embeddings" / f"{hashlib.sha256(content.encode()).hexdigest()[:32]}.npy"
