from pathlib import Path

import pytest
import torch

from communique.model.errors import ConfigError
from communique.train.config_file import load_config
from communique.train.data import load_splits
from communique.train.encoder import build_trainer
from communique.train.encoder_callbacks import STEPS
from communique.train.encoder_data import ParagraphDataset
from communique.train.encoder_start import build_encoder


def test_an_encoder_that_lost_its_input_ends_the_training(tiny: Path, tiny_backbone: Path, tmp_path: Path) -> None:
    config = load_config(
        tiny / "config.toml", ["model.family=encoder", f"model.backbone={tiny_backbone}", "model.max_length=48"]
    )
    splits = load_splits(config)
    model, tokenizer = build_encoder(splits.taxonomy, config)
    data = ParagraphDataset(splits.validation, splits.inputs("validation"), tokenizer, 48)
    trainer = build_trainer(model, {"train": data, "validation": data}, splits.validation, 0, config, tmp_path)
    with torch.no_grad():
        model.topic_out.weight.normal_(std=100.0)  # the tiny backbone says little
    trainer.state.global_step = STEPS
    assert trainer.evaluate()["eval_topic_logit_spread"] > 0.01
    with torch.no_grad():
        model.topic_out.weight.zero_()  # the same for every text
    with pytest.raises(ConfigError, match=r"collapsed: after 100 steps .*halve encoder\.learning_rate"):
        trainer.evaluate()
    trainer.state.global_step = STEPS - 1
    trainer.evaluate()
    with torch.no_grad():
        model.topic_out.bias.fill_(float("nan"))
    with pytest.raises(ConfigError, match="diverged"):
        trainer.evaluate()
