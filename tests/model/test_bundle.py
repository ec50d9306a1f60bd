"""The exported model: every file checked, nothing unknown let in."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from communique.model.bundle import (
    Bundle,
    Manifest,
    OnnxSettings,
    article_hash,
    input_text,
    load_bundle,
    read_manifest,
    write_manifest,
)
from communique.model.calibration import Calibration
from communique.model.errors import BundleError
from communique.model.taxonomy import Taxonomy

TEXTS = ["Praise the truce", "reject the guard", "rain", ""]


def edit(folder: Path, **values: Any) -> None:
    path = folder / "bundle.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), encoding="utf-8")


def test_the_manifest_lists_every_file_but_the_card(bundle_folder: Path) -> None:
    manifest = json.loads((bundle_folder / "bundle.json").read_text("utf-8"))
    assert manifest["format_version"] == 1
    assert sorted(manifest["files"]) == ["model.safetensors", "vocabulary.json"]
    size = (bundle_folder / "vocabulary.json").stat().st_size
    assert manifest["files"]["vocabulary.json"]["size"] == size


def test_a_copy_gives_the_same_scores(bundle_folder: Path, bundle: Bundle, tmp_path: Path) -> None:
    copy = load_bundle(Path(shutil.copytree(bundle_folder, tmp_path / "copy")))
    assert copy.manifest == bundle.manifest
    assert copy.sha256 == bundle.sha256
    for field in ("topic_logits", "stance"):
        ours, theirs = (getattr(b.classifier.scores(TEXTS), field) for b in (bundle, copy))
        assert (ours == theirs).all()


@pytest.mark.parametrize("name", ["model.safetensors", "vocabulary.json"])
def test_one_altered_byte(bundle_folder: Path, name: str) -> None:
    content = bytearray((bundle_folder / name).read_bytes())
    content[-1] ^= 1
    (bundle_folder / name).write_bytes(content)
    with pytest.raises(BundleError, match=f"{name} was altered"):
        load_bundle(bundle_folder)


@pytest.mark.parametrize("name", ["model.safetensors", "vocabulary.json"])
def test_a_missing_file(bundle_folder: Path, name: str) -> None:
    (bundle_folder / name).unlink()
    with pytest.raises(BundleError, match=f"{name} is missing"):
        load_bundle(bundle_folder)


@pytest.mark.parametrize("name", ["model.pkl", "readme.md", "sub/code.py", "sub/README.md"])
def test_an_unknown_file(bundle_folder: Path, name: str) -> None:
    (bundle_folder / name).parent.mkdir(exist_ok=True)
    (bundle_folder / name).write_text("x")
    with pytest.raises(BundleError, match=f"{name} is not part of the bundle"):
        load_bundle(bundle_folder)


@pytest.mark.parametrize("name", ["README.md", ".DS_Store", ".git/config"])
def test_card_and_dot_files_are_exempt(bundle_folder: Path, name: str) -> None:
    (bundle_folder / name).parent.mkdir(exist_ok=True)
    (bundle_folder / name).write_text("changed")
    assert load_bundle(bundle_folder).manifest.name == "tiny"


def test_the_card_may_be_missing(bundle_folder: Path) -> None:
    (bundle_folder / "README.md").unlink()
    assert load_bundle(bundle_folder).manifest.name == "tiny"


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_format_version(bundle_folder: Path, version: Any) -> None:
    edit(bundle_folder, format_version=version)
    with pytest.raises(BundleError, match=f"expected format_version 1, found {version!r}"):
        load_bundle(bundle_folder)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"colour": "red"}, "colour"),
        ({"family": "forest"}, "family"),
        ({"calibration": {}}, "calibration"),
        ({"taxonomy": {"topics": []}}, "taxonomy"),
        ({"files": {"model.safetensors": {"sha256": "0", "size": 1, "mode": 7}}}, "mode"),
        ({"files": {"../outside": {"sha256": "0", "size": 1}}}, "is not part of the bundle|is missing"),
        ({"family": "encoder"}, "a bundle of the family encoder needs `onnx` settings"),
    ],
)
def test_a_manifest_that_does_not_hold(bundle_folder: Path, values: dict[str, Any], message: str) -> None:
    edit(bundle_folder, **values)
    with pytest.raises(BundleError, match=message):
        load_bundle(bundle_folder)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff{}", b"[]", b"3"])
def test_a_damaged_manifest(bundle_folder: Path, content: bytes) -> None:
    (bundle_folder / "bundle.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"bundle\.json"):
        read_manifest(bundle_folder)


@pytest.mark.parametrize("name", ["absent", "."])
def test_not_a_bundle(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match="is not a bundle"):
        load_bundle(tmp_path / name)


def test_the_hash_changes_with_the_manifest(bundle_folder: Path, bundle: Bundle) -> None:
    before = bundle.sha256
    edit(bundle_folder, name="other")
    assert bundle.sha256 != before


def test_an_undefined_metric_is_null(tmp_path: Path, bundle: Bundle) -> None:
    write_manifest(tmp_path, bundle.manifest.model_copy(update={"metrics": {"f1": float("nan")}}))
    assert read_manifest(tmp_path).metrics == {"f1": None}


def test_an_undefined_calibration_is_refused(make_calibration: Callable[..., Calibration]) -> None:
    with pytest.raises(ValueError, match="finite"):
        make_calibration(3, topical_share=float("nan"))


@pytest.mark.parametrize(
    ("title", "with_title", "read"),
    [("T", True, "T\n\nx"), ("T", False, "x"), (None, True, "x"), ("", True, "x"), (None, False, "x")],
)
def test_input_text(title: str | None, with_title: bool, read: str) -> None:
    assert input_text("x", title, with_title) == read


def test_inputs_follow_the_manifest(bundle: Bundle) -> None:
    titled = Bundle(bundle.manifest.model_copy(update={"title": True}), bundle.classifier, bundle.folder)
    assert bundle.inputs(["a", "b"], ["T", None]) == ["a", "b"]
    assert titled.inputs(["a", "b"], ["T", None]) == ["T\n\na", "b"]
    with pytest.raises(ValueError, match="shorter"):
        bundle.inputs(["a", "b"], ["T"])


def test_article_hashes_tell_articles_apart() -> None:
    assert article_hash("a") == article_hash("a") != article_hash("b")
    assert len(article_hash("très long " * 99)) == 16


def test_an_onnx_bundle(onnx_folder: Path, taxonomy: Taxonomy, make_calibration: Callable[..., Calibration]) -> None:
    settings = OnnxSettings(max_length=6, batch_size=2, pad_id=0)
    manifest = Manifest(
        name="t", family="encoder", taxonomy=taxonomy, calibration=make_calibration(3), onnx=settings, config={}
    )
    write_manifest(onnx_folder, manifest)
    assert np.isfinite(load_bundle(onnx_folder, threads=1).classifier.scores(TEXTS).topic_logits).all()


def test_a_bundle_with_a_gate(bundle_folder: Path, bundle: Bundle) -> None:
    shutil.copytree(bundle_folder, bundle_folder / "gate")
    write_manifest(bundle_folder, bundle.manifest)
    assert "gate/bundle.json" in load_bundle(bundle_folder).manifest.files


def test_a_manifest_that_lists_too_little(bundle_folder: Path) -> None:
    edit(bundle_folder, files={})
    for name in ("model.safetensors", "vocabulary.json"):
        (bundle_folder / name).unlink()
    with pytest.raises(BundleError):
        load_bundle(bundle_folder)


def test_a_calibration_of_other_topics(bundle_folder: Path, make_calibration: Callable[..., Calibration]) -> None:
    edit(bundle_folder, calibration=make_calibration(1).model_dump())
    with pytest.raises(BundleError):
        load_bundle(bundle_folder)
