"""A tiny invented corpus with its config, and one MLflow store for the whole session."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from communique.model.taxonomy import Taxonomy, load_taxonomy
from communique.train import tracking
from communique.train.config import TrainingConfig
from communique.train.config_file import load_config
from communique.train.data import Splits, load_splits
from communique.train.promote import Promotion, promote
from communique.train.run import RunResult, train

Train = Callable[..., RunResult]
TOPICS = {"rail": "new railway line", "dam": "great river dam"}
STANCES = {"favor": "warmly praised", "against": "flatly rejected", "neutral": "briefly mentioned"}
WORDS = "amber birch cedar dune elm fjord grove heath islet juniper kelp larch moor north otter pine quay reed".split()
TAXONOMY = """
stances = ["favor", "against", "neutral"]
[[topics]]
name = "rail"
definition = "Building a railway."
[[topics]]
name = "dam"
definition = "Building a dam."
"""
CONFIG = """
name = "tiny"
[corpus]
paths = ["corpus.jsonl"]
taxonomy = "taxonomy.toml"
[split]
validation = 0.3
test = 0.2
[model]
family = "linear"
[linear]
min_df = 1
[head]
regularisation = [1.0]
[tracking]
model_name = "tiny"
log_model = false
[output]
bundle = "bundles/tiny"
runs = "runs"
[promotion]
export = "bundles/champion"
"""


def paragraph(i: int) -> tuple[str, list[dict[str, str]]]:
    """The text and labels of one invented paragraph: two of five without a topic."""
    filler = random.Random(i).choices(WORDS, k=8)
    if i % 5 >= 3:
        return f"Nothing but {' '.join(filler)} was seen at the market.", []
    topic, stance = list(TOPICS)[i % 2], list(STANCES)[i // 2 % 3]
    text = f"The mayor of {' '.join(filler[:4])} {STANCES[stance]} the {TOPICS[topic]} near {' '.join(filler[4:])}."
    return text, [{"topic": topic, "stance": stance, "holder": "The mayor"}]


@pytest.fixture(scope="session")
def tiny_rows() -> list[dict[str, Any]]:
    """60 paragraphs in 20 articles, as corpus lines."""
    parts = [(i, *paragraph(i)) for i in range(60)]
    return [
        {"article": f"a{i // 3:02}", "paragraph": i % 3 + 1, "text": text, "labels": labels}
        for i, text, labels in parts
    ]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, tiny_rows: list[dict[str, Any]]) -> Path:
    """A folder with corpus.jsonl, taxonomy.toml and config.toml."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in tiny_rows), encoding="utf-8")
    (folder / "taxonomy.toml").write_text(TAXONOMY, encoding="utf-8")
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny_config(tiny: Path) -> TrainingConfig:
    return load_config(tiny / "config.toml")


@pytest.fixture(scope="session")
def tiny_taxonomy(tiny: Path) -> Taxonomy:
    return load_taxonomy(tiny / "taxonomy.toml")


@pytest.fixture(scope="session")
def tiny_splits(tiny_config: TrainingConfig) -> Splits:
    return load_splits(tiny_config)


@pytest.fixture(scope="session")
def embedded_splits() -> Splits:
    """The embedded corpus with its frozen splits."""
    config = {"name": "x", "model": {"family": "linear"}, "output": {"bundle": "x"}}
    return load_splits(TrainingConfig.model_validate(config))


@pytest.fixture(scope="session")
def at_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], AbstractContextManager[MlflowClient]]]:
    """A context in which MLflow's store and its artifacts lie in a folder of this session."""
    folder = tmp_path_factory.mktemp("mlflow")

    @contextmanager
    def entered() -> Iterator[MlflowClient]:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
            yield tracking.connect(f"sqlite:///{folder}/mlflow.db", create=True)

    yield entered
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


@pytest.fixture
def client(at_store: Callable[[], AbstractContextManager[MlflowClient]]) -> Iterator[MlflowClient]:
    """The session's MLflow store, with the environment pointing at it during the test."""
    with at_store() as client:
        yield client


@pytest.fixture(scope="session")
def train_tiny(tiny: Path, at_store: Callable[[], AbstractContextManager[MlflowClient]]) -> Train:
    """Train the tiny config with `--set` overrides."""

    def run(*overrides: str, config: Path = tiny / "config.toml") -> RunResult:
        with at_store():
            return train(load_config(config, overrides))

    return run


@pytest.fixture(scope="session")
def trained(train_tiny: Train) -> RunResult:
    """A finished run with a logged model."""
    return train_tiny("name=trained", "tracking.log_model=true", "output.bundle=bundles/trained")


@pytest.fixture(scope="session")
def twin(train_tiny: Train) -> RunResult:
    """The same config as `trained`, once more."""
    return train_tiny("name=trained", "tracking.log_model=true", "output.bundle=bundles/twin")


@pytest.fixture(scope="session")
def poor(train_tiny: Train) -> RunResult:
    """A worse run: only words that nearly every paragraph has."""
    return train_tiny("name=poor", "tracking.log_model=true", "linear.min_df=15", "output.bundle=bundles/poor")


@pytest.fixture(scope="session")
def promotions(
    at_store: Callable[[], AbstractContextManager[MlflowClient]], poor: RunResult, trained: RunResult
) -> list[Promotion]:
    """`poor` becomes the first champion, `trained` the second."""
    with at_store() as client:
        return [promote(client, client.get_run(run.run_id)) for run in (poor, trained)]


@pytest.fixture(scope="session")
def tiny_backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of random weights with a word-piece vocabulary of letters and a few words."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("backbone")
    words = (
        "the mayor of praised rejected mentioned warmly flatly briefly new railway line great river dam near".split()
    )
    letters = "abcdefghijklmnopqrstuvwxyz."
    vocabulary = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *words,
        *letters,
        *(f"##{letter}" for letter in letters),
    ]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(vocabulary), max_position_embeddings=64, **sizes)).save_pretrained(folder)
    return folder
