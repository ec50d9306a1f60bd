"""The code blocks of the documentation: where they are, what they must be, and a bundle for them to run on."""

import importlib.util
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import numpy as np
import pytest

from communique.model.bundle import Manifest, write_manifest
from communique.model.calibration import Calibration, TopicCalibration
from communique.model.linear import save_linear
from communique.model.taxonomy import load_taxonomy, parse_taxonomy
from communique.model.tfidf import TfidfBlock
from communique.train.config import TrainingConfig

ROOT = Path(__file__).resolve().parents[2]
GENERATED = "<!-- Made by docs/generate.py"
PAGES = [
    page
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if not page.read_text("utf-8").startswith(GENERATED)
]
MARK = re.compile(r"<!-- (not executed|file): ?(.*?) ?-->")
OUTPUT = ("", "text")


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is that of its first line of code, `reason` why it is not executed, if so marked."""

    page: Path
    line: int
    language: str
    code: str
    reason: str | None
    file: str | None

    @property
    def name(self) -> str:
        """The page, from the top of the repository."""
        return self.page.relative_to(ROOT).as_posix()

    @property
    def place(self) -> str:
        return f"{self.name}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    found: list[Block] = []
    marks: dict[str, str] = {}
    lines = page.read_text("utf-8").splitlines()
    opened: int | None = None
    for number, line in enumerate(lines):
        if opened is not None:
            if line.rstrip() == "```":
                language, code = lines[opened][3:].strip(), "\n".join(lines[opened + 1 : number]) + "\n"
                found.append(Block(page, opened + 2, language, code, marks.get("not executed"), marks.get("file")))
                opened, marks = None, {}
        elif line.startswith("```"):
            opened = number
        elif mark := MARK.fullmatch(line.strip()):
            marks[mark[1]] = mark[2]
        else:
            marks = {}
    assert opened is None, f"{page}:{opened}: a fence is not closed"
    return found


def write_bundle(folder: Path) -> None:
    """The default topics, each by a word or two, each stance by one; a guarantee that is missing is no topic."""
    topics = {"peacekeeping": 0, "peacekeepers": 0, "ceasefire": 1, "truce": 1, "guarantees": 2, "guarantee": 2}
    stances = {"welcomed": 0, "hoped": 0, "reloading": 1, "rejected": 1}
    weights, bias = np.zeros((len(topics) + len(stances) + 1, 12), np.float32), np.zeros(12, np.float32)
    bias[:3], bias[[5, 8, 11]] = -3.0, 1.0
    for row, topic in enumerate(topics.values()):
        weights[row, topic] = 9.0
    for row, stance in enumerate(stances.values(), start=len(topics)):
        weights[row, [3 + stance, 6 + stance, 9 + stance]] = 5.0
    weights[-1, 2] = -9.0
    folder.mkdir(parents=True)
    words = TfidfBlock(analyzer="word", ngram_range=(1, 1), terms=(*topics, *stances, "without"))
    save_linear(folder, (words,), np.ones(len(weights), np.float32), weights, bias)
    one = TopicCalibration(slope=1.0, intercept=0.0, prior=0.1, thresholds=((0.0, 0.5), (1.0, 0.5)))
    calibration = Calibration(topics=(one, one, one), topical_share=0.25)
    taxonomy = load_taxonomy()
    write_manifest(
        folder, Manifest(name="keywords", family="linear", taxonomy=taxonomy, calibration=calibration, config={})
    )


def check_toml(text: str) -> None:
    table = tomllib.loads(text)
    if "topics" in table:
        parse_taxonomy(table, "block")
        return
    whole = {"name": "block", "output": {"bundle": "block"}, **table}
    whole["model"] = {"family": "linear", **table.get("model", {})}
    TrainingConfig.model_validate(whole)


def check_json(text: str) -> None:
    """One value, or one a line."""
    try:
        json.loads(text)
    except json.JSONDecodeError:
        for line in text.splitlines():
            json.loads(line)


def check_yaml(text: str) -> None:
    """A cluster of Ray keeps to Ray's schema, where Ray is installed."""
    content = pytest.importorskip("yaml").safe_load(text)
    ray = importlib.util.find_spec("ray")
    if "provider" in content and ray is not None and ray.origin is not None:
        schema = json.loads((Path(ray.origin).parent / "autoscaler" / "ray-schema.json").read_text("utf-8"))
        jsonschema.validate(content, schema)


def check_sql(text: str) -> None:
    import duckdb

    duckdb.sql(text).fetchall()


CHECKS = {
    "toml": check_toml,
    "json": check_json,
    "yaml": check_yaml,
    "sql": check_sql,
    "xml": ElementTree.fromstring,
    "python": lambda text: compile(text, "block", "exec"),
}
