import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from communique.model.bundle import load_bundle
from communique.model.corpus import Corpus, Example
from communique.model.errors import ConfigError, DataError
from communique.model.gold import gold_arrays
from communique.model.predict import predict
from communique.model.taxonomy import Taxonomy, load_taxonomy
from communique.train.config_file import load_config
from communique.train.data import load_splits
from communique.train.definitions import cosines, definition_labels, likely
from communique.train.encoder import fine_tune
from communique.train.encoder_start import build_encoder, save_encoder
from communique.train.soft_labels import SoftLabels

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
TEXTS = [
    "The minister opened the new railway line to the coast.",
    "Engineers finished the dam across the river valley.",
    "Bakers raised the price of bread again.",
]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMUNIQUE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def overrides(tiny_backbone: Path) -> list[str]:
    return [
        "model.family=encoder",
        f"model.backbone={tiny_backbone}",
        "model.max_length=48",
        "encoder.epochs=1",
        "encoder.soft_labels=definitions",
    ]


def test_the_nearest_share_of_the_unjudged_is_likely() -> None:
    nearness = np.random.default_rng(0).normal(size=(400, 3)).astype(np.float32)
    open_pairs = np.ones((400, 3), dtype=bool)
    open_pairs[:200, 1] = False
    open_pairs[:, 2] = False
    probability = likely(nearness, open_pairs, 0.2)
    assert (np.isnan(probability) == ~open_pairs).all()
    np.testing.assert_allclose([(probability[:, 0] > 0.5).mean(), (probability[200:, 1] > 0.5).mean()], 0.2, atol=0.01)
    assert (np.argsort(probability[:, 0]) == np.argsort(nearness[:, 0])).all()


def test_a_text_is_nearest_to_its_own_definition(tiny_taxonomy: Taxonomy) -> None:
    found = cosines(TEXTS, [topic.definition for topic in tiny_taxonomy.topics])
    assert found.argmax(axis=0).tolist() == [0, 1]


def test_only_what_nobody_judged_gets_a_soft_label(tiny: Path, overrides: list[str], tmp_path: Path) -> None:
    config = load_config(tiny / "config.toml", overrides)
    taxonomy = load_taxonomy(tiny / "taxonomy.toml")
    encoder, tokenizer = build_encoder(taxonomy, config)
    judged = Example("a", 1, TEXTS[0], labels=(), labelled=("rail",))
    corpus = Corpus((judged, Example("b", 1, TEXTS[1], labels=None), Example("c", 1, TEXTS[2], labels=None)), taxonomy)
    soft = definition_labels(corpus, corpus.texts, encoder, tokenizer, config)
    assert np.isnan(soft.topic).tolist() == [[True, False], [False, False], [False, False]]
    assert soft.topic[:, 1].argmax() == 1
    assert np.isnan(soft.stance).all()


def test_what_an_earlier_encoder_knows_is_held_fast(tiny: Path, overrides: list[str], tmp_path: Path) -> None:
    config = load_config(tiny / "config.toml", overrides)
    taxonomy = load_taxonomy(tiny / "taxonomy.toml")
    encoder, tokenizer = build_encoder(Taxonomy(stances=taxonomy.stances, topics=taxonomy.topics[:1]), config)
    save_encoder(encoder, tokenizer, tmp_path / "earlier")
    config = load_config(tiny / "config.toml", [*overrides, f"model.backbone={tmp_path / 'earlier'}"])
    again, tokenizer = build_encoder(taxonomy, config)
    corpus = Corpus(tuple(Example(str(n), 1, text, labels=None) for n, text in enumerate(TEXTS)), taxonomy)
    soft = definition_labels(corpus, corpus.texts, again, tokenizer, config)
    ids = torch.tensor(tokenizer([TEXTS[1]])["input_ids"])
    with torch.no_grad():
        own = again.train(False)(input_ids=ids, attention_mask=torch.ones_like(ids))
    np.testing.assert_allclose(soft.stance[1], own.stance_logits[0].softmax(dim=-1), atol=1e-5)
    np.testing.assert_allclose(soft.topic[1, 0], own.topic_logits[0, 0].sigmoid(), atol=1e-5)
    assert soft.topic[:, 1].argmax() == 1  # the new topic: the paragraph nearest to its definition


def test_topics_that_exclude_each_other_are_refused(tiny: Path, overrides: list[str], tiny_taxonomy: Taxonomy) -> None:
    taxonomy = tiny_taxonomy.model_copy(update={"exclusive": True})
    config = load_config(tiny / "config.toml", overrides)
    encoder, tokenizer = build_encoder(taxonomy, config)
    corpus = Corpus((Example("a", 1, TEXTS[0], labels=None),), taxonomy)
    with pytest.raises(ConfigError, match="may stand together"):
        definition_labels(corpus, corpus.texts, encoder, tokenizer, config)


