"""Tiny real objects that several tests need: taxonomies, corpora and a bundle that reads keywords."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from communique.model.bundle import Bundle, Manifest, load_bundle, write_manifest
from communique.model.calibration import Calibration, TopicCalibration
from communique.model.corpus import Corpus, corpus_from_rows
from communique.model.linear import save_linear
from communique.model.tables import Row
from communique.model.taxonomy import Taxonomy, parse_taxonomy
from communique.model.tfidf import TfidfBlock

Line = dict[str, Any]
TERMS = ("truce", "guard", "rain", "praise", "reject")


def tiny_taxonomy() -> Taxonomy:
    topics = [
        {"name": "truce", "definition": "A halt to fighting."},
        {"name": "guard", "definition": "A promise of help."},
        {"name": "rain", "definition": "Water from above.", "stance": False},
    ]
    return parse_taxonomy({"name": "tiny", "stances": ["favor", "against", "neutral"], "topics": topics}, "tiny")


@pytest.fixture
def taxonomy() -> Taxonomy:
    """Two topics with stances and one without."""
    return tiny_taxonomy()


@pytest.fixture
def exclusive_taxonomy() -> Taxonomy:
    """Three topics of which exactly one holds, and no stances."""
    topics = [{"name": name, "definition": f"About {name}.", "stance": False} for name in ("sport", "trade", "art")]
    return parse_taxonomy({"name": "single", "exclusive": True, "topics": topics}, "single")


def calibration_of(n_topics: int, **overrides: Any) -> Calibration:
    """Probabilities as the scores have them, thresholds of one half."""
    topic = TopicCalibration(slope=1.0, intercept=0.0, prior=0.3, thresholds=((0.0, 0.5), (1.0, 0.5)))
    return Calibration(**{"topics": (topic,) * n_topics, "topical_share": 0.5, **overrides})


@pytest.fixture
def make_calibration() -> Callable[..., Calibration]:
    return calibration_of


@pytest.fixture
def make_corpus(taxonomy: Taxonomy) -> Callable[..., Corpus]:
    """Corpus lines to a checked corpus; each line is an article of its own unless it says otherwise."""

    def make(lines: list[Line], of: Taxonomy = taxonomy) -> Corpus:
        rows = [
            Row("tiny.jsonl", n, {"article": f"a{n}", "paragraph": n, "text": f"Text {n}.", **line})
            for n, line in enumerate(lines, start=1)
        ]
        return corpus_from_rows(rows, of, None, [])

    return make


@pytest.fixture
def write_jsonl(tmp_path: Path) -> Callable[..., Path]:
    """Write values, one JSON object a line, to a file of the temporary folder."""

    def write(lines: list[Any], name: str = "data.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        return path

    return write


def keyword_weights() -> tuple[np.ndarray, np.ndarray]:
    """Each of the first three terms stands for its topic; `praise` is for, `reject` against, both of them on
    every topic; without either the stance is neutral."""
    weights, bias = np.zeros((5, 12), dtype=np.float32), np.zeros(12, dtype=np.float32)
    weights[:3, :3], bias[:3] = 8.0 * np.eye(3), -3.0
    stance, bias[3:] = weights[3:, 3:].reshape(2, 3, 3), np.tile([0.0, 0.0, 1.0], 3)
    stance[0, :, 0], stance[1, :, 1] = 5.0, 5.0
    return weights, bias


def write_keyword_bundle(folder: Path, taxonomy: Taxonomy) -> Path:
    folder.mkdir()
    block = TfidfBlock(analyzer="word", ngram_range=(1, 1), terms=TERMS)
    save_linear(folder, (block,), np.ones(len(TERMS), dtype=np.float32), *keyword_weights())
    (folder / "README.md").write_text("# Tiny\n", encoding="utf-8")
    manifest = Manifest(name="tiny", family="linear", taxonomy=taxonomy, calibration=calibration_of(3), config={})
    write_manifest(folder, manifest)
    return folder


@pytest.fixture
def bundle_folder(tmp_path: Path, taxonomy: Taxonomy) -> Path:
    """A linear bundle, written without training, that tags keywords (see `keyword_weights`)."""
    return write_keyword_bundle(tmp_path / "bundle", taxonomy)


@pytest.fixture(scope="session")
def shared_bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, for tests that share a running service."""
    return write_keyword_bundle(tmp_path_factory.mktemp("shared") / "bundle", tiny_taxonomy())


@pytest.fixture
def bundle(bundle_folder: Path) -> Bundle:
    return load_bundle(bundle_folder)
