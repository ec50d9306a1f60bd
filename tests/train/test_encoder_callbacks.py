import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import TrainerCallback

from communique.model.corpus import Corpus
from communique.model.errors import ConfigError
from communique.train.config import TrainingConfig
from communique.train.config_file import load_config
from communique.train.data import load_splits
from communique.train.encoder import build_trainer, fine_tune
from communique.train.encoder_callbacks import STEPS
from communique.train.encoder_data import ParagraphDataset
from communique.train.encoder_start import build_encoder
from communique.train.run_folder import last_checkpoint


@pytest.fixture
def config(tiny: Path, tiny_backbone: Path) -> TrainingConfig:
    overrides = ["model.family=encoder", f"model.backbone={tiny_backbone}", "model.max_length=48"]
    return load_config(tiny / "config.toml", overrides)


def test_an_encoder_that_lost_its_input_ends_the_training(config: TrainingConfig, tmp_path: Path) -> None:
    splits = load_splits(config)
    model, tokenizer = build_encoder(splits.taxonomy, config)
    data = ParagraphDataset(splits.validation, splits.inputs("validation"), tokenizer, 48)
    trainer = build_trainer(model, {"train": data, "validation": data}, splits.validation, 0, config, tmp_path)
    with torch.no_grad():
        model.topic_out.weight.normal_(std=100.0)  # the tiny backbone says little
    trainer.state.global_step = STEPS
    assert trainer.evaluate()["eval_topic_logit_spread"] > 0.05
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


class Killed(BaseException):
    """As SIGKILL: nothing catches it."""


class KillAfterEpoch(TrainerCallback):
    """Dies as a killed process would: after the first epoch's checkpoint, in the second."""

    def on_step_end(self, args, state, control, **_) -> None:
        if state.epoch > 1:
            raise Killed


def finished(config: TrainingConfig, checkpoints: Path) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
    model, _, facts = fine_tune(load_splits(config), config, checkpoints)
    return model.state_dict(), facts


def forget_the_clock(checkpoints: Path) -> None:
    """As checkpoints were before there was one."""
    for path in checkpoints.glob("*/trainer_state.json"):
        state = json.loads(path.read_text("utf-8"))
        del state["stateful_callbacks"]["Clock"]
        path.write_text(json.dumps(state), encoding="utf-8")


def test_a_killed_run_resumes_exactly(config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    longer = {"epochs": 3, "batch_size": 8, "metric": "topic_macro_f1"}
    config = config.model_copy(update={"encoder": config.encoder.model_copy(update=longer)})
    whole, facts = finished(config, tmp_path / "whole")
    assert facts["earlier_seconds"] == 0.0
    with monkeypatch.context() as patch:
        patch.setattr("communique.train.encoder.StepLog", KillAfterEpoch)
        with pytest.raises(Killed):
            finished(config, tmp_path / "cut")
    assert last_checkpoint(tmp_path / "cut") is not None
    forget_the_clock(shutil.copytree(tmp_path / "cut", tmp_path / "older"))
    resumed, facts = finished(config, tmp_path / "cut")
    assert facts["earlier_seconds"] > 0.0
    assert finished(config, tmp_path / "older")[1]["earlier_seconds"] == 0.0
    for name, weight in whole.items():
        assert torch.equal(resumed[name], weight), name


def test_training_stops_when_validation_has_not_gained(config: TrainingConfig, tmp_path: Path) -> None:
    still = {"epochs": 6, "patience": 2, "learning_rate": 1e-12, "head_learning_rate": 1e-12}
    still |= {"metric": "topic_macro_f1"}
    config = config.model_copy(update={"encoder": config.encoder.model_copy(update=still)})
    assert finished(config, tmp_path)[1]["epochs"] == 3.0


def test_the_last_epoch_is_kept_if_asked(config: TrainingConfig, tmp_path: Path) -> None:
    """Rates at which the metric stays where it was: the best epoch is the first."""
    last = {"epochs": 3, "patience": 1, "keep": "last", "learning_rate": 1e-12, "head_learning_rate": 1e-12}
    config = config.model_copy(update={"encoder": config.encoder.model_copy(update=last)})
    unlabelled = tuple(replace(example, labels=None) for example in load_splits(config).validation.examples)
    splits = load_splits(config)
    blind = replace(splits, parts={**splits.parts, "validation": Corpus(unlabelled, splits.taxonomy)})
    facts = fine_tune(blind, config, tmp_path)[2]
    assert facts["epochs"] == 3.0
    assert facts["best_validation"] == 0.0
