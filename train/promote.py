"""The promotion gate: a run becomes the champion only if it is better where nothing was fitted."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from communique.model.assess import assess, check_taxonomy
from communique.model.bundle import Bundle, article_hash, load_bundle
from communique.model.corpus import Corpus
from communique.model.errors import CommuniqueError, PromotionError
from communique.model.evaluation import LOWER_IS_BETTER, paired_differences
from communique.train import tracking
from communique.train.config import PromotionConfig, TrainingConfig
from communique.train.data import load_splits
from communique.train.run_folder import export_bundle

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Promotion:
    """The outcome of a passed gate; `comparison` is None for the first champion."""

    run_id: str
    version: str
    bundle: Path
    replaced: str | None
    comparison: dict[str, Any] | None


def promote(client: MlflowClient, run: Run) -> Promotion:
    """Compare a run with the champion on validation, then register, alias and export it.

    Raises:
        PromotionError: the run is broken, is the champion already, is not better, or the
            comparison would not be fair; the message says which.
    """
    candidate = _load_candidate(client, run)
    config = TrainingConfig.model_validate(candidate.manifest.config)
    name = config.tracking.model_name
    validation = load_splits(config).validation
    _refuse_if_trained_on(candidate, validation, "the run")
    champion = tracking.current_champion(client, name)
    comparison = None
    if champion is not None:
        if champion.run_id == run.info.run_id:
            raise PromotionError(f"run {run.info.run_id} is the champion already (version {champion.version})")
        comparison = _compare(
            candidate, load_bundle(tracking.bundle_of_version(name, champion.version)), validation, config.promotion
        )
    exported = export_bundle(candidate.folder, config.promotion.export)
    version = tracking.register_champion(client, run, name)
    return Promotion(run.info.run_id, version, exported, champion.version if champion else None, comparison)


def _load_candidate(client: MlflowClient, run: Run) -> Bundle:
    if run.info.status != "FINISHED":
        raise PromotionError(f"run {run.info.run_id} is {run.info.status}, not FINISHED; train it to the end")
    try:
        bundle = load_bundle(tracking.bundle_of_run(client, run))
    except (CommuniqueError, MlflowException, OSError) as error:
        raise PromotionError(f"run {run.info.run_id} has no working bundle: {error}") from error
    return bundle


def _refuse_if_trained_on(bundle: Bundle, validation: Corpus, who: str) -> None:
    seen = set(bundle.manifest.trained_on) & {article_hash(article) for article in validation.articles}
    if seen:
        raise PromotionError(
            f"{who} was trained on {len(seen)} of the validation articles, so a comparison would favour it; "
            "retrain it on the current splits"
        )


def _compare(candidate: Bundle, champion: Bundle, validation: Corpus, gate: PromotionConfig) -> dict[str, Any]:
    try:
        check_taxonomy(candidate.taxonomy, champion)
    except CommuniqueError as error:
        raise PromotionError(f"the champion cannot be compared with: {error}") from error
    _refuse_if_trained_on(champion, validation, "the champion")
    row = paired_differences(assess(candidate, validation), assess(champion, validation))[gate.metric]
    if row["difference"] is None:
        raise PromotionError(f"promotion.metric {gate.metric!r} has no value for these models; choose another")
    row = _higher_is_better(row, gate.metric)
    difference, share = row["difference"], row["share_a_better"]
    log.info(
        "%s on validation: run %.3f, champion %.3f, difference %+.3f [%+.3f, %+.3f]",
        gate.metric,
        row["a"],
        row["b"],
        difference,
        *row["interval"],
    )
    if difference <= gate.min_difference or share < gate.min_share_better:
        raise PromotionError(
            f"not better on validation: {gate.metric} {row['a']:.4f} against the champion's {row['b']:.4f} "
            f"(difference {difference:+.4f}, 95 % interval {row['interval'][0]:+.4f} to {row['interval'][1]:+.4f}, "
            f"better in {share:.0%} of replicates; the gate asks for more than {gate.min_difference:+.4f} "
            f"and at least {gate.min_share_better:.0%})"
        )
    return {"metric": gate.metric, **row}


def _higher_is_better(row: dict[str, Any], metric: str) -> dict[str, Any]:
    """For errors (calibration error, risk) the difference is turned round: positive is better."""
    if metric not in LOWER_IS_BETTER:
        return row
    low, high = row["interval"]
    return {**row, "difference": -row["difference"], "interval": [-high, -low]}
