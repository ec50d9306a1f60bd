"""How far a scored folder is from what its model was made and calibrated for."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from communique.model.bundle import MANIFEST, Manifest, read_manifest
from communique.model.errors import BundleError
from communique.model.reference import N_BINS, Reference, stability_index
from communique.serve.report_folder import ONCE, ScoredFolder

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MANY_TIMES = 2.0
LARGE_SHIFT = 0.25
# The index of n paragraphs against m that have not drifted is about (1/n + 1/m) times a chi-square of nine degrees;
# this is its 99th percentile (Yurdakul 2018, "Statistical Properties of Population Stability Index").
CHI_SQUARE_99 = 21.67


@dataclass(frozen=True)
class TopicDrift:
    """A topic's share of all paragraphs, copies counted once, beside the share its probabilities were computed for,
    and beside its share of the training paragraphs (None if not known)."""

    topic: str
    share: float
    prior: float | None
    training: float | None = None

    @property
    def far(self) -> bool:
        """Whether share and prior differ by more than a factor of two."""
        if not self.prior or not self.share:
            return False
        return max(self.share / self.prior, self.prior / self.share) > MANY_TIMES


@dataclass(frozen=True)
class ConfidenceDrift:
    """Mean confidence found (copies counted once) and expected, the population stability index over ten bins, and
    whether that is a large shift and more than chance gives."""

    found: float
    expected: float
    index: float
    far: bool


@dataclass(frozen=True)
class Drift:
    """`abstained` is the share of validation paragraphs at the stated prior; `missing` says in words what there
    is nothing to compare with."""

    topics: list[TopicDrift]
    confidence: ConfidenceDrift | None = None
    abstained: float | None = None
    missing: list[str] = field(default_factory=list)


def drift(connection: "DuckDBPyConnection", folder: ScoredFolder) -> Drift:
    """Compare the run with what its model was made for, as far as run.json and the bundle say."""
    missing: list[str] = []
    priors = _mapping(_mapping(folder.run.get("settings")).get("prior"))
    if not priors:
        missing.append("run.json names no prior, so the topics\u2019 shares have nothing to be compared with.")
    manifest = _manifest(folder, missing)
    reference = None if manifest is None else manifest.reference
    if manifest is not None and reference is None:
        missing.append("The bundle keeps no reference of its training; train it again to have one.")
    topics = _topic_drifts(connection, folder, priors, manifest)
    if manifest is None or reference is None:
        return Drift(topics, missing=missing)
    stated = dict(zip(manifest.taxonomy.topic_names, map(float, manifest.calibration.prior), strict=True))
    if priors and any(abs(float(priors.get(name, 0.0)) - share) > 1e-6 for name, share in stated.items()):
        missing.append("Scored with another prior than the model\u2019s own, so its confidence is not compared.")
        return Drift(topics, missing=missing)
    return Drift(topics, _confidence_drift(connection, folder, reference), reference.abstained, missing)


def _topic_drifts(
    connection: "DuckDBPyConnection", folder: ScoredFolder, priors: Mapping[str, Any], manifest: Manifest | None
) -> list[TopicDrift]:
    sums = ", ".join(f"avg({topic.column('probability')})" for topic in folder.topics)
    shares = connection.execute(f"SELECT {sums} FROM ({ONCE})").fetchall()[0]
    training: dict[str, float] = {}
    if manifest is not None and manifest.reference is not None:
        training = dict(zip(manifest.taxonomy.topic_names, manifest.reference.training_shares, strict=True))
    return [
        TopicDrift(topic.name, float(share or 0.0), _number(priors.get(topic.name)), training.get(topic.name))
        for topic, share in zip(folder.topics, shares, strict=True)
    ]


def _confidence_drift(
    connection: "DuckDBPyConnection", folder: ScoredFolder, reference: Reference
) -> ConfidenceDrift | None:
    if "confidence" not in folder.columns:
        return None
    rows = connection.execute(f"SELECT confidence FROM ({ONCE}) WHERE confidence IS NOT NULL").fetchnumpy()
    found = np.asarray(rows["confidence"], dtype=np.float64)
    if not len(found):
        return None
    bins = np.searchsorted(np.array(reference.confidence_deciles), found)  # a bin ends with its edge
    index = stability_index(np.bincount(bins, minlength=N_BINS) / len(found))
    chance = CHI_SQUARE_99 * (1 / len(found) + 1 / max(reference.paragraphs, 1))
    return ConfidenceDrift(float(found.mean()), reference.confidence, index, index > max(LARGE_SHIFT, chance))


def _manifest(folder: ScoredFolder, missing: list[str]) -> Manifest | None:
    """The bundle's manifest if it still lies where the run found it and is the same one."""
    where = _mapping(folder.run.get("bundle")).get("folder")
    if not isinstance(where, str):
        missing.append("run.json names no bundle, so there is no training reference.")
        return None
    file = Path(where) / MANIFEST
    try:
        manifest = read_manifest(file.parent)
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except (BundleError, OSError, ValueError):
        missing.append(f"The bundle is not at {where} any more, so there is no training reference.")
        return None
    if found != _mapping(folder.run.get("settings")).get("model"):
        missing.append(f"The bundle at {where} is not the one that scored this folder; no training reference is used.")
        return None
    return manifest


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
