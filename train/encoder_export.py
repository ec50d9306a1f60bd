"""The encoder as an ONNX graph: export, and parity with torch."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from communique.model.onnx import GRAPH_FILE
from communique.train.encoder_model import Encoder
from communique.train.export import export_onnx

log = logging.getLogger(__name__)
OUTPUTS = ["topic_logits", "stance_logits", "holder_logits", "evidence"]
PARITY = 1e-4
PARITY_TEXTS = 500


class ExportedEncoder(nn.Module):
    """The encoder's inference outputs as a plain tuple, in the order of the graph's names."""

    def __init__(self, model: Encoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        out = self.model(input_ids=input_ids, attention_mask=attention_mask)
        if self.model.config.n_stances == 0:
            return (out.topic_logits,)
        return out.topic_logits, out.stance_logits, out.holder_logits, out.evidence


def export_encoder(model: Encoder, path: Path) -> None:
    """Write the graph; a taxonomy without stances has topic logits alone."""
    export_onnx(ExportedEncoder(model), OUTPUTS if model.config.n_stances else OUTPUTS[:1], path)


def check_parity(model: Encoder, tokenizer: Any, texts: list[str], folder: Path, max_length: int) -> float:
    """The largest difference of a logit or an evidence weight between torch and ONNX, on up to 500 texts.

    Raises:
        RuntimeError: it is 1e-4 or more; the export is not to be used.
    """
    import onnxruntime as ort

    session = ort.InferenceSession(str(folder / GRAPH_FILE), providers=["CPUExecutionProvider"])
    names = OUTPUTS if model.config.n_stances else OUTPUTS[:1]
    worst = 0.0
    model.train(False)
    for start in range(0, min(len(texts), PARITY_TEXTS), 8):
        batch = tokenizer(
            texts[start : start + 8], padding=True, truncation=True, max_length=max_length, return_tensors="pt"
        )
        feed = {name: batch[name].numpy() for name in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            out = model(**{name: batch[name] for name in ("input_ids", "attention_mask")})
        for name, value in zip(names, session.run(names, feed), strict=True):
            differences = np.abs(getattr(out, name).numpy() - value)
            if name == "holder_logits":  # those of padding are blocked, and too large for a single-precision comparison
                differences = differences[feed["attention_mask"][:, None, :].repeat(value.shape[1], axis=1) > 0]
            worst = max(worst, float(differences.max()))
    if worst >= PARITY:
        raise RuntimeError(f"the exported graph differs from the model by {worst:.2e} in an output (allowed: {PARITY})")
    log.info("export: largest difference of an output to torch %.1e on %d texts", worst, min(len(texts), PARITY_TEXTS))
    return worst
