"""An exported encoder's graph in int8, if validation allows it."""

import logging
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from communique.model.assess import judge_scores
from communique.model.bundle import BLEND_FOLDER, OnnxSettings, open_classifier
from communique.model.calibration import Calibration, decide
from communique.model.classifier import Scores
from communique.model.corpus import Corpus
from communique.model.evaluation import evaluate
from communique.model.onnx import GRAPH_FILE, TOKENIZER_FILE
from communique.train.assessment import calibrate, plain_calibration
from communique.train.config import TrainingConfig
from communique.train.data import Splits
from communique.train.smooth import Feed, smooth, token_feeds

log = logging.getLogger(__name__)
MAX_FLIPS = 0.02
MAX_DROP = 0.01
SAMPLE = 200  # training paragraphs that show how large activations are


def quantise(folder: Path, splits: Splits, settings: OnnxSettings, config: TrainingConfig) -> OnnxSettings:
    """Replace the graph by a dynamically quantised one (int8, activations smoothed) if validation allows it; else keep
    fp32.

    The whole model is judged, with the linear model it is blended with, if any: at thresholds of one half, and as
    users get it, each precision at its own calibration and thresholds.
    """
    small = folder / "int8"
    small.mkdir()
    step = max(1, len(splits.train) // SAMPLE)
    texts = splits.inputs("train")[::step]
    write_int8(folder / GRAPH_FILE, small, token_feeds(folder / TOKENIZER_FILE, texts, settings.max_length))
    shutil.copy(folder / TOKENIZER_FILE, small / TOKENIZER_FILE)
    if settings.blend is not None:
        shutil.copytree(folder / BLEND_FOLDER, small / BLEND_FOLDER)
    before, after = (
        open_classifier(one, "encoder", splits.taxonomy, settings).scores(splits.inputs("validation"))
        for one in (folder, small)
    )
    plain = plain_calibration(splits.taxonomy)
    own = [calibrate(scores, splits, config) for scores in (before, after)]
    passed = all(
        [
            allowed("thresholds of one half", (before, plain), (after, plain), splits.validation),
            allowed("calibrated thresholds", (before, own[0]), (after, own[1]), splits.validation),
        ]
    )
    if passed:
        (small / GRAPH_FILE).replace(folder / GRAPH_FILE)
    else:
        log.warning(
            "int8 does not pass the gate (drop at most %g, flips at most %g); fp32 is kept", MAX_DROP, MAX_FLIPS
        )
    shutil.rmtree(small)
    return settings.model_copy(update={"precision": "int8"}) if passed else settings


def write_int8(graph: Path, folder: Path, feeds: Iterable[Feed]) -> None:
    """The graph with matrix products and embeddings in int8, a scale for each channel of the weights."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    wide = folder / "smoothed.onnx"
    smooth(graph, wide, feeds)
    with quiet_root_log():
        quantize_dynamic(
            wide,
            folder / GRAPH_FILE,
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather"],
        )
    wide.unlink()


def allowed(
    where: str, before: tuple[Scores, Calibration], after: tuple[Scores, Calibration], validation: Corpus
) -> bool:
    """Whether joint macro-F1 falls, and (paragraph, topic) labels flip, by no more than the gate allows; logs both."""
    joint_before, joint_after = (
        evaluate(judge_scores(*one, validation), n_bootstrap=1)["joint_macro_f1"] for one in (before, after)
    )
    old, new = (decide(*one, validation.taxonomy) for one in (before, after))
    changed = np.where(old.present, 1 + old.stance_index, -1) != np.where(new.present, 1 + new.stance_index, -1)
    flips, of_tags = float(changed.mean()), changed.sum() / max(1, (old.present | new.present).sum())
    log.info(
        "int8 at %s: joint macro-F1 on validation %.4f after %.4f; %.2f %% of (paragraph, topic) labels flip, "
        "%.1f %% of the tags", where, joint_after, joint_before, 100 * flips, 100 * of_tags,
    )  # fmt: skip
    return flips <= MAX_FLIPS and bool(joint_after >= joint_before - MAX_DROP)


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
