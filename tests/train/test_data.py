"""The corpus a config names: embedded, files, or `datasets`; labelled only; split."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from communique.model.corpus import Corpus, read_corpus
from communique.model.errors import DataError
from communique.model.taxonomy import Taxonomy
from communique.train.config import CorpusConfig, TrainingConfig
from communique.train.config_file import load_config
from communique.train.data import EMBEDDED, Splits, load_corpus, load_splits

Load = Callable[..., TrainingConfig]
PLAIN = [("Trains are grand.", "pro"), ("No dams here.", "anti"), ("Rain again.", "x"), ("Who knows.", "skip")]
VALUES = {"pro": "rail/favor", "anti": "dam/against", "x": "none", "skip": "unlabelled"}
MAPPING = {"text": "body", "label": "kind", "values": VALUES}


@pytest.fixture
def load(tiny: Path) -> Load:
    return lambda *overrides: load_config(tiny / "config.toml", overrides)


def write_csv(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([("body", "kind"), *PLAIN])


def write_parquet(path: Path) -> None:
    pq.write_table(pa.table({"body": [text for text, _ in PLAIN], "kind": [kind for _, kind in PLAIN]}), path)


def write_json(path: Path) -> None:
    path.write_text("".join(json.dumps({"body": text, "kind": kind}) + "\n" for text, kind in PLAIN), encoding="utf-8")


def found(corpus: Corpus) -> list[tuple[str, list[tuple[str, str | None]] | None]]:
    return [(e.text, None if e.labels is None else [(la.topic, la.stance) for la in e.labels]) for e in corpus.examples]


MAPPED = [
    ("Trains are grand.", [("rail", "favor")]),
    ("No dams here.", [("dam", "against")]),
    ("Rain again.", []),
    ("Who knows.", None),
]


@pytest.mark.parametrize(
    ("name", "write"), [("d.csv", write_csv), ("d.parquet", write_parquet), ("d.jsonl", write_json)]
)
def test_mapped_file(tmp_path: Path, tiny_taxonomy: Taxonomy, name: str, write: Callable[[Path], None]) -> None:
    write(tmp_path / name)
    config = CorpusConfig.model_validate({"paths": [tmp_path / name], "mapping": MAPPING})
    assert found(load_corpus(config, tiny_taxonomy)) == MAPPED


@pytest.mark.parametrize(
    ("kind", "name", "write"),
    [("json", "d.jsonl", write_json), ("csv", "d.csv", write_csv), ("parquet", "d.parquet", write_parquet)],
)
def test_mapped_dataset(
    tmp_path: Path,
    tiny_taxonomy: Taxonomy,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    name: str,
    write: Callable[[Path], None],
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    write(tmp_path / name)
    options = {"data_files": str(tmp_path / name), "split": "train"}
    config = CorpusConfig.model_validate({"dataset": kind, "dataset_options": options, "mapping": MAPPING})
    assert found(load_corpus(config, tiny_taxonomy)) == MAPPED


def test_dataset_of_corpus_lines(
    tmp_path: Path, tiny: Path, tiny_taxonomy: Taxonomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    config = CorpusConfig(dataset="json", dataset_options={"data_files": str(tiny / "corpus.jsonl")})
    assert load_corpus(config, tiny_taxonomy).sha256 == read_corpus([tiny / "corpus.jsonl"], tiny_taxonomy).sha256


def test_dataset_that_is_not_there(tmp_path: Path, tiny_taxonomy: Taxonomy) -> None:
    config = CorpusConfig(dataset="json", dataset_options={"data_files": str(tmp_path / "absent.jsonl")})
    with pytest.raises(DataError, match=r"could not load 'json': .*absent\.jsonl"):
        load_corpus(config, tiny_taxonomy)


def test_wrong_mapping_names_row_and_remedy(tmp_path: Path, tiny_taxonomy: Taxonomy) -> None:
    write_csv(tmp_path / "d.csv")
    config = CorpusConfig.model_validate({"paths": [tmp_path / "d.csv"], "mapping": {**MAPPING, "values": {}}})
    with pytest.raises(DataError, match=r"d.csv:2: expected a label among rail, dam, none.*\[corpus.mapping\]"):
        load_corpus(config, tiny_taxonomy)


def test_embedded_corpus(embedded_splits: Splits) -> None:
    assert embedded_splits.taxonomy.topic_names == ("peacekeeping", "ceasefire", "security_guarantees")
    assert sum(map(len, embedded_splits.parts.values())) == sum(
        len(file.read_text("utf-8").splitlines()) for file in EMBEDDED.glob("*.jsonl")
    )
    assert set(embedded_splits.held_out) == {"test", "test_settings", "contrast"}


def test_embedded_settings_are_conflicts(embedded_splits: Splits) -> None:
    settings = {example.setting for part in embedded_splits.parts.values() for example in part.examples}
    assert "korea" in settings
    assert all(setting == setting.lower() for setting in settings)


def test_tiny_splits_have_their_shares(tiny_splits: Splits) -> None:
    sizes = {name: len(part) / 60 for name, part in tiny_splits.parts.items()}
    assert sizes == pytest.approx({"train": 0.5, "validation": 0.3, "test": 0.2}, abs=0.07)


def test_no_test_split_where_none_is_asked_for(load: Load) -> None:
    assert list(load_splits(load("split.test=0.0")).parts) == ["train", "validation"]


def test_unlabelled_is_in_no_split(tmp_path: Path, load: Load, tiny_rows: list[dict[str, Any]]) -> None:
    copied = next(row["text"] for row in tiny_rows if row["article"] == "a03")
    more = [
        {"article": name, "paragraph": 9, "text": f"Nobody judged {name}.", "labels": None} for name in ("u", "a03")
    ]
    more.append({"article": "copy", "paragraph": 1, "text": copied, "labels": None})
    (tmp_path / "c.jsonl").write_text("\n".join(map(json.dumps, [*tiny_rows, *more])), encoding="utf-8")
    (tmp_path / "s.csv").write_text("article,split\na03,validation\n", encoding="utf-8")
    splits = load_splits(load(f"corpus.paths=['{tmp_path}/c.jsonl']", f"corpus.splits={tmp_path}/s.csv"))
    assert sum(map(len, splits.parts.values())) == len(tiny_rows)
    assert [example.article for example in splits.unlabelled] == [
        "u"
    ]  # a03 is held out, and so are copies of its texts
    taught = splits.with_unlabelled
    assert len(taught.train) == len(splits.train) + 1
    assert taught.inputs("train")[-1] == "Nobody judged u."
    crowd = replace(splits, unlabelled=splits.unlabelled * 20 * len(splits.train))
    assert len(crowd.with_unlabelled.train) == (20 + 3) * len(splits.train)


def test_labels_are_needed(tmp_path: Path, load: Load) -> None:
    (tmp_path / "c.jsonl").write_text('{"article": "u", "paragraph": 1, "text": "Nobody judged it."}\n', "utf-8")
    with pytest.raises(DataError, match="no paragraph has labels"):
        load_splits(load(f"corpus.paths=['{tmp_path}/c.jsonl']"))


def test_split_file_is_used(tmp_path: Path, load: Load) -> None:
    (tmp_path / "s.csv").write_text("article,split\na03,validation\na04,contrast\n", encoding="utf-8")
    splits = load_splits(load(f"corpus.splits={tmp_path}/s.csv"))
    assert set(splits.validation.articles) == {"a03"}
    assert set(splits.held_out) == {"contrast"}


@pytest.mark.parametrize(
    ("lines", "empty"),
    [(["a03,train"], "validation"), ([f"a{i:02},validation" for i in range(20)], "train")],
)
def test_empty_split_is_refused(tmp_path: Path, load: Load, lines: list[str], empty: str) -> None:
    (tmp_path / "s.csv").write_text("\n".join(["article,split", *lines]), encoding="utf-8")
    with pytest.raises(DataError, match=f"the {empty} split is empty: label more articles, or correct .*s.csv"):
        load_splits(load(f"corpus.splits={tmp_path}/s.csv"))


@pytest.mark.parametrize(("with_title", "expected"), [(True, "A headline\n\nThe text."), (False, "The text.")])
def test_inputs_have_the_title_if_asked(
    tmp_path: Path, load: Load, tiny_rows: list[dict[str, Any]], with_title: bool, expected: str
) -> None:
    rows = [*tiny_rows, {"article": "t", "paragraph": 1, "title": "A headline", "text": "The text.", "labels": []}]
    (tmp_path / "c.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "s.csv").write_text("article,split\nt,validation\n", encoding="utf-8")
    overrides = [f"corpus.paths=['{tmp_path}/c.jsonl']", f"corpus.splits={tmp_path}/s.csv"]
    splits = load_splits(load(*overrides, f"model.title={str(with_title).lower()}"))
    assert splits.inputs("validation") == [expected]


def test_missing_split_file_is_a_data_error(tmp_path: Path, load: Load) -> None:
    with pytest.raises(DataError, match=r"absent\.csv"):
        load_splits(load(f"corpus.splits={tmp_path}/absent.csv"))
