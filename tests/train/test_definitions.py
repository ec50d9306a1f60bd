import json
from pathlib import Path

import numpy as np
import pytest
import torch

from communique.model.corpus import Corpus, Example
from communique.model.taxonomy import Taxonomy, load_taxonomy
from communique.train.config_file import load_config
from communique.train.data import load_splits
from communique.train.definitions import cosines, definition_labels, likely
from communique.train.encoder import fine_tune
from communique.train.encoder_start import build_encoder, save_encoder

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


def test_the_nearest_share_is_likely() -> None:
    nearness = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    probability = likely(nearness, 0.2)
    np.testing.assert_allclose((probability > 0.5).mean(axis=0), 0.2, atol=0.01)
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

    save_encoder(encoder, tokenizer, tmp_path / "earlier")
    config = load_config(tiny / "config.toml", [*overrides, f"model.backbone={tmp_path / 'earlier'}"])
    again, tokenizer = build_encoder(taxonomy, config)
    soft = definition_labels(corpus, corpus.texts, again, tokenizer, config)
    assert np.isnan(soft.stance[0, 0]).all()
    ids = torch.tensor(tokenizer([TEXTS[1]])["input_ids"])
    stance = again.train(False)(input_ids=ids, attention_mask=torch.ones_like(ids)).stance_logits.softmax(dim=-1)
    np.testing.assert_allclose(soft.stance[1], stance[0].detach().numpy(), atol=1e-5)


def test_unlabelled_paragraphs_teach_a_topic(
    tiny: Path, tmp_path: Path, overrides: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    lines = [{"article": f"u{n}", "paragraph": 1, "text": text} for n, text in enumerate(TEXTS)]
    (tmp_path / "unlabelled.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    both = f'corpus.paths=["{tiny / "corpus.jsonl"}", "{tmp_path / "unlabelled.jsonl"}"]'

    def weights(*settings: str) -> torch.Tensor:
        config = load_config(tiny / "config.toml", [*overrides, both, *settings])
        return fine_tune(load_splits(config), config, tmp_path / f"runs{len(settings)}")[0].topics.detach()

    with caplog.at_level("INFO"):
        taught = weights()
    assert "definitions stand for labels on 3 of" in caplog.text
    assert not torch.equal(taught, weights("encoder.soft_labels=none"))
