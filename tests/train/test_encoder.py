from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch

from communique.model.bundle import load_bundle
from communique.model.gold import gold_arrays
from communique.model.predictions import Span
from communique.train.config import TrainingConfig
from communique.train.config_file import load_config
from communique.train.data import load_splits
from communique.train.encoder import build_trainer, layer_of, optimizer_of
from communique.train.encoder_data import Collator, ParagraphDataset, holder_tokens
from communique.train.encoder_export import check_parity, export_encoder
from communique.train.encoder_model import Encoder, EncoderConfig
from communique.train.encoder_start import build_encoder
from communique.train.int8 import quantise

OFFSETS = [(0, 0), (0, 3), (4, 9), (10, 14), (0, 0)]


@pytest.fixture
def config(tiny: Path, tiny_backbone: Path) -> TrainingConfig:
    overrides = ["model.family=encoder", f"model.backbone={tiny_backbone}", "model.max_length=48", "encoder.epochs=2"]
    return load_config(tiny / "config.toml", overrides)


@pytest.fixture
def encoder(config: TrainingConfig) -> Encoder:
    return build_encoder(load_splits(config).taxonomy, config)[0]


def batch(encoder: Encoder, **labels: list) -> torch.Tensor:
    ids = torch.tensor([[2, 6, 7, 3], [2, 8, 3, 0]])
    tensors = {name: torch.tensor(value) for name, value in labels.items()}
    loss = encoder.train(False)(input_ids=ids, attention_mask=(ids > 0).long(), **tensors).loss
    assert loss is not None
    return loss


@pytest.mark.parametrize(
    ("holder", "start", "shift", "tokens"),
    [
        ("The envoy", 0, 0, (1, 2)),
        ("envoy", 4, 0, (2, 2)),
        ("envoy", 0, 4, (2, 2)),
        (None, None, 0, (0, 0)),
        ("late", 40, 0, (-1, -1)),
        ("said so", 10, 0, (-1, -1)),  # goes on behind the last token
    ],
)
def test_holder_tokens(holder: str | None, start: int | None, shift: int, tokens: tuple[int, int]) -> None:
    assert holder_tokens(OFFSETS, holder, start, shift) == tokens


@pytest.mark.parametrize(
    ("name", "layer"),
    [("backbone.embeddings.word.weight", 0), ("backbone.encoder.layer.0.x", 1), ("backbone.layers.11.attn.weight", 12)],
)
def test_layer_of(name: str, layer: int) -> None:
    assert layer_of(name) == layer


def test_learning_rates_fall_by_layer(encoder: Encoder, config: TrainingConfig) -> None:
    rates = {group["lr"] for group in optimizer_of(encoder, config.encoder).param_groups}
    top, head = config.encoder.learning_rate, config.encoder.head_learning_rate
    assert rates == {head, top, top * 0.9, top * 0.9**2}


def test_topics_start_from_their_definitions(encoder: Encoder, config: TrainingConfig) -> None:
    again = build_encoder(load_splits(config).taxonomy, config)[0]
    torch.testing.assert_close(encoder.topics, again.topics)
    assert not torch.allclose(encoder.topics[0], encoder.topics[1])


def test_what_was_not_judged_costs_nothing(encoder: Encoder) -> None:
    judged = batch(encoder, topic_labels=[[1, -1], [0, -1]], stance_labels=[[0, -1], [-1, -1]])
    absent = batch(encoder, topic_labels=[[1, 0], [0, 0]], stance_labels=[[0, -1], [-1, -1]])
    assert judged < absent
    assert batch(encoder, topic_labels=[[-1, -1], [-1, -1]]) == 0.0


def test_evidence_is_the_gradient_of_the_likeliest_stance(encoder: Encoder) -> None:
    ids = torch.tensor([[2, 6, 7, 8, 3]])
    found = encoder.train(False)(input_ids=ids, attention_mask=torch.ones_like(ids))
    tokens, topics = encoder._encode(ids, torch.ones_like(ids))
    topic_query, stance_query = encoder.query(topics).chunk(2, dim=-1)
    keys, values = encoder.key(tokens), encoder.value(tokens)
    topic_view = (topic_query @ keys.mT / keys.shape[-1] ** 0.5).softmax(dim=-1) @ values
    scores = (stance_query @ keys.mT / keys.shape[-1] ** 0.5).detach().requires_grad_(True)
    view = scores.softmax(dim=-1) @ values
    hidden = encoder.stance_hidden(torch.cat([view, topic_view, topics], dim=-1))
    best = encoder.stance_out(torch.nn.functional.gelu(hidden)).log_softmax(dim=-1).max(dim=-1).values.sum()
    torch.testing.assert_close(found.evidence, torch.autograd.grad(best, scores)[0].clamp(min=0))


