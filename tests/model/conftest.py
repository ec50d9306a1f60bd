"""Builders for tests of decisions and evaluation, and an ONNX model of a few words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from communique.model.calibration import Decisions
from communique.model.classifier import Scores
from communique.model.gold import Gold
from communique.model.taxonomy import Taxonomy

WORDS = ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "truce", "guard", "rain", "praise", "reject")


@pytest.fixture
def make_scores() -> Callable[..., Scores]:
    """Scores from topic logits and, for each paragraph and topic, a stance distribution (even by default)."""

    def make(logits: Any, stance: Any = None, n_stances: int = 3, **more: Any) -> Scores:
        topic = np.array(logits, dtype=np.float32)
        if stance is None:
            stance = np.full((*topic.shape, n_stances), 1 / n_stances if n_stances else 0.0)
        return Scores(topic, np.array(stance, dtype=np.float32), np.zeros(len(topic), dtype=np.bool_), **more)

    return make


@pytest.fixture
def make_gold() -> Callable[..., Gold]:
    """Gold from topics {1, 0, -1} and stance indices; no holder is judged unless given."""

    def make(topic: Any, stance: Any, holder: Any = None) -> Gold:
        topic = np.array(topic, dtype=np.int8)
        holder = holder or (((False, None),) * topic.shape[1],) * len(topic)
        return Gold(topic, np.array(stance, dtype=np.int8), holder)

    return make


@pytest.fixture
def make_decisions() -> Callable[..., Decisions]:
    """Decisions from present topics and stance indices; all sure, none abstained, unless given."""

    def make(present: Any, index: Any, **more: Any) -> Decisions:
        present, index = np.array(present, dtype=np.bool_), np.array(index, dtype=np.int64)
        values = {
            "probability": present.astype(float),
            "stance": np.eye(3)[index],
            "confidence": np.ones(len(present)),
            "abstained": np.zeros(len(present), dtype=np.bool_),
        }
        given = {key: np.array(value) for key, value in more.items()}
        return Decisions(present=present, stance_index=index, **{**values, **given})

    return make


@pytest.fixture
def random_case(
    make_gold: Callable[..., Gold], make_decisions: Callable[..., Decisions]
) -> tuple[Gold, Decisions, list[str]]:
    """240 paragraphs of 40 articles judged in full; decisions right about two times in three."""
    generator = np.random.default_rng(3)
    topic = generator.random((240, 3)) < 0.4
    stance = np.where(topic & [True, True, False], generator.choice(3, (240, 3), p=[0.5, 0.2, 0.3]), -1)
    present = np.where(generator.random((240, 3)) < 0.7, topic, generator.random((240, 3)) < 0.4)
    index = np.where((stance >= 0) & (generator.random((240, 3)) < 0.6), stance, generator.choice(3, (240, 3)))
    index[:, 2] = -1
    decisions = make_decisions(present, index, confidence=generator.random(240), abstained=generator.random(240) < 0.3)
    return make_gold(topic, stance), decisions, [f"a{n}" for n in generator.integers(40, size=240)]


@pytest.fixture
def onnx_folder(tmp_path: Path, taxonomy: Taxonomy) -> Path:
    """A graph that sums one weight row per token (padding has one too, which the mask must hide), and its tokenizer."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from tokenizers.processors import TemplateProcessing

    rows = np.random.default_rng(0).normal(size=(len(WORDS), 12)).astype(np.float32)
    rows[0] = 100.0
    nodes = [
        helper.make_node("Gather", ["rows", "input_ids"], ["vectors"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["weight"]),
        helper.make_node("Mul", ["vectors", "weight"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "tokens"], ["sums"], keepdims=0),
        helper.make_node("Split", ["sums", "sizes"], ["topic_logits", "flat"], axis=1),
        helper.make_node("Reshape", ["flat", "shape"], ["stance_logits"]),
    ]
    constants = {"last": [2], "tokens": [1], "sizes": [3, 9], "shape": [-1, 3, 3]}
    initializers = [numpy_helper.from_array(np.array(value), name) for name, value in constants.items()]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "length"])
        for name in ("input_ids", "attention_mask")
    ]
    outputs = [
        helper.make_tensor_value_info("topic_logits", TensorProto.FLOAT, ["n", 3]),
        helper.make_tensor_value_info("stance_logits", TensorProto.FLOAT, ["n", 3, 3]),
    ]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, [numpy_helper.from_array(rows, "rows"), *initializers])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    folder = tmp_path / "onnx"
    folder.mkdir()
    onnx.save(model, folder / "model.onnx")

    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=16)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
