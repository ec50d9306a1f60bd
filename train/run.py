"""One training run, from config to exported bundle. Reads like its table of contents: `train`."""

import json
import logging
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from communique.model.bundle import (
    CARD,
    Bundle,
    Manifest,
    OnnxSettings,
    article_hash,
    load_bundle,
    open_classifier,
    write_manifest,
)
from communique.model.calibration import Calibration, decide
from communique.model.classifier import Scores
from communique.model.errors import ConfigError
from communique.model.gold import gold_arrays
from communique.model.onnx import usable_cores
from communique.model.prior import prior_weights
from communique.model.reference import Reference, make_reference
from communique.train import tracking
from communique.train.assessment import Assessment, assess_split, calibrate
from communique.train.calibrate import stated_prior
from communique.train.card import model_card
from communique.train.config import TrainingConfig
from communique.train.data import Splits, load_splits
from communique.train.environment import library_versions
from communique.train.failures import failure_cases
from communique.train.gate import with_gate
from communique.train.run_folder import (
    CHECKPOINTS,
    export_bundle,
    find_interrupted,
    open_run_folder,
    refuse_foreign_folder,
)

log = logging.getLogger(__name__)
SIGNATURE_EXAMPLES = 3


@dataclass(frozen=True)
class RunResult:
    """What a run leaves behind."""

    run_id: str
    folder: Path
    bundle: Path
    reports: dict[str, dict[str, Any]]
    seconds: float


def train(
    config: TrainingConfig,
    nested: bool = False,
    export: bool = True,
    only: Collection[str] | None = None,
    resume: bool = False,
) -> RunResult:
    """Fit, calibrate, evaluate, track and export one model.

    `only` names the splits to report on (a sweep looks at validation alone); `export=False` leaves
    the bundle in the run folder; `resume` goes on with an interrupted run of the same config and
    corpus from its last checkpoint, if there is one.
    """
    started = time.monotonic()
    refuse_foreign_folder(config.output.bundle)
    splits = load_splits(config)
    stated_prior(
        gold_arrays(splits.train), splits.taxonomy, config.calibration
    )  # a wrong one is refused before the fit
    interrupted = find_interrupted(config, splits) if resume else None
    with tracking.start_run(config, config.name, nested, interrupted) as run_id:
        folder = config.output.runs / run_id
        model = open_run_folder(folder, config, splits)
        fitted, onnx = fit_family(splits, config, model)
        classifier = open_classifier(model, config.model.family, splits.taxonomy, onnx)
        reported = [name for name in splits.parts if name != "train" and (only is None or name in only)]
        scores = {name: classifier.scores(splits.inputs(name)) for name in {"validation", *reported}}
        calibration = calibrate(scores["validation"], splits, config)
        onnx = with_gate(onnx, classifier, scores["validation"], calibration, splits, config)
        assessments = [assess_split(name, splits.parts[name], scores[name], calibration) for name in reported]
        earlier = fitted.get("earlier_seconds", 0.0)  # before a kill
        seconds = earlier + time.monotonic() - started
        reference = drift_reference(scores["validation"], calibration, splits)
        cost = (seconds, usable_cores())
        bundle = finish_bundle(model, config, splits, calibration, reference, onnx, assessments, cost)
        record(folder, splits, fitted, assessments, bundle, config)
        destination = export_bundle(model, config.output.bundle) if export else model
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)  # not before: a kill up to here is resumed from them
    reports = {assessment.split: assessment.report for assessment in assessments}
    return RunResult(run_id, folder, destination, reports, earlier + time.monotonic() - started)


def take_part(config: TrainingConfig) -> None:
    """What every process of a `torchrun` but the first does: its share of each batch, and nothing else.

    Raises:
        ConfigError: the family is not trained in several processes.
    """
    if config.model.family != "encoder":
        raise ConfigError(f"the family {config.model.family} is trained in one process; start it without torchrun")
    from communique.train.encoder import fine_tune

    fine_tune(load_splits(config), config, None)


