"""Read a config file, apply `--set` overrides, and say exactly what is wrong with it."""

import difflib
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from communique.model.errors import ConfigError
from communique.train.config import TrainingConfig

PATH_KEYS = (
    ("corpus", "paths"),
    ("corpus", "taxonomy"),
    ("corpus", "splits"),
    ("encoder", "soft_labels"),
    ("output", "bundle"),
    ("output", "runs"),
    ("promotion", "export"),
)


def load_config(path: Path, overrides: Sequence[str] = ()) -> TrainingConfig:
    """Read a config and apply overrides of the form `section.key=value` (values as in TOML).

    Raises:
        ConfigError: the file is missing or not TOML, a key is unknown (with the nearest known
            name), or a value is out of range; every problem is listed.
    """
    table = _read_toml(path)
    for override in overrides:
        _apply(table, override)
    try:
        config = TrainingConfig.model_validate(table)
    except ValidationError as error:
        problems = "\n".join(f"  {_explain(problem)}" for problem in error.errors())
        raise ConfigError(f"{path}: {error.error_count()} problem(s) in the config:\n{problems}") from error
    return _resolve_paths(config, path.resolve().parent)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise ConfigError(f"config {path} is not a file; the configs that ship are under configs/") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a TOML file in UTF-8: {error}") from error


def _apply(table: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    *sections, name = key.strip().split(".")
    if not equals or not name:
        raise ConfigError(f"--set {override!r}: expected section.key=value, for example --set split.seed=1")
    target = table
    for section in sections:
        target = target.setdefault(section, {})
        if not isinstance(target, dict):
            raise ConfigError(f"--set {override!r}: {section} is a value, not a section")
    target[name] = _parse_value(value.strip())


def _parse_value(text: str) -> Any:
    """A TOML value; text that is none (a bare word, a path) is taken as a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _explain(problem: ErrorDetails) -> str:
    location = [str(part) for part in problem["loc"]]
    where = ".".join(location)
    if problem["type"] != "extra_forbidden":
        message = problem["msg"].removeprefix("Value error, ")
        return f"{where or 'config'}: {message}; found {problem['input']!r}" if where else message
    known = sorted(known_keys())
    same_section = [key for key in known if key.rpartition(".")[0] == ".".join(location[:-1])]
    nearest = difflib.get_close_matches(where, same_section, n=1, cutoff=0.4) or difflib.get_close_matches(
        where, known, n=1
    )
    hint = f"did you mean {nearest[0]}?" if nearest else f"known here: {', '.join(same_section)}"
    return f"{where}: unknown key; {hint}"


def known_keys(model: type[BaseModel] = TrainingConfig, prefix: str = "") -> Iterator[str]:
    """Every dotted key of the config."""
    for name, field in model.model_fields.items():
        yield prefix + name
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from known_keys(kind, f"{prefix}{name}.")


def _resolve_paths(config: TrainingConfig, base: Path) -> TrainingConfig:
    """Paths are written relative to the config file; afterwards they are absolute."""
    updated = config
    for section, key in PATH_KEYS:
        part = getattr(updated, section)
        value = getattr(part, key)
        if isinstance(value, tuple):
            resolved: Any = tuple((base / path).resolve() for path in value)
        else:
            resolved = (base / value).resolve() if isinstance(value, Path) else value
        updated = updated.model_copy(update={section: part.model_copy(update={key: resolved})})
    return _resolve_names(updated, base)


def _resolve_names(config: TrainingConfig, base: Path) -> TrainingConfig:
    """A backbone or a dataset may be a name elsewhere or a path; it is a path if it exists from the file."""

    def resolved(name: str) -> str:
        return str((base / name).resolve()) if (base / name).exists() else name

    model = config.model.model_copy(update={"backbone": resolved(config.model.backbone)})
    options = {
        key: resolved(value) if key.startswith("data_") else value
        for key, value in config.corpus.dataset_options.items()
    }
    dataset = None if config.corpus.dataset is None else resolved(config.corpus.dataset)
    corpus = config.corpus.model_copy(update={"dataset": dataset, "dataset_options": options})
    return config.model_copy(update={"model": model, "corpus": corpus})
