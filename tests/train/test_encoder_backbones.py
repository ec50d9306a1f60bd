"""Backbones that need a hub, as tiny random weights of the same architecture and the same kind of tokenizer."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

from communique.model.bundle import load_bundle

CONFIGS = Path(__file__).parents[2] / "configs"
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
DEBERTA_V3 = {  # what distinguishes the third version: relative positions in buckets, shared projections
    **SIZES,
    "relative_attention": True,
    "position_buckets": 16,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "max_relative_positions": -1,
    "position_biased_input": False,
    "type_vocab_size": 0,
    "max_position_embeddings": 64,
}
MODERNBERT = {  # every third layer attends to all, the others to their neighbours
    **SIZES,
    "num_hidden_layers": 3,
    "global_attn_every_n_layers": 3,
    "local_attention": 8,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "cls_token_id": 1,
    "bos_token_id": 1,
    "sep_token_id": 2,
    "eos_token_id": 2,
}


def pieces(texts: list[str]) -> Tokenizer:
    """Unigram pieces with spaces as part of them, as SentencePiece makes for DeBERTa-v3."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=200, special_tokens=SPECIAL, unk_token="[UNK]", show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def byte_pairs(texts: list[str]) -> Tokenizer:
    """Pairs of bytes, as for ModernBERT."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


BACKBONES = {"deberta-v2": (DEBERTA_V3, pieces), "modernbert": (MODERNBERT, byte_pairs)}


@pytest.fixture(params=BACKBONES, scope="session")
def backbone(request: pytest.FixtureRequest, tiny_rows: list, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings, tokenizer_of = BACKBONES[request.param]
    tokenizer = tokenizer_of([row["text"] for row in tiny_rows])
    ends = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=ends)
    folder = tmp_path_factory.mktemp(request.param)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = AutoConfig.for_model(request.param, vocab_size=tokenizer.get_vocab_size(), **settings)
    AutoModel.from_config(config).save_pretrained(folder)
    return folder


def test_a_config_for_the_hub_goes_all_the_way(train_tiny, tiny: Path, backbone: Path, tmp_path: Path) -> None:
    config = CONFIGS / f"{'deberta' if 'deberta' in backbone.name else 'modernbert'}.toml"
    data = [f'corpus.paths=["{tiny / "corpus.jsonl"}"]', f"corpus.taxonomy={tiny / 'taxonomy.toml'}"]
    small = ["model.max_length=48", "encoder.epochs=1", "linear.min_df=1", "tracking.log_model=false"]
    places = [f"output.bundle={tmp_path / 'bundle'}", f"output.runs={tmp_path / 'runs'}"]
    result = train_tiny(*data, f"model.backbone={backbone}", *small, *places, config=config)
    text = "The mayor praised the new railway line. It rained all day long at the great river dam, and nobody came."
    short, long = load_bundle(result.bundle).classifier.scores([text[:39], f"{text} {text}"]).evidence
    assert all(span is not None and span.text for span in [*short, *long])