def test_padding_changes_nothing(encoder: Encoder) -> None:
    encoder.train(False)
    ids = torch.tensor([[2, 6, 7, 3]])
    padded = torch.cat([ids, torch.zeros(1, 5, dtype=torch.long)], dim=1)
    short, long = (encoder(input_ids=x, attention_mask=(x > 0).long()) for x in (ids, padded))
    torch.testing.assert_close(short.topic_logits, long.topic_logits, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(short.stance_logits, long.stance_logits, atol=1e-5, rtol=1e-4)


def test_mpnet_trains() -> None:
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    backbone = {"model_type": "mpnet", "vocab_size": 40, **sizes}
    encoder = Encoder(EncoderConfig(backbone=backbone, n_topics=2, n_stances=3, head_size=8))
    loss = batch(
        encoder,
        topic_labels=[[1, 0], [0, 1]],
        stance_labels=[[0, -1], [-1, 2]],
        holder_labels=[[[1, 2], [-1, -1]], [[-1, -1], [0, 0]]],
    )
    loss.backward()
    assert torch.isfinite(loss)
    assert encoder.topics.grad is not None


def test_a_batch_is_padded_to_its_longest_text(config: TrainingConfig) -> None:
    splits = load_splits(config)
    _, tokenizer = build_encoder(splits.taxonomy, config)
    items = ParagraphDataset(splits.train, splits.inputs("train"), tokenizer, 48)
    collated = Collator(tokenizer.pad_token_id)([items[0], items[1]])
    assert collated["input_ids"].shape[1] == max(items[0]["length"], items[1]["length"])
    assert collated["holder_labels"].shape == (2, 2, 2)
    assert collated["attention_mask"].sum() == items[0]["length"] + items[1]["length"]


@pytest.mark.parametrize("bf16", ["false", "true"])
def test_a_trained_encoder_gives_holders_and_evidence(
    train_tiny, tiny_backbone: Path, bf16: str, capfd: pytest.CaptureFixture[str]
) -> None:
    small = ["model.max_length=48", "encoder.epochs=1", "encoder.batch_size=8", "output.bundle=bundles/encoder"]
    small += [f"encoder.bf16={bf16}", f"encoder.blend={bf16}"]
    result = train_tiny("model.family=encoder", f"model.backbone={tiny_backbone}", *small)
    scores = load_bundle(result.bundle).classifier.scores(["The mayor praised the new railway line. It rained."])
    assert capfd.readouterr().out == ""
    assert scores.evidence is not None
    assert scores.holders is not None
    assert all(span is not None and span.text for span in scores.evidence[0])
    assert result.reports["validation"]["joint_macro_f1"] is not None


def test_holders_are_learned_and_lie_in_the_paragraph(train_tiny, tiny_backbone: Path) -> None:
    small = ["model.max_length=48", "encoder.epochs=8", "encoder.batch_size=8", "encoder.head_learning_rate=3e-3"]
    small += ["model.title=true", "output.bundle=bundles/titled"]
    result = train_tiny("model.family=encoder", f"model.backbone={tiny_backbone}", *small)
    bundle = load_bundle(result.bundle)
    text = "The mayor of amber birch warmly praised the new railway line near pine quay."
    bare, titled = bundle.classifier.scores(bundle.inputs([text, text], ["", "Of the river dam"])).holders
    assert Span("The mayor", 0, 9) in bare
    assert all(text[span.start : span.end] == span.text for span in titled if span)


def test_export_agrees_with_torch_and_int8_is_gated(config: TrainingConfig, tmp_path: Path) -> None:
    splits = load_splits(config)
    encoder, tokenizer = build_encoder(splits.taxonomy, config)
    export_encoder(encoder, tmp_path / "model.onnx")
    tokenizer.backend_tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert check_parity(encoder, tokenizer, splits.inputs("validation"), tmp_path, 48) < 1e-4
    before = (tmp_path / "model.onnx").stat().st_size
    from communique.model.bundle import OnnxSettings

    settings = quantise(tmp_path, splits, OnnxSettings(max_length=48, batch_size=8, pad_id=0), config)
    smaller = (tmp_path / "model.onnx").stat().st_size < before
    assert (settings.precision == "int8") == smaller
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.onnx", "tokenizer.json"]


def test_a_wrong_graph_is_not_passed(config: TrainingConfig, tmp_path: Path) -> None:
    splits = load_splits(config)
    encoder, tokenizer = build_encoder(splits.taxonomy, config)
    export_encoder(encoder, tmp_path / "model.onnx")
    with torch.no_grad():
        encoder.topic_bias += 0.5
    with pytest.raises(RuntimeError, match="differs from the model"):
        check_parity(encoder, tokenizer, splits.inputs("validation"), tmp_path, 48)


def test_the_graph_is_one_file_with_dynamic_axes(encoder: Encoder, tmp_path: Path) -> None:
    export_encoder(encoder, tmp_path / "model.onnx")
    session = ort.InferenceSession(str(tmp_path / "model.onnx"))
    for shape in ((1, 4), (3, 9)):
        feed = {"input_ids": np.full(shape, 6), "attention_mask": np.ones(shape, dtype=np.int64)}
        topic, stance, holder, evidence = session.run(None, feed)
        assert (topic.shape, stance.shape) == ((shape[0], 2), (shape[0], 2, 3))
        assert (holder.shape, evidence.shape) == ((shape[0], 2, shape[1], 2), (shape[0], 2, shape[1]))


def test_an_epoch_is_judged_on_its_own_paragraphs(config: TrainingConfig, tmp_path: Path) -> None:
    splits = load_splits(config)
    model, tokenizer = build_encoder(splits.taxonomy, config)
    data = ParagraphDataset(splits.validation, splits.inputs("validation"), tokenizer, 48)
    trainer = build_trainer(model, {"train": data, "validation": data}, splits.validation, 0, config, tmp_path)
    topic_labels = trainer.predict(data).label_ids[0]
    np.testing.assert_array_equal(topic_labels, gold_arrays(splits.validation).topic)