def fit_family(splits: Splits, config: TrainingConfig, folder: Path) -> tuple[dict[str, float], OnnxSettings | None]:
    """Fit the configured family and write its model files; returns what was chosen on the way."""
    if config.model.family == "linear":
        from communique.train.linear import fit_linear

        return fit_linear(splits, config, folder), None
    if config.model.family == "encoder":
        from communique.train.encoder import fit_encoder

        return fit_encoder(splits, config, folder)
    from communique.train.frozen import fit_frozen

    return fit_frozen(splits, config, folder)


def drift_reference(scores: Scores, calibration: Calibration, splits: Splits) -> Reference:
    """What the model says of validation, for reports to hold scored folders against."""
    weights = prior_weights(gold_arrays(splits.validation).topic, calibration.prior)
    return make_reference(gold_arrays(splits.train), decide(scores, calibration, splits.taxonomy), weights)


def finish_bundle(
    folder: Path,
    config: TrainingConfig,
    splits: Splits,
    calibration: Calibration,
    reference: Reference,
    onnx: OnnxSettings | None,
    assessments: list[Assessment],
    cost: tuple[float | None, int | None],
) -> Bundle:
    """Write manifest and model card beside the model files and load the result, hashes checked.

    `cost` is the training's: its seconds, and the cores that it could use.
    """
    seconds, cores = cost
    manifest = write_manifest(
        folder,
        Manifest(
            name=config.name,
            family=config.model.family,
            taxonomy=splits.taxonomy,
            calibration=calibration,
            onnx=onnx,
            reference=reference,
            title=config.model.title,
            config=config.model_dump(mode="json"),
            metrics={assessment.split: headline(assessment.report) for assessment in assessments},
            corpus={
                "sha256": splits.sha256,
                "embedded": config.corpus.embedded,
                **{f"n_{name}": len(part) for name, part in splits.parts.items()},
                **({"soft_labels_sha256": splits.teacher_sha256} if splits.teacher_sha256 else {}),
            },
            trained_on=tuple(sorted({article_hash(article) for article in articles_read(splits, config)})),
            training_seconds=None if seconds is None else round(seconds, 1),
            training_cores=cores,
            libraries=library_versions(),
        ),
    )
    held_out = [assessment for assessment in assessments if assessment.split == "test" and config.corpus.embedded]
    failures = failure_cases(held_out[0]) if held_out else []  # no user's texts go into a card
    (folder / CARD).write_text(model_card(manifest, failures), encoding="utf-8")
    return load_bundle(folder)


def articles_read(splits: Splits, config: TrainingConfig) -> set[str]:
    """The articles a model learned from: unlabelled ones too where soft labels teach with them."""
    soft = config.model.family == "encoder" and config.encoder.soft_labels != "none"
    return {*splits.train.articles, *(example.article for example in splits.unlabelled if soft)}


def headline(report: dict[str, Any]) -> dict[str, Any]:
    """The numbers of a report with their intervals, without the tables per pair and group."""
    return {key: value for key, value in report.items() if key == "intervals" or isinstance(value, int | float | None)}


def record(
    folder: Path,
    splits: Splits,
    fitted: dict[str, float],
    assessments: list[Assessment],
    bundle: Bundle,
    config: TrainingConfig,
) -> None:
    """Write evaluation and plots into the run folder and log everything."""
    from communique.train.plots import draw_plots

    evaluation = folder / "evaluation"
    evaluation.mkdir(exist_ok=True)  # a run that was killed here and resumed
    for assessment in assessments:
        text = json.dumps(assessment.report, indent=1, ensure_ascii=False)
        (evaluation / f"{assessment.split}.json").write_text(text + "\n", encoding="utf-8")
        draw_plots(assessment, evaluation)
        tracking.log_metrics(assessment.split, assessment.report)
        tracking.log_values({f"{assessment.split}/truncated": float(assessment.report["truncated"])})
    tracking.log_values({f"fit/{key}": value for key, value in fitted.items()})
    tracking.log_datasets(splits)
    tracking.log_files(evaluation, "evaluation")
    if config.tracking.log_model:
        tracking.log_bundle(bundle.folder, splits.validation.texts[:SIGNATURE_EXAMPLES])
    tracking.set_tags(kind="training")
