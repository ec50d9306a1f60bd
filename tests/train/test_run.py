"""Whole runs on the tiny corpus: what they leave behind, and that they repeat."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from communique.model.bundle import article_hash, load_bundle
from communique.model.errors import CommuniqueError
from communique.model.predict import predict
from communique.serve import load
from communique.train.config import TrainingConfig
from communique.train.config_file import load_config
from communique.train.data import Splits, load_splits
from communique.train.run import RunResult, headline
from communique.train.run_folder import export_bundle

Train = Callable[..., RunResult]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow", "ignore::UserWarning:mlflow")
EXCLUSIVE = """
exclusive = true
[[topics]]
name = "sport"
definition = "Games and matches."
stance = false
[[topics]]
name = "money"
definition = "Prices and wages."
stance = false
[[topics]]
name = "other"
definition = "Anything else."
stance = false
"""
MIXED = """
stances = ["pro", "contra"]
[[topics]]
name = "tax"
definition = "A tax on sugar."
[[topics]]
name = "vote"
definition = "A vote on a date."
stance = false
"""
CONFIG = """
name = "other"
[corpus]
taxonomy = "taxonomy.toml"
{corpus}
[split]
validation = 0.3
test = 0.2
[model]
family = "linear"
[linear]
min_df = 1
[head]
regularisation = [1.0]
[calibration]
prior = {prior}
[tracking]
log_model = false
[output]
bundle = "bundle"
runs = "runs"
"""


def test_run_folder(trained: RunResult) -> None:
    names = {path.relative_to(trained.folder).as_posix() for path in trained.folder.rglob("*") if path.is_file()}
    plots = {"confusion", "precision-recall", "reliability"}
    assert trained.folder.name == trained.run_id
    assert names >= {"config.json", "splits.csv", "bundle/bundle.json"}
    assert {name for name in names if name.startswith("evaluation/")} == {
        f"evaluation/{split}{end}"
        for split in ("validation", "test")
        for end in (".json", *(f"-{plot}.png" for plot in plots))
    }


def test_resolved_config_is_written(trained: RunResult, tiny: Path) -> None:
    written = TrainingConfig.model_validate_json((trained.folder / "config.json").read_text("utf-8"))
    assert written == TrainingConfig.model_validate(load_bundle(trained.bundle).manifest.config)
    assert written.name == "trained"
    assert written.corpus.paths == (tiny / "corpus.jsonl",)
    assert written.linear.max_terms == 60_000


def test_splits_are_written(trained: RunResult, tiny_splits: Splits) -> None:
    with (trained.folder / "splits.csv").open(encoding="utf-8", newline="") as lines:
        written = {row["article"]: row["split"] for row in csv.DictReader(lines)}
    assert written == {article: name for name, part in tiny_splits.parts.items() for article in part.articles}


@pytest.mark.parametrize("split", ["validation", "test"])
def test_evaluation_is_written(trained: RunResult, tiny_splits: Splits, split: str) -> None:
    report = json.loads((trained.folder / "evaluation" / f"{split}.json").read_text("utf-8"))
    assert report == trained.reports[split]
    assert report["n_paragraphs"] == len(tiny_splits.parts[split])
    assert report["per_pair"].keys() >= {"rail/favor", "dam/neutral"}
    assert report["joint_macro_f1"] > 0.8


def test_exported_bundle_is_the_run_folders(trained: RunResult, tiny: Path) -> None:
    assert trained.bundle == tiny / "bundles" / "trained"
    assert load_bundle(trained.bundle).sha256 == load_bundle(trained.folder / "bundle").sha256


def test_manifest(trained: RunResult, tiny_splits: Splits) -> None:
    manifest = load_bundle(trained.bundle).manifest
    assert manifest.taxonomy == tiny_splits.taxonomy
    assert set(manifest.trained_on) == {article_hash(article) for article in tiny_splits.train.articles}
    assert manifest.metrics["test"] == headline(trained.reports["test"])
    assert manifest.corpus["sha256"] == tiny_splits.sha256
    assert manifest.corpus["n_validation"] == len(tiny_splits.validation)


def test_the_reference_for_drift_is_of_validation(trained: RunResult, tiny_splits: Splits) -> None:
    bundle = load_bundle(trained.bundle)
    reference = bundle.manifest.reference
    assert reference is not None
    assert reference.paragraphs == len(tiny_splits.validation)
    predicted = predict(bundle, tiny_splits.validation.texts)
    confidence = [one.confidence for one in predicted]
    assert min(confidence) <= reference.confidence <= max(confidence)
    for column, probability in enumerate(reference.probability):
        found = [one.all_topics[column].probability for one in predicted]
        assert min(found) <= probability <= max(found)


def test_model_card_has_the_numbers(trained: RunResult) -> None:
    assert f"{trained.reports['test']['exact_match']:.3f}" in (trained.bundle / "README.md").read_text("utf-8")


def test_predictions_survive_reloading(trained: RunResult, tiny_splits: Splits) -> None:
    texts = tiny_splits.parts["test"].texts
    before, after = (predict(load_bundle(folder), texts) for folder in (trained.folder / "bundle", trained.bundle))
    assert before == after
    assert len({p.confidence for p in before}) > 5


def test_same_config_gives_the_same_metrics(trained: RunResult, twin: RunResult) -> None:
    assert twin.run_id != trained.run_id
    assert twin.reports == trained.reports


def test_same_config_gives_the_same_weights(trained: RunResult, twin: RunResult) -> None:
    weights = [(run.bundle / "model.safetensors").read_bytes() for run in (trained, twin)]
    assert weights[0] == weights[1]


def test_headline_has_numbers_and_intervals_only(trained: RunResult) -> None:
    brief = headline(trained.reports["test"])
    assert brief["joint_macro_f1"] == trained.reports["test"]["joint_macro_f1"]
    assert {type(value) for key, value in brief.items() if key != "intervals"} <= {int, float, type(None)}


def test_nothing_is_exported_unless_asked(tiny: Path, client: MlflowClient) -> None:
    from communique.train.run import train

    config = load_config(tiny / "config.toml", ["output.bundle=never"])
    result = train(config, export=False, only={"validation"})
    assert result.bundle == result.folder / "bundle"
    assert not (tiny / "never").exists()
    assert list(result.reports) == ["validation"]


def test_export_replaces_an_older_bundle(trained: RunResult, tmp_path: Path) -> None:
    older = tmp_path / "bundle"
    export_bundle(trained.bundle, older)
    (older / "model.safetensors").write_bytes(b"old")
    assert load_bundle(export_bundle(trained.bundle, older)).sha256 == load_bundle(trained.bundle).sha256
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_export_does_not_delete_what_is_no_bundle(trained: RunResult, tmp_path: Path) -> None:
    precious = tmp_path / "thesis.txt"
    precious.write_text("years of work", encoding="utf-8")
    with pytest.raises(CommuniqueError):
        export_bundle(trained.bundle, tmp_path)
    assert precious.exists()


def test_mixed_taxonomy(tmp_path: Path, train_tiny: Train) -> None:
    """Other topics, other stances, one topic without any, a share for each topic."""
    said = {"pro": "hailed the sugar tax", "contra": "cursed the sugar tax"}
    rows = []
    for i in range(48):
        stance = list(said)[i // 4 % 2]
        kinds = [
            (f"Number {i} {said[stance]}.", [{"topic": "tax", "stance": stance}]),
            (f"On day {i} a ballot was held.", [{"topic": "vote"}]),
            (f"Ballot {i}: they {said[stance]}.", [{"topic": "tax", "stance": stance}, {"topic": "vote"}]),
            (f"Rain fell for {i} hours.", []),
        ]
        text, labels = kinds[i % 4]
        rows.append({"article": f"a{i // 2}", "paragraph": i % 2, "text": text, "labels": labels})
    (tmp_path / "c.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "taxonomy.toml").write_text(MIXED, encoding="utf-8")
    text = CONFIG.format(corpus='paths = ["c.jsonl"]', prior="{ tax = 0.2, vote = 0.1 }")
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    result = train_tiny(config=tmp_path / "config.toml")
    assert result.reports["test"]["per_pair"].keys() == {"tax/pro", "tax/contra", "vote"}
    assert result.reports["test"]["joint_macro_f1"] > 0.8
    tax, vote = load(result.bundle).tag_paragraphs(["They cursed the sugar tax."])[0].all_topics
    assert (tax.stance, sorted(tax.stances), vote.stances, vote.stance) == ("contra", ["contra", "pro"], {}, None)
    assert load_bundle(result.bundle).manifest.calibration.prior.tolist() == [0.2, 0.1]


def test_exclusive_taxonomy_from_scalar_labels(tmp_path: Path, train_tiny: Train) -> None:
    """One label column, no ids: every row is an article of its own."""
    kinds = [("The match ended {0} to {1}.", "Sport"), ("Bread costs {0} crowns.", "Economy"), ("Fog, {0}.", "n.a.")]
    rows = [(kinds[i % 3][0].format(i, i + 1), kinds[i % 3][1]) for i in range(60)]
    with (tmp_path / "data.csv").open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([("body", "class"), *rows])
    (tmp_path / "taxonomy.toml").write_text(EXCLUSIVE, encoding="utf-8")
    corpus = """paths = ["data.csv"]
