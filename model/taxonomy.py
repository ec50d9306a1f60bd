"""The taxonomy: which topics there are, what each means, and which stances are told apart.

A taxonomy is one TOML file. Nothing but that file knows a topic's name: column order everywhere
is the order of `topics`, and of `stances` within a topic.
"""

import tomllib
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from communique.model.errors import ConfigError

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"


class Topic(BaseModel):
    """One topic: its name, a one-sentence definition, and whether stances are judged on it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=NAME_PATTERN)
    definition: str = Field(min_length=1)
    stance: bool = True


class Taxonomy(BaseModel):
    """The label space of a task.

    `stances` applies to every topic with `stance = true`; its first two names are the poles that
    F_avg is computed over. `exclusive` means that exactly one topic holds for each paragraph.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="unnamed", min_length=1)
    exclusive: bool = False
    stances: tuple[Annotated[str, Field(pattern=NAME_PATTERN)], ...] = ()
    topics: tuple[Topic, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_usable(self) -> "Taxonomy":
        names = [topic.name for topic in self.topics]
        for kind, values in (("topic", names), ("stance", list(self.stances))):
            repeated = sorted({value for value in values if values.count(value) > 1})
            if repeated:
                raise ValueError(f"{kind} names must be unique; repeated: {', '.join(repeated)}")
        if any(topic.stance for topic in self.topics) and len(self.stances) < 2:
            raise ValueError(
                "a topic with stance = true needs at least two names in `stances`; "
                "write stance = false on the topics of a topic-only task"
            )
        reserved = {"probability", "present", "stance", "holder", "holder_start", "holder_end"}
        clash = sorted((reserved | {"evidence"}) & set(self.stances))
        if clash:
            raise ValueError(f"stance names clash with output columns: {', '.join(clash)}")
        if self.exclusive and len(self.topics) < 2:
            raise ValueError("an exclusive taxonomy needs at least two topics")
        return self

    @cached_property
    def topic_names(self) -> tuple[str, ...]:
        return tuple(topic.name for topic in self.topics)

    @cached_property
    def has_stance(self) -> tuple[bool, ...]:
        """For each topic, whether stances are judged on it."""
        return tuple(topic.stance for topic in self.topics)

    @property
    def n_topics(self) -> int:
        return len(self.topics)

    @property
    def n_stances(self) -> int:
        return len(self.stances)

    @cached_property
    def pairs(self) -> tuple[tuple[str, str | None], ...]:
        """Every (topic, stance) pair in column order; a stanceless topic is its own pair."""
        return tuple(
            (topic.name, stance) for topic in self.topics for stance in (self.stances if topic.stance else (None,))
        )


def pair_name(topic: str, stance: str | None) -> str:
    """`topic/stance`, or the topic alone where it has no stance."""
    return topic if stance is None else f"{topic}/{stance}"


def parse_taxonomy(table: dict[str, Any], where: str) -> Taxonomy:
    """Build a taxonomy from a parsed TOML table; `where` names its source in errors.

    Raises:
        ConfigError: with every problem of the table.
    """
    try:
        return Taxonomy.model_validate(table)
    except ValidationError as error:
        problems = "\n".join(
            f"  {'.'.join(str(part) for part in item['loc']) or 'taxonomy'}: {item['msg']}" for item in error.errors()
        )
        raise ConfigError(
            f"{where}: the taxonomy is not usable:\n{problems}\n"
            "A taxonomy has `stances = [...]` and one [[topics]] table per topic with `name` "
            "(a-z, 0-9, _), `definition` and optionally `stance = false`."
        ) from error


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Read a taxonomy file, or the default one with the three topics when no path is given.

    Raises:
        ConfigError: the file is missing, is not TOML, or is not a taxonomy.
    """
    if path is None:
        text = resources.files("communique.model").joinpath("taxonomy.toml").read_text("utf-8")
        return parse_taxonomy(tomllib.loads(text), "default taxonomy")
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise ConfigError(f"taxonomy file {path} is not a file; check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a TOML file in UTF-8: {error}") from error
    return parse_taxonomy(table, str(path))
