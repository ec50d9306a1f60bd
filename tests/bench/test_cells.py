import json
import shutil
from pathlib import Path

import cells
import kept
import numpy as np
import pytest
from cells import ROOT, Cell, Rival, bundle_cell, is_of, our_cell, pair_scores, recipe, rival_cell, run_logged
from kept import marked, publish

from communique.model.bundle import load_bundle
from communique.model.corpus import Corpus, Example
from communique.model.taxonomy import Taxonomy
from communique.train.config import TrainingConfig
from communique.train.config_file import load_config
from communique.train.data import Splits, load_splits


@pytest.fixture(scope="module")
def splits() -> Splits:
    config = {"name": "x", "model": {"family": "linear"}, "output": {"bundle": "x"}}
    whole = load_splits(TrainingConfig.model_validate(config))
    parts = {name: part.only(range(min(300, len(part)))) for name, part in whole.parts.items()}
    return Splits(parts, whole.taxonomy, whole.with_title, whole.sha256)


def test_a_rivals_pairs_become_topics_and_stances(splits: Splits) -> None:
    corpus = splits.validation.only([0])
    scores = pair_scores(np.array([[0.6, 0.2, 0.2, 0.1, 0.1, 0.2, 0.5, 0.25, 0.25]]), corpus)
    np.testing.assert_allclose(1 / (1 + np.exp(-scores.topic_logits)), [[0.6, 0.2, 0.5]], atol=1e-6)
    np.testing.assert_allclose(scores.stance[0, 0], [0.6, 0.2, 0.2], atol=1e-6)


def test_a_rival_is_trained_scored_and_cached(splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "CACHE", tmp_path)
    sets = {"validation": splits.validation, "test": splits.parts["test"]}
    cell = rival_cell("SVM", Rival("svm.py"), splits, sets)
    assert cell.scores["test"].stance.shape == (300, 3, 3)
    assert min(cell.seconds or 0, cell.speed, cell.size) > 0
    (stored,) = (tmp_path / "cells").glob("svm-seed0-*.npz")
    written = stored.stat().st_mtime_ns
    rival_cell("SVM", Rival("svm.py"), splits, {"test": sets["test"], "validation": sets["validation"]})
    assert stored.stat().st_mtime_ns == written


def test_a_bundle_is_scored_once(
    bundle_folder: Path, taxonomy: Taxonomy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "CACHE", tmp_path)
    texts = ["The envoy praise the truce.", "Bakeries opened."]
    test = Corpus(tuple(Example(str(n), n, text, labels=()) for n, text in enumerate(texts)), taxonomy)
    cell = bundle_cell("keywords", bundle_folder, {"test": test})
    np.testing.assert_allclose(cell.scores["test"].stance, load_bundle(bundle_folder).classifier.scores(texts).stance)
    (stored,) = (tmp_path / "cells").glob("keywords-*.npz")
    written = stored.stat().st_mtime_ns
    assert bundle_cell("keywords", bundle_folder, {"test": test}).speed == cell.speed
    assert stored.stat().st_mtime_ns == written
    assert len(bundle_cell("keywords", bundle_folder, {"test": test.only([0])}).scores["test"].stance) == 1


