"""Export a torch model to ONNX: one self-contained file with dynamic batch and length."""

import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

OPSET = 18


def export_onnx(model: nn.Module, outputs: list[str], path: Path) -> None:
    """Write a model of (input_ids, attention_mask), both (batch, length), as an ONNX graph."""
    batch, length = torch.export.Dim("batch", min=1, max=4096), torch.export.Dim("length", min=2, max=8192)
    ids = torch.randint(5, 50, (2, 16))
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    for chatty in ("torch.onnx", "onnxscript", "onnx_ir"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(),
            (ids, mask),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=outputs,
            dynamic_shapes=({0: batch, 1: length}, {0: batch, 1: length}),
            opset_version=OPSET,
            external_data=False,
            dynamo=True,
            verbose=False,
        )


def save_tokenizer(tokenizer: Any, path: Path) -> None:
    """Write a fast tokenizer as the `tokenizer.json` that the runtime reads."""
    tokenizer.backend_tokenizer.save(str(path))
