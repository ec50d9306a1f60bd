from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from tokenizers import processors
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

from communique.model.bundle import load_bundle
from communique.model.errors import ConfigError
from communique.model.taxonomy import Taxonomy, Topic
from communique.train.backbone import load_backbone
from communique.train.config import TrainingConfig
from communique.train.config_file import load_config
from communique.train.data import load_splits
from communique.train.encoder_model import Encoder
from communique.train.encoder_start import build_encoder, is_encoder, refuse_long_windows, save_encoder
from communique.train.run import RunResult

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow", "ignore::UserWarning:mlflow")
NEW = Topic(name="tariffs", definition="Duties on imported goods.")
IDS = torch.tensor([[2, 6, 7, 3]])


@pytest.fixture
def config(tiny: Path, tiny_backbone: Path) -> TrainingConfig:
    return load_config(
        tiny / "config.toml", ["model.family=encoder", f"model.backbone={tiny_backbone}", "model.max_length=48"]
    )


@pytest.fixture
def earlier(config: TrainingConfig, tmp_path: Path) -> tuple[Taxonomy, Encoder, str]:
    """A taxonomy, an encoder with weights that no backbone has, and where it is kept."""
    taxonomy = load_splits(config).taxonomy
    encoder, tokenizer = build_encoder(taxonomy, config)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    save_encoder(encoder, tokenizer, tmp_path / "encoder")
    return taxonomy, encoder, str(tmp_path / "encoder")


def starting_from(backbone: str, config: TrainingConfig) -> TrainingConfig:
    return config.model_copy(update={"model": config.model.model_copy(update={"backbone": backbone})})


def test_the_same_taxonomy_goes_on_unchanged(earlier: tuple[Taxonomy, Encoder, str], config: TrainingConfig) -> None:
    taxonomy, encoder, folder = earlier
    again, _ = build_encoder(taxonomy, starting_from(folder, config))
    for model in (encoder, again):
        model.train(False)
    mask = torch.ones_like(IDS)
    before, after = encoder(input_ids=IDS, attention_mask=mask), again(input_ids=IDS, attention_mask=mask)
    torch.testing.assert_close(before.topic_logits, after.topic_logits)
    torch.testing.assert_close(before.stance_logits, after.stance_logits)


def test_known_topics_move_with_their_names_and_new_ones_start_from_definitions(
    earlier: tuple[Taxonomy, Encoder, str], config: TrainingConfig
) -> None:
    taxonomy, encoder, folder = earlier
    wider = Taxonomy(stances=taxonomy.stances, topics=(NEW, taxonomy.topics[1]))
    started, tokenizer = build_encoder(wider, starting_from(folder, config))
    torch.testing.assert_close(started.topics[1], encoder.topics[1])
    words = tokenizer(NEW.definition, return_tensors="pt")["input_ids"]
    definition = started.backbone.get_input_embeddings()(words).mean(dim=1)[0]
    torch.testing.assert_close(started.topics[0], definition)
    assert started.topic_bias[0].item() == pytest.approx(encoder.topic_bias.mean().item())


def test_other_stances_are_refused(earlier: tuple[Taxonomy, Encoder, str], config: TrainingConfig) -> None:
    taxonomy, _, folder = earlier
    other = Taxonomy(stances=tuple(reversed(taxonomy.stances)), topics=taxonomy.topics)
    with pytest.raises(ConfigError, match="in the same order"):
        build_encoder(other, starting_from(folder, config))


def test_a_damaged_encoder_is_said(earlier: tuple[Taxonomy, Encoder, str], config: TrainingConfig) -> None:
    taxonomy, _, folder = earlier
    (Path(folder) / "model.safetensors").unlink()
    with pytest.raises(ConfigError, match="cannot be loaded"):
        build_encoder(taxonomy, starting_from(folder, config))


def test_a_run_keeps_its_weights_if_asked_and_another_goes_on(
    train_tiny: Callable[..., RunResult], tiny_backbone: Path
) -> None:
    settings = ["model.family=encoder", "model.max_length=48", "encoder.epochs=1"]
    first = train_tiny(*settings, f"model.backbone={tiny_backbone}", "encoder.keep_weights=true")
    kept = first.folder / "encoder"
    assert is_encoder(str(kept))
    second = train_tiny(*settings, f"model.backbone={kept}", "output.bundle=bundles/second", "name=second")
    assert load_bundle(second.bundle).manifest.config["model"]["backbone"] == str(kept)
    assert not (second.folder / "encoder").exists()


def test_windows_that_the_backbone_has_no_positions_for_are_refused(config: TrainingConfig) -> None:
    long = config.model_copy(update={"model": config.model.model_copy(update={"max_length": 8000})})
    with pytest.raises(ConfigError, match=r"max_length = 8000, .* the 2 topics takes one; expected at most 62"):
        build_encoder(load_splits(long).taxonomy, long)
    refuse_long_windows(SimpleNamespace(max_position_embeddings=514, pad_token_id=1, model_type="mpnet"), 3, 509)
    with pytest.raises(ConfigError, match="at most 509"):
        refuse_long_windows(SimpleNamespace(max_position_embeddings=514, pad_token_id=1, model_type="mpnet"), 3, 510)


def test_a_backbone_in_half_precision_is_trained_in_full(config: TrainingConfig, tmp_path: Path) -> None:
    backbone, tokenizer = load_backbone(config.model.backbone)
    backbone.half().save_pretrained(tmp_path / "half")
    tokenizer.save_pretrained(tmp_path / "half")
    encoder, _ = build_encoder(load_splits(config).taxonomy, starting_from(str(tmp_path / "half"), config))
    assert {parameter.dtype for parameter in encoder.parameters()} == {torch.float32}


def test_backbones_that_topics_cannot_enter_are_refused(config: TrainingConfig, tmp_path: Path) -> None:
    _, tokenizer = load_backbone(config.model.backbone)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    narrow = AutoConfig.for_model("electra", vocab_size=len(tokenizer), embedding_size=8, **sizes)
    AutoModel.from_config(narrow).save_pretrained(tmp_path / "narrow")
    tokenizer.save_pretrained(tmp_path / "narrow")
    taxonomy = load_splits(config).taxonomy
    with pytest.raises(ConfigError, match="embeds tokens in 8 dimensions and has states of 16"):
        build_encoder(taxonomy, starting_from(str(tmp_path / "narrow"), config))
    load_backbone(config.model.backbone)[0].save_pretrained(tmp_path / "bare")
    bare = tokenizer.backend_tokenizer
    bare.post_processor = processors.TemplateProcessing("$A", special_tokens=[])
    PreTrainedTokenizerFast(tokenizer_object=bare, pad_token="[PAD]").save_pretrained(tmp_path / "bare")
    with pytest.raises(ConfigError, match="puts 0 special tokens before a text"):
        build_encoder(taxonomy, starting_from(str(tmp_path / "bare"), config))
