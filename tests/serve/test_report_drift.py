import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from communique.model.bundle import MANIFEST, read_manifest, write_manifest
from communique.model.reference import Reference
from communique.serve.report_drift import Drift, TopicDrift, drift
from communique.serve.report_folder import ScoredFolder
from communique.serve.report_page import build_report

Scored = Callable[..., ScoredFolder]
EVEN = Reference(
    training_shares=(0.3, 0.2, 0.1),
    probability=(0.5, 0.5, 0.5),
    confidence=0.55,
    confidence_deciles=tuple(n / 10 for n in range(1, 10)),
    abstained=0.2,
    paragraphs=1000,
)


@pytest.fixture
def referred(bundle_folder: Path) -> Path:
    """The tiny bundle with a reference: confidence evenly spread from 0 to 1."""
    write_manifest(bundle_folder, read_manifest(bundle_folder).model_copy(update={"reference": EVEN}))
    return bundle_folder


def run_of(bundle: Path, **prior: float) -> dict[str, Any]:
    stated = {topic.name: share for topic, share in _priors(bundle)}
    digest = hashlib.sha256((bundle / MANIFEST).read_bytes()).hexdigest()
    return {"settings": {"model": digest, "prior": {**stated, **prior}}, "bundle": {"folder": str(bundle)}}


def _priors(bundle: Path) -> list[tuple[Any, float]]:
    manifest = read_manifest(bundle)
    return list(zip(manifest.taxonomy.topics, map(float, manifest.calibration.prior), strict=True))


def found_in(folder: ScoredFolder) -> Drift:
    with folder.connect() as connection:
        return drift(connection, folder)


def test_shares_are_held_against_prior_and_training(scored: Scored, referred: Path) -> None:
    rows = [{"truce": (0.6, (1.0, 0.0, 0.0)), "guard": (0.9, (1.0, 0.0, 0.0))}]
    found = found_in(scored(rows, run=run_of(referred, truce=0.5, guard=0.1, rain=0.3)))
    assert found.topics == [
        TopicDrift("truce", 0.6, 0.5, 0.3),
        TopicDrift("guard", 0.9, 0.1, 0.2),
        TopicDrift("rain", 0.0, 0.3, 0.1),
    ]
    assert [one.far for one in found.topics] == [False, True, False]


def test_confidence_like_that_of_validation_is_no_drift(scored: Scored, referred: Path) -> None:
    rows = [{"confidence": (n + 0.5) / 300} for n in range(300)]
    found = found_in(scored(rows, run=run_of(referred)))
    assert found.confidence is not None
    assert found.confidence.found == pytest.approx(0.5)
    assert found.confidence.index == pytest.approx(0.0, abs=1e-6)
    assert not found.confidence.far
    assert (found.abstained, found.missing) == (0.2, [])


def test_other_confidence_is_a_large_shift_and_is_said(scored: Scored, referred: Path) -> None:
    folder = scored([{"confidence": 0.05}] * 300, run=run_of(referred))
    found = found_in(folder)
    assert found.confidence is not None
    assert found.confidence.far
    assert "a large shift" in build_report(folder).html


def test_a_few_paragraphs_prove_no_shift(scored: Scored, referred: Path) -> None:
    found = found_in(scored([{"confidence": share} for share in (0.05, 0.5, 0.95)], run=run_of(referred)))
    assert found.confidence is not None
    assert not found.confidence.far


def test_another_prior_is_not_compared(scored: Scored, referred: Path) -> None:
    found = found_in(scored([{}], run=run_of(referred, truce=0.123)))
    assert found.confidence is None
    assert any("another prior" in text for text in found.missing)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (None, "names no bundle"),
        ({"bundle": {"folder": "/nowhere"}}, "not at /nowhere any more"),
        ({"bundle": {"folder": "BUNDLE"}, "settings": {"model": "other"}}, "not the one that scored"),
        ({"bundle": "odd", "settings": 3}, "names no prior"),
    ],
)
def test_a_missing_reference_is_said(scored: Scored, bundle_folder: Path, run: Any, message: str) -> None:
    if run and run["bundle"] == {"folder": "BUNDLE"}:
        run["bundle"]["folder"] = str(bundle_folder)
    assert message in build_report(scored([{}], run=run)).html


def test_a_bundle_of_before_the_reference_says_so(scored: Scored, bundle_folder: Path) -> None:
    assert found_in(scored([{}], run=run_of(bundle_folder))).missing == [
        "The bundle keeps no reference of its training; train it again to have one."
    ]


def test_copies_count_once(scored: Scored, referred: Path) -> None:
    copied = {"text": "Truce.", "truce": (0.9, (1.0, 0.0, 0.0)), "confidence": 0.95}
    other = {"text": "Rain.", "truce": (0.1, (1.0, 0.0, 0.0)), "confidence": 0.05}
    found = found_in(scored([copied] * 99 + [other], run=run_of(referred)))
    assert found.topics[0].share == pytest.approx(0.5)
    assert found.confidence is not None
    assert found.confidence.found == pytest.approx(0.5)
