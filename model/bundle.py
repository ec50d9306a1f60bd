"""The exported model: a plain folder with no executable format, every file hashed.

`bundle.json` says everything about the model; the weights and tables lie beside it. README.md (the
model card) and dot-files are not hashed. Loading checks every hash, runs no code and refuses a
file it does not know.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from communique.model.calibration import Calibration
from communique.model.classifier import Classifier
from communique.model.errors import BundleError
from communique.model.gate import Gate
from communique.model.pieces import PiecewiseClassifier
from communique.model.reference import Reference
from communique.model.taxonomy import Taxonomy
from communique.model.texts import TitledText

FORMAT_VERSION = 1
MANIFEST = "bundle.json"
CARD = "README.md"
BLEND_FOLDER = "blend"


class FileEntry(BaseModel):
    """Size in bytes and SHA-256 of one file of the bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    size: int


class OnnxSettings(BaseModel):
    """How an ONNX graph is fed: tokens per window, windows per batch, the padding token; `blend` is the
    weight of the linear model in `blend/`, if there is one, and `gate` says which paragraphs that one
    decides alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_length: int
    batch_size: int
    pad_id: int
    precision: Literal["fp32", "int8"] = "fp32"
    blend: float | None = Field(default=None, gt=0.0, lt=1.0)
    gate: Gate | None = None


class Manifest(BaseModel):
    """The content of bundle.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = FORMAT_VERSION
    name: str
    family: Literal["linear", "frozen", "encoder"]
    taxonomy: Taxonomy
    calibration: Calibration
    onnx: OnnxSettings | None = None
    reference: Reference | None = None
    title: bool = False
    config: dict[str, Any]
    metrics: dict[str, Any] = Field(default_factory=dict)
    corpus: dict[str, Any] = Field(default_factory=dict)
    trained_on: tuple[str, ...] = ()
    training_seconds: float | None = None
    training_cores: int | None = None
    libraries: dict[str, str] = Field(default_factory=dict)
    files: dict[str, FileEntry] = Field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle: its manifest, the classifier, and where it lies."""

    manifest: Manifest
    classifier: Classifier
    folder: Path

    @property
    def taxonomy(self) -> Taxonomy:
        return self.manifest.taxonomy

    @property
    def gate(self) -> Gate | None:
        return None if self.manifest.onnx is None else self.manifest.onnx.gate

    @property
    def is_pure(self) -> bool:
        """Whether the scores of a text depend on that text alone, whatever is scored beside it."""
        return self.manifest.onnx is None or self.manifest.onnx.batch_size == 1

    @property
    def sha256(self) -> str:
        """Identifies the model: the hash of bundle.json, which holds the hash of every other file."""
        return _sha256(self.folder / MANIFEST)

    def inputs(self, texts: Sequence[str], titles: Sequence[str | None]) -> list[str]:
        """What the classifier reads: the texts, with their titles before them if it was so trained."""
        return [input_text(text, title, self.manifest.title) for text, title in zip(texts, titles, strict=True)]


def input_text(text: str, title: str | None, with_title: bool) -> str:
    """A paragraph as the classifier reads it, in training as at inference."""
    return TitledText(title, text) if with_title and title else text


def article_hash(article: str) -> str:
    """How a bundle names an article it was trained on, without disclosing it."""
    return hashlib.sha256(article.encode()).hexdigest()[:16]


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Hash every file of the folder into the manifest and write bundle.json."""
    files = {
        path.relative_to(folder).as_posix(): FileEntry(sha256=_sha256(path), size=path.stat().st_size)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _exempt(path, folder)
    }
    complete = manifest.model_copy(update={"files": files})
    text = json.dumps(complete.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return complete


def load_bundle(folder: Path, threads: int | None = None) -> Bundle:
    """Check and open a bundle.

    Raises:
        BundleError: no bundle there, a format this version does not read, or a file missing,
            altered or unknown; the message names the file.
    """
    manifest = read_manifest(folder)
    _check_files(folder, manifest)
    if len(manifest.calibration.topics) != manifest.taxonomy.n_topics:
        raise BundleError(f"{folder / MANIFEST}: calibration and taxonomy differ in their topics; export it again")
    try:
        classifier = open_classifier(folder, manifest.family, manifest.taxonomy, manifest.onnx, threads)
        classifier.scores(["One paragraph."])
    except BundleError:
        raise
    except Exception as error:  # each runtime has its own errors for a file it cannot read
        raise BundleError(f"{folder}: the model files cannot be opened: {error}; export the bundle again") from error
    return Bundle(manifest, classifier, folder)


def read_manifest(folder: Path) -> Manifest:
    """Read bundle.json alone, without opening the weights."""
    path = folder / MANIFEST
    if not path.is_file():
        raise BundleError(
            f"{folder} is not a bundle: it has no {MANIFEST}. Train one with `communique train CONFIG.toml`."
        )
    try:
        content = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} is damaged ({error}); copy or export the bundle again") from error
    version = content.get("format_version") if isinstance(content, dict) else None
    if version != FORMAT_VERSION:
        raise BundleError(
            f"{path}: expected format_version {FORMAT_VERSION}, found {version!r}; "
            "use the version of Communique that wrote it, or export the bundle again"
        )
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        raise BundleError(f"{path} is not a valid manifest: {error}") from error


def _check_files(folder: Path, manifest: Manifest) -> None:
    present = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not _exempt(path, folder)
    }
    for name in sorted(present - set(manifest.files)):
        raise BundleError(f"{folder / name} is not part of the bundle; move it out of the folder")
    for name, entry in manifest.files.items():
        path = folder / name
        if path.is_symlink():
            raise BundleError(f"{path} is a symbolic link; a bundle holds its files itself")
        if name not in present:
            raise BundleError(f"{path} is missing; copy or export the bundle again")
        if path.stat().st_size != entry.size or _sha256(path) != entry.sha256:
            raise BundleError(
                f"{path} was altered or damaged (its hash is not the one in {MANIFEST}); export the bundle again"
            )


def _exempt(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    return parts == (CARD,) or parts == (MANIFEST,) or any(part.startswith(".") for part in parts)


def open_classifier(
    folder: Path, family: str, taxonomy: Taxonomy, onnx: OnnxSettings | None, threads: int | None = None
) -> Classifier:
    """The classifier whose model files lie in a folder, complete bundle or not; it reads long texts in pieces."""
    if family == "linear":
        from communique.model.linear import load_linear

        return PiecewiseClassifier(load_linear(folder, taxonomy))
    if onnx is None:
        raise BundleError(f"{folder / MANIFEST}: a bundle of the family {family} needs `onnx` settings")
    from communique.model.onnx import load_onnx

    graph = load_onnx(folder, taxonomy, onnx.max_length, onnx.batch_size, onnx.pad_id, threads)
    classifier = PiecewiseClassifier(graph)
    if onnx.blend is None:
        return classifier
    from communique.model.blend import BlendedClassifier
    from communique.model.linear import load_linear

    linear = PiecewiseClassifier(load_linear(folder / BLEND_FOLDER, taxonomy))
    return BlendedClassifier(classifier, linear, onnx.blend)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
