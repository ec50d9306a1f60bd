"""Search hyper-parameters: Optuna proposes, each trial is a nested run, a stopped sweep resumes."""

import json
import logging
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
from rich.console import Console
from rich.progress import Progress

from communique.model.errors import CommuniqueError, ConfigError
from communique.model.evaluation import LOWER_IS_BETTER
from communique.train import tracking
from communique.train.config import SearchRange, TrainingConfig
from communique.train.config_file import known_keys, load_config
from communique.train.run import train

log = logging.getLogger(__name__)


def sweep(
    path: Path, overrides: list[str], trials: int | None, on_trial: Callable[[int, float], None] | None = None
) -> dict[str, Any]:
    """Run the search of a config until its number of trials is reached, counting earlier ones unless interrupted.

    Trials are judged on validation only. Returns the best trial's values, the run ids, and the
    command-line overrides that train it.

    Raises:
        ConfigError: the search space is empty or names an unknown key.
    """
    config = load_config(path, overrides)
    _check_space(config)
    wanted = trials or config.sweep.trials
    study = _open_study(config)
    done = len([trial for trial in study.trials if trial.value is not None or "error" in trial.user_attrs])
    study.sampler = optuna.samplers.TPESampler(seed=config.seed + done)  # a resumed sweep must not repeat itself
    log.info("sweep %s: %d of %d trials done before", config.name, min(done, wanted), wanted)
    with (
        tracking.parent_run(config, study.user_attrs.get("run_id")) as parent,
        Progress(console=Console(stderr=True)) as progress,
    ):
        study.set_user_attr("run_id", parent)
        bar = progress.add_task("trials", total=wanted, completed=min(done, wanted))

        def objective(trial: optuna.Trial) -> float:
            chosen = {key: _suggest(trial, key, dimension) for key, dimension in config.sweep.space.items()}
            try:
                run_id, value = _train_trial(path, [*overrides, *(f"{key}={value}" for key, value in chosen.items())])
            except CommuniqueError as error:  # it counts: it would fail again
                trial.set_user_attr("error", str(error))
                log.warning("trial %d failed: %s", trial.number, error)
                raise
            trial.set_user_attr("run_id", run_id)
            return value

        def advance(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
            progress.advance(bar)
            if on_trial is not None and trial.value is not None:
                on_trial(trial.number, trial.value)

        study.optimize(objective, n_trials=max(0, wanted - done), callbacks=[advance], catch=(CommuniqueError,))
        return _summary(study, parent, config, overrides)


def _train_trial(path: Path, overrides: list[str]) -> tuple[str, float]:
    """Its run and its value on validation."""
    config = load_config(path, overrides)
    result = train(config, nested=True, export=False, only={"validation"})
    value = result.reports["validation"][config.sweep.metric]
    if value is None:
        raise ConfigError(f"sweep.metric {config.sweep.metric!r} is undefined for this taxonomy; choose another")
    return result.run_id, float(value)


def _open_study(config: TrainingConfig) -> optuna.Study:
    """The search as it stands in its storage, or a new one."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # its warnings are tracebacks of trials that we name ourselves
    return optuna.create_study(
        study_name=config.name,
        storage=config.sweep.storage,
        direction="minimize" if config.sweep.metric in LOWER_IS_BETTER else "maximize",
        load_if_exists=True,
    )


def _summary(study: optuna.Study, parent: str, config: TrainingConfig, overrides: list[str]) -> dict[str, Any]:
    finished = [trial for trial in study.trials if trial.value is not None]
    if not finished:
        raise ConfigError(f"no trial of sweep {config.name!r} succeeded; see the failed runs of the experiment")
    best = study.best_trial
    chosen = [f"{key}={value}" for key, value in best.params.items()]
    return {
        "run_id": parent,
        "trials": len(finished),
        "best": {"run_id": best.user_attrs["run_id"], config.sweep.metric: best.value, "values": best.params},
        "set": [f"--set {shlex.quote(given)}" for given in [*overrides, *chosen]],
    }


def _check_space(config: TrainingConfig) -> None:
    if not config.sweep.space:
        raise ConfigError(
            '[sweep.space] is empty; name what to try, e.g. "head.class_weight" = { choices = ["balanced", "none"] }'
        )
    keys = set(known_keys())
    known = {key for key in keys if not any(other.startswith(f"{key}.") for other in keys)}
    for key in config.sweep.space:
        if key not in known:
            raise ConfigError(f"[sweep.space] {key!r} is not a config key; `communique schema` lists them")


def _suggest(trial: optuna.Trial, key: str, dimension: SearchRange) -> str:
    """A proposed value as it would be written after `--set KEY=`; JSON and TOML agree on these."""
    if dimension.choices:
        return str(trial.suggest_categorical(key, [json.dumps(choice) for choice in dimension.choices]))
    assert dimension.low is not None
    assert dimension.high is not None
    if dimension.integer:
        return str(trial.suggest_int(key, int(dimension.low), int(dimension.high), log=dimension.log))
    return repr(trial.suggest_float(key, dimension.low, dimension.high, log=dimension.log))
