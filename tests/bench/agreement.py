"""What speed costs: the gate's effect on joint macro-F1, and batches of eight against batches of one."""

from pathlib import Path

import numpy as np
from articles import corpus_paragraphs
from cells import ROOT

from communique.model.bundle import load_bundle, open_classifier
from communique.model.calibration import decide
from communique.model.corpus import Corpus
from communique.model.predict import predict
from communique.train.config_file import load_config
from communique.train.data import load_splits

Rows = list[tuple[str, str, str]]
SAMPLE = 1000


def joint_macro_f1(predictions: list, corpus: Corpus) -> float:
    """Unweighted mean of F1 over the (topic, stance) pairs that the corpus has."""
    pairs = corpus.taxonomy.pairs
    gold = [{(label.topic, label.stance) for label in example.labels or ()} for example in corpus.examples]
    found = [{(topic.name, topic.stance) for topic in prediction.topics} for prediction in predictions]
    scores = []
    for pair in pairs:
        hits = sum(pair in one and pair in other for one, other in zip(gold, found, strict=True))
        total = sum(pair in one for one in gold) + sum(pair in one for one in found)
        if any(pair in one for one in gold):
            scores.append(2 * hits / total)
    return float(np.mean(scores))


def gate(bundle: Path, linear: Path, folder: Path, scale: int) -> Rows:
    """Joint macro-F1 on both test splits with and without the gate, and how much it holds back there."""
    loaded = load_bundle(bundle)
    parts = load_splits(load_config(ROOT / "configs" / "encoder.toml")).parts
    rows: Rows = []
    for name in ("test", "test_settings"):
        texts = parts[name].texts[:: 1 if scale == 1 else scale]
        corpus = Corpus(parts[name].examples[:: 1 if scale == 1 else scale], loaded.taxonomy)
        whole, gated = predict(loaded, texts), predict(loaded, texts, gate=True)
        change = joint_macro_f1(gated, corpus) - joint_macro_f1(whole, corpus)
        held = np.mean([prediction.gated for prediction in gated])
        rows.append((f"gate on {name}: change of joint macro-F1", f"{change:+.4f}", f"{held:.0%} not read"))
    return rows


def batches(bundle: Path, linear: Path, folder: Path, scale: int) -> Rows:
    """Labels and logits with batches of eight instead of one."""
    loaded = load_bundle(bundle)
    onnx = loaded.manifest.onnx
    assert onnx is not None
    texts = corpus_paragraphs()[:: max(1, len(corpus_paragraphs()) // (SAMPLE // scale))]
    scores = []
    for n in (1, 8):
        settings = onnx.model_copy(update={"batch_size": n})
        scores.append(open_classifier(bundle, loaded.manifest.family, loaded.taxonomy, settings).scores(texts))
    labels = []
    for one in scores:
        decisions = decide(one, loaded.manifest.calibration, loaded.taxonomy)
        labels.append(np.where(decisions.present, 1 + decisions.stance_index, 0))
    flips = float((labels[0] != labels[1]).mean())
    apart = float(np.abs(scores[0].topic_logits - scores[1].topic_logits).max())
    measure = f"batches of 8 instead of 1, {onnx.precision}: labels that flip"
    return [(measure, f"{flips:.2%}", f"logits at most {apart:.1e} apart")]