[corpus.mapping]
text = "body"
label = "class"
values = { Sport = "sport", Economy = "money", "n.a." = "other" }"""
    text = CONFIG.format(corpus=corpus, prior='"corpus"')
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    result = train_tiny(config=tmp_path / "config.toml")
    assert result.reports["test"]["per_pair"].keys() == {"sport", "money", "other"}
    assert result.reports["test"]["joint_macro_f1"] > 0.8
    assert result.reports["test"]["stance_macro_f1"] is None
    tagged = load(result.bundle).tag_paragraphs(["The match ended.", "Bread costs more.", "Entirely unseen wording"])
    assert [[topic.name for topic in p.topics] for p in tagged][:2] == [["sport"], ["money"]]
    assert len(tagged[2].topics) == 1
    assert sum(topic.probability for topic in tagged[2].all_topics) == pytest.approx(1.0)


def test_split_of_rows_without_ids_keeps_copies_together(tmp_path: Path, tiny: Path) -> None:
    with (tmp_path / "data.csv").open("w", encoding="utf-8", newline="") as lines:
        rows = [(f"Word{i // 2} alone{i // 2}", ["rail/favor", "dam/against", "none"][i % 3]) for i in range(60)]
        csv.writer(lines).writerows([("text", "kind"), *rows])
    overrides = [f"corpus.paths=['{tmp_path}/data.csv']", "corpus.mapping.label=kind"]
    parts = load_splits(load_config(tiny / "config.toml", overrides)).parts
    texts = [set(part.texts) for part in parts.values()]
    assert len(set.union(*texts)) == sum(map(len, texts)) == 30
