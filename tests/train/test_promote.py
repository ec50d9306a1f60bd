"""The gate: the first champion, better and worse runs, and comparisons that would not be fair."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from communique.model.bundle import load_bundle
from communique.model.errors import CommuniqueError, PromotionError
from communique.serve import load
from communique.train import tracking
from communique.train.data import Splits
from communique.train.promote import Promotion, promote
from communique.train.run import RunResult

Train = Callable[..., RunResult]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow", "ignore::UserWarning:mlflow")


def promoted(client: MlflowClient, run: RunResult) -> Promotion:
    return promote(client, client.get_run(run.run_id))


def champion_run(client: MlflowClient, name: str = "tiny") -> str:
    return client.get_model_version_by_alias(name, "champion").run_id


def test_first_run_becomes_champion(promotions: list[Promotion], poor: RunResult) -> None:
    first = promotions[0]
    assert (first.run_id, first.version, first.replaced, first.comparison) == (poor.run_id, "1", None, None)


def test_better_run_replaces_it(
    promotions: list[Promotion], trained: RunResult, poor: RunResult, client: MlflowClient
) -> None:
    second = promotions[1]
    assert (second.run_id, second.version, second.replaced) == (trained.run_id, "2", "1")
    assert champion_run(client) == trained.run_id
    expected = [run.reports["validation"]["joint_macro_f1"] for run in (trained, poor)]
    assert [second.comparison["a"], second.comparison["b"]] == pytest.approx(expected)
    assert second.comparison["difference"] == pytest.approx(expected[0] - expected[1])
    assert second.comparison["difference"] > 0


def test_champion_is_exported(promotions: list[Promotion], trained: RunResult, tiny: Path) -> None:
    assert promotions[1].bundle == tiny / "bundles" / "champion"
    assert load_bundle(promotions[1].bundle).sha256 == load_bundle(trained.bundle).sha256


@pytest.mark.usefixtures("promotions", "client")
def test_registry_name_predicts_as_the_folder(trained: RunResult, tiny_splits: Splits) -> None:
    texts = tiny_splits.parts["test"].texts
    assert load("models:/tiny@champion").tag_paragraphs(texts) == load(trained.bundle).tag_paragraphs(texts)


@pytest.mark.usefixtures("promotions", "client")
def test_unknown_name_in_the_registry() -> None:
    with pytest.raises(CommuniqueError, match="models:/nobody@champion is not in the registry sqlite"):
        load("models:/nobody@champion")


@pytest.mark.usefixtures("promotions")
@pytest.mark.parametrize(
    ("fixture", "message"),
    [
        ("trained", r"is the champion already \(version 2\)"),
        ("twin", "not better on validation: joint_macro_f1 .*difference .0.0000"),
        ("poor", "not better on validation: joint_macro_f1 .*difference -0"),
    ],
)
def test_run_that_is_not_better(
    fixture: str, message: str, request: pytest.FixtureRequest, client: MlflowClient, trained: RunResult
) -> None:
    with pytest.raises(PromotionError, match=message):
        promoted(client, request.getfixturevalue(fixture))
    assert champion_run(client) == trained.run_id
    assert len(client.search_model_versions("name='tiny'")) == 2


@pytest.mark.usefixtures("promotions")
@pytest.mark.parametrize(
    ("gate", "message"),
    [
        (["promotion.min_difference=1.1"], "the gate asks for more than .1.1"),
        (["promotion.metric=ece_topic", "linear.min_df=15"], "not better on validation: ece_topic .*difference -0"),
    ],
)
def test_gate_is_the_runs(train_tiny: Train, client: MlflowClient, gate: list[str], message: str) -> None:
    """Against `trained`; of an error, less is better."""
    with pytest.raises(PromotionError, match=message):
        promoted(client, train_tiny("tracking.log_model=true", *gate))


def test_share_of_replicates_counts(train_tiny: Train, client: MlflowClient) -> None:
    """A run that is better overall, yet not in 99 % of the replicates."""
    worse, better = (
        train_tiny("tracking.log_model=true", "tracking.model_name=close", f"linear.min_df={min_df}", *gate)
        for min_df, gate in ((8, []), (10, ["promotion.min_share_better=0.99"]))
    )
    promoted(client, worse)
    with pytest.raises(PromotionError, match=r"difference \+0\..* better in 9\d%"):
        promoted(client, better)


@pytest.mark.usefixtures("promotions")
def test_metric_the_model_has_no_value_of(train_tiny: Train, client: MlflowClient) -> None:
    run = train_tiny("tracking.log_model=true", "promotion.metric=holder_exact")
    with pytest.raises(PromotionError, match="holder_exact"):
        promoted(client, run)


def test_altered_bundle_is_refused(train_tiny: Train, client: MlflowClient) -> None:
    run = train_tiny("tracking.log_model=true", "tracking.model_name=altered")
    weights = tracking.bundle_of_run(client, client.get_run(run.run_id)) / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(PromotionError, match=r"has no working bundle: .*model\.safetensors was altered"):
        promoted(client, run)
    assert tracking.current_champion(client, "altered") is None


def test_run_without_a_model_is_refused(train_tiny: Train, client: MlflowClient) -> None:
    with pytest.raises(PromotionError, match=r"has no working bundle: .*logged no model"):
        promoted(client, train_tiny("tracking.model_name=bare"))


@pytest.mark.parametrize("status", ["FAILED", "KILLED"])
def test_unfinished_run_is_refused(client: MlflowClient, status: str) -> None:
    run = client.create_run(client.create_experiment(f"unfinished {status}"))
    client.set_terminated(run.info.run_id, status)
    with pytest.raises(PromotionError, match=f"is {status}, not FINISHED"):
        promote(client, client.get_run(run.info.run_id))


@pytest.fixture
def shifted(tiny_splits: Splits, tmp_path: Path) -> Path:
    """A split file that swaps validation with as much of the training articles."""
    sides = [list(dict.fromkeys(part.articles)) for part in (tiny_splits.validation, tiny_splits.train)]
    lines = [f"{article},validation\n" for article in sides[1][: len(sides[0])]]
    (tmp_path / "splits.csv").write_text("article,split\n" + "".join(lines), encoding="utf-8")
    return tmp_path / "splits.csv"


@pytest.mark.usefixtures("promotions")
def test_champion_trained_on_validation_is_refused(
    train_tiny: Train, client: MlflowClient, shifted: Path, trained: RunResult
) -> None:
    run = train_tiny("tracking.log_model=true", f"corpus.splits={shifted}")
    with pytest.raises(PromotionError, match=r"the champion was trained on \d+ of the validation articles"):
        promoted(client, run)
    assert champion_run(client) == trained.run_id


def test_run_trained_on_todays_validation_is_refused(
    train_tiny: Train, client: MlflowClient, shifted: Path, tiny_splits: Splits
) -> None:
    """The split file changes between training and promotion."""
    run = train_tiny("tracking.log_model=true", "tracking.model_name=moved", f"corpus.splits={shifted}")
    first = next(iter(tiny_splits.validation.articles))
    shifted.write_text(f"article,split\n{first},validation\n", encoding="utf-8")
    with pytest.raises(PromotionError, match="the run was trained on 1 of the validation articles"):
        promoted(client, run)


@pytest.mark.usefixtures("promotions")
def test_other_taxonomy_is_not_compared(train_tiny: Train, client: MlflowClient, tiny: Path, tmp_path: Path) -> None:
    text = (tiny / "taxonomy.toml").read_text("utf-8").replace('"neutral"', '"neutral", "torn"')
    (tmp_path / "taxonomy.toml").write_text(text, encoding="utf-8")
    run = train_tiny("tracking.log_model=true", f"corpus.taxonomy={tmp_path}/taxonomy.toml")
    with pytest.raises(CommuniqueError, match=r"topics and stances .* differ from"):
        promoted(client, run)


def test_unreachable_registry_is_not_an_empty_one(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> Any:
        raise MlflowException("the server does not answer")

    monkeypatch.setattr(mlflow.tracking.MlflowClient, "get_model_version_by_alias", refused)
    with pytest.raises((MlflowException, CommuniqueError)):
        tracking.current_champion(client, "tiny")
