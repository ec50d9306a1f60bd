"""The encoder as an ONNX graph: export, parity with torch, and int8 if it keeps the quality."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from communique.model.bundle import BLEND_FOLDER, OnnxSettings, open_classifier
from communique.model.onnx import GRAPH_FILE, TOKENIZER_FILE
from communique.train.assessment import plain_report
from communique.train.data import Splits
from communique.train.encoder_model import Encoder
from communique.train.export import export_onnx

log = logging.getLogger(__name__)
OUTPUTS = ["topic_logits", "stance_logits", "holder_logits", "evidence"]
PARITY = 1e-4
PARITY_TEXTS = 500
MAX_FLIPS = 0.02
MAX_DROP = 0.01


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


def quantise(folder: Path, splits: Splits, settings: OnnxSettings) -> OnnxSettings:
    """Replace the graph by a dynamically quantised one (per-channel int8) if validation allows it:
    at most 2 % of the labels flip and joint macro-F1 falls by at most 0.01. Else keep fp32.

    The whole model is judged, with the linear model it is blended with, if any.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    small = folder / "int8"
    small.mkdir()
    with quiet_root_log():
        quantize_dynamic(
            folder / GRAPH_FILE,
            small / GRAPH_FILE,
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather"],
        )
    shutil.copy(folder / TOKENIZER_FILE, small / TOKENIZER_FILE)
    if settings.blend is not None:
        shutil.copytree(folder / BLEND_FOLDER, small / BLEND_FOLDER)
    before, labels_before = _joint_and_labels(folder, splits, settings)
    after, labels_after = _joint_and_labels(small, splits, settings)
    flips = float((labels_before != labels_after).mean())
    passed = flips <= MAX_FLIPS and after >= before - MAX_DROP
    log.info("int8: joint macro-F1 %.4f after %.4f, %.2f %% of labels flip", after, before, 100 * flips)
    if passed:
        (small / GRAPH_FILE).replace(folder / GRAPH_FILE)
    else:
        log.warning(
            "int8 does not pass the gate (drop at most %g, flips at most %g); fp32 is kept", MAX_DROP, MAX_FLIPS
        )
    shutil.rmtree(small)
    return settings.model_copy(update={"precision": "int8"}) if passed else settings


@contextmanager
def quiet_root_log() -> Iterator[None]:
    """onnxruntime's quantiser advises a preprocessing step through the root logger."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def _joint_and_labels(folder: Path, splits: Splits, settings: OnnxSettings) -> tuple[float, npt.NDArray[np.int64]]:
    """Joint macro-F1 on validation, and each (paragraph, topic)'s label: 0 absent, 1 + stance."""
    classifier = open_classifier(folder, "encoder", splits.taxonomy, settings)
    scores = classifier.scores(splits.inputs("validation"))
    joint = plain_report(scores, splits.validation)["joint_macro_f1"]
    stance = scores.stance.argmax(axis=2) if scores.stance.shape[2] else np.zeros_like(scores.topic_logits, dtype=int)
    return joint, np.where(scores.topic_logits > 0, 1 + stance, 0)