def test_unlabelled_paragraphs_move_the_topic_as_their_soft_labels_say(
    tiny: Path, tmp_path: Path, overrides: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [{"article": f"u{n}", "paragraph": 1, "text": text} for n, text in enumerate(TEXTS * 10)]
    (tmp_path / "unlabelled.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    both = f'corpus.paths=["{tiny / "corpus.jsonl"}", "{tmp_path / "unlabelled.jsonl"}"]'
    config = load_config(tiny / "config.toml", [*overrides, both, "encoder.distillation=1.0", "encoder.epochs=3"])
    splits = load_splits(config)

    def mean_logit(probability: float) -> float:
        flat = np.full((len(splits.with_unlabelled.train), 2), np.nan, dtype=np.float32)
        flat[len(splits.train) :] = probability
        soft = SoftLabels(flat, np.full((*flat.shape, 3), np.nan, dtype=np.float32))
        monkeypatch.setattr("communique.train.encoder_teaching.definition_labels", lambda *_: soft)
        model, tokenizer, _ = fine_tune(splits, config, tmp_path / f"runs{probability}")
        ids = torch.tensor(tokenizer([TEXTS[0]])["input_ids"])
        return model.train(False)(input_ids=ids, attention_mask=torch.ones_like(ids)).topic_logits.mean().item()

    assert mean_logit(0.95) > mean_logit(0.05) + 0.1
    monkeypatch.undo()
    with caplog.at_level("INFO"):
        fine_tune(splits, config, tmp_path / "runs")
    assert "definitions stand for labels on 30 of" in caplog.text


@pytest.fixture
def with_harbour(tiny: Path, tmp_path: Path, overrides: list[str]) -> list[str]:
    """A third topic that nobody was asked about, and unlabelled paragraphs."""
    harbour = '[[topics]]\nname = "harbour"\ndefinition = "Building a harbour."\n'
    (tmp_path / "three.toml").write_text((tiny / "taxonomy.toml").read_text("utf-8") + harbour, encoding="utf-8")
    lines = [{"article": f"u{n}", "paragraph": 1, "text": text} for n, text in enumerate(TEXTS * 4)]
    (tmp_path / "unlabelled.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    both = f'corpus.paths=["{tiny / "corpus.jsonl"}", "{tmp_path / "unlabelled.jsonl"}"]'
    taxonomy = f"corpus.taxonomy={tmp_path / 'three.toml'}"
    return [*overrides, both, taxonomy, "name=harbour", "output.bundle=bundles/harbour"]


def test_a_topic_without_a_label_is_learned_from_its_definition(train_tiny, with_harbour: list[str]) -> None:
    asked = 'corpus.labelled=["rail", "dam"]'
    result = train_tiny(*with_harbour, asked, "encoder.definition_share=0.3", "calibration.prior=corpus")
    bundle = load_bundle(result.bundle)
    harbour = bundle.manifest.calibration.topics[2]
    assert (harbour.slope, harbour.intercept, harbour.prior) == (1.0, 0.0, 0.3)
    assert {threshold for _, threshold in harbour.thresholds} == {0.5}
    assert 0.0 < predict(bundle, [TEXTS[0]])[0].all_topics[2].probability < 1.0
    assert result.reports["test"]["per_topic"]["harbour"]["support"] == 0


def test_a_topic_that_nobody_was_asked_about_is_not_taken_for_absent_in_silence(
    tiny: Path, with_harbour: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    splits = load_splits(load_config(tiny / "config.toml", with_harbour))
    assert "no paragraph is labelled harbour: all 60 labelled ones count as off it" in caplog.text
    assert (gold_arrays(splits.train).topic[:, 2] == 0).all()
    caplog.clear()
    splits = load_splits(load_config(tiny / "config.toml", [*with_harbour, 'corpus.labelled=["rail"]']))
    assert caplog.text == ""
    judged = gold_arrays(splits.train).judged
    assert judged[:, 0].all()
    assert judged[:, 1].tolist() == gold_arrays(splits.train).present[:, 1].tolist()
    assert not judged[:, 2].any()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ('corpus.labelled=["rail", "harbor"]', "labelled names harbor; expected topics among rail, dam, harbour"),
        ("encoder.blend=true", r"'harbour' has 0 positive .* encoder.blend = false learn it from its definition"),
    ],
)
def test_what_a_definition_cannot_mend_is_said_before_training(
    train_tiny, with_harbour: list[str], setting: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        train_tiny(*with_harbour, 'corpus.labelled=["rail", "dam"]', setting)


def test_validation_without_a_topic_is_refused_before_training(tiny: Path, overrides: list[str]) -> None:
    config = load_config(tiny / "config.toml", overrides)
    splits = load_splits(config)
    bare = Corpus(tuple(replace(example, labels=()) for example in splits.validation.examples), splits.taxonomy)
    with pytest.raises(DataError, match=r"encoder\.metric joint_macro_f1 is undefined on validation"):
        fine_tune(replace(splits, parts={**splits.parts, "validation": bare}), config, None)