def test_published_scores_stand_in_for_bundle_and_rival(
    bundle_folder: Path, splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, published = bundle_folder, tmp_path / "published"
    config = load_config(ROOT / "configs" / "linear.toml", [f"output.bundle={json.dumps(str(bundle))}"])
    content = json.loads((bundle / "bundle.json").read_text("utf-8"))
    content |= {"config": config.model_dump(mode="json"), "corpus": {"sha256": splits.sha256}}
    (bundle / "bundle.json").write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setattr(cells, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(cells, "load_config", lambda path: config)
    for module in (cells, kept):
        monkeypatch.setattr(module, "PUBLISHED", published)
    monkeypatch.setitem(cells.LONG, "linear", "is not what this test waits for")
    sets = {"validation": splits.validation, "test": splits.parts["test"].only(range(20))}

    def both() -> list[Cell]:
        return [our_cell("linear", splits, sets), rival_cell("SVM", Rival("svm.py"), splits, sets)]

    fresh = both()
    for cell in fresh:
        publish(cell.stored, sets, cell.manifest)
    for folder in (bundle, tmp_path / "cache"):
        shutil.rmtree(folder)
    for cell, before in zip(both(), fresh, strict=True):
        assert cell.stored.parent == published
        np.testing.assert_array_equal(cell.scores["test"].stance, before.scores["test"].stance)
        assert (cell.calibration, cell.speed, cell.size) == (before.calibration, before.speed, before.size)
    assert str(tmp_path) not in (published / "linear" / "bundle.json").read_text("utf-8")
    with pytest.raises(RuntimeError, match="no bundles/linear of this corpus"):
        our_cell("linear", splits, {"test": splits.parts["test"].only([0])})  # texts that it was not scored on
    monkeypatch.setattr(cells, "our_code", lambda: "other code")
    with pytest.raises(RuntimeError, match="no bundles/linear of this corpus"):
        our_cell("linear", splits, sets)


def test_scores_are_published_in_place_of_an_earlier_trainings(
    tmp_path: Path, splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "PUBLISHED", tmp_path / "published")
    sets = {"test": splits.parts["test"]}
    scores = {f"score_{marked('test', sets['test'])}": np.ones((300, 9)), "score_other-01234567": np.ones((2, 9))}
    for name in ("svm-seed0-0123456789abcdef", "svm-seed0-0123456789abcde0", "svm-seed1-0123456789abcdef"):
        np.savez(tmp_path / f"{name}.npz", speed=1.0, **scores)
        publish(tmp_path / f"{name}.npz", sets, None)
    found = sorted(path.name for path in (tmp_path / "published").iterdir())
    assert found == ["svm-seed0-0123456789abcde0.npz", "svm-seed1-0123456789abcdef.npz"]
    assert set(np.load(tmp_path / "published" / found[0]).files) == {"speed", f"score_{marked('test', sets['test'])}"}


def test_a_family_of_hours_is_not_trained_unasked(splits: Splits, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Splits(splits.parts, splits.taxonomy, splits.with_title, "another corpus")
    monkeypatch.setattr(cells, "train", lambda config: pytest.fail("trained"))
    with pytest.raises(RuntimeError, match="mpnet of this corpus and config, and training it takes an hour"):
        our_cell("mpnet", other, {})


def test_a_bundle_of_another_config_is_not_taken() -> None:
    config = load_config(ROOT / "configs" / "mpnet.toml")
    elsewhere = config.model_copy(
        update={"model": config.model.model_copy(update={"backbone": "/data/all-mpnet-base-v2"})}
    )
    longer = config.model_copy(update={"encoder": config.encoder.model_copy(update={"epochs": 4})})
    assert recipe(elsewhere) == recipe(config) != recipe(longer)


def test_a_bundle_of_this_corpus_and_config_is_taken(bundle_folder: Path, splits: Splits, tmp_path: Path) -> None:
    config = load_config(ROOT / "configs" / "linear.toml")
    stored = config.model_dump(mode="json")
    del stored["encoder"]["definition_share"]  # as if the bundle were older than the key
    content = json.loads((bundle_folder / "bundle.json").read_text("utf-8"))
    content |= {"config": stored, "corpus": {"sha256": splits.sha256}}
    (tmp_path / "bundle.json").write_text(json.dumps(content), encoding="utf-8")
    assert is_of(tmp_path, config, splits)
    assert not is_of(tmp_path, config.model_copy(update={"seed": 1}), splits)
    assert not is_of(tmp_path, config, Splits(splits.parts, splits.taxonomy, splits.with_title, "another corpus"))
    assert not is_of(tmp_path / "nowhere", config, splits)


def test_a_rival_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="exit 1: ModuleNotFoundError: No module named 'nowhere'"):
        run_logged(["python3", "-c", "import nowhere"], tmp_path / "log")


def test_a_rival_over_its_budget_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "BUDGET_SECONDS", 1)
    with pytest.raises(RuntimeError, match="not finished within 0 minutes of processor time"):
        run_logged(["python3", "-c", "while True: pass"], tmp_path / "log")
