"""Every code block of README and docs is executed in a prepared folder, page by page, and so are the notebooks.

On the line before a fence an HTML comment, which does not show on the page, may say

    <!-- not executed: REASON -->    for what needs a server, a cluster, the network or minutes
    <!-- file: NAME -->              the block is written to that file for the blocks below it, and checked

sh runs in bash, python in one namespace a page, sql in DuckDB; toml must be a taxonomy or (part of) a config, json, xml
and yaml must parse. A fence without a language, or `text`, shows output. Pages made by docs/generate.py are left out.
"""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import numpy as np
import pytest
import typer
from articles import write_warc

from communique.model.bundle import Manifest, write_manifest
from communique.model.calibration import Calibration, TopicCalibration
from communique.model.linear import save_linear
from communique.model.taxonomy import load_taxonomy, parse_taxonomy
from communique.model.tfidf import TfidfBlock
from communique.serve.cli import build_app, main
from communique.train import tracking
from communique.train.config import TrainingConfig

ROOT = Path(__file__).resolve().parent.parent
GENERATED = "<!-- Made by docs/generate.py"
PAGES = [
    page
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if not page.read_text("utf-8").startswith(GENERATED)
]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
# How many blocks are not executed. Raise it knowingly: can the new block not run in the prepared folder?
NOT_EXECUTED = 15
MARK = re.compile(r"<!-- (not executed|file): ?(.*?) ?-->")
OUTPUT = ("", "text")
EXECUTED = ("sh", "python", "sql", "toml", "json", "xml", "yaml")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:mlflow"),
]


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
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


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


BLOCKS = [block for page in PAGES for block in blocks_of(page)]
MARKED = [block for block in BLOCKS if block.reason is not None]


def test_blocks_that_are_not_executed_are_few_and_have_a_reason() -> None:
    listing = "\n".join(f"{block.place}: {block.reason}" for block in MARKED)
    assert [block.place for block in MARKED if len(str(block.reason)) < 8] == [], "these have no reason"
    assert len(MARKED) == NOT_EXECUTED, f"{len(MARKED)} blocks are marked as not executed:\n{listing}"


def test_every_block_is_of_a_kind_that_is_executed() -> None:
    kinds = {block.place: block.language for block in BLOCKS if block.reason is None}
    assert {place: kind for place, kind in kinds.items() if kind not in (*OUTPUT, *EXECUTED)} == {}


def test_no_command_hides_in_a_block_of_output_or_in_an_indented_fence() -> None:
    hidden = [b.place for b in BLOCKS if b.language in OUTPUT and re.search(r"^(\$ )?communique ", b.code, re.M)]
    indented = [str(page) for page in PAGES if re.search(r"^ +```", page.read_text("utf-8"), re.M)]
    assert hidden + indented == []


def test_commands_that_are_not_executed_exist_with_their_options() -> None:
    commands = typer.main.get_command(build_app()).commands  # type: ignore[attr-defined]
    shell = "".join(block.code for block in MARKED if block.language == "sh").replace("\\\n", " ")
    for name, rest in re.findall(r"^(?:.*/)?communique (\w+)(.*?)(?:#.*|\"?)$", shell, re.M):
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= known, f"communique {name}{rest}"
    for block in MARKED:
        if block.language == "python":
            compile(block.code, block.place, "exec")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as readers have it after the quick start: articles, bundles, labelled paragraphs, a scored folder.

    The bundles are one and the same: a linear one of keywords, written without training."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(ROOT / "serve" / "samples", folder / "articles")
    shutil.copy(ROOT / "serve" / "samples" / "11-three-dispatches.jsonl", folder / "more.jsonl")
    for name in ("quick", "linear", "frozen", "encoder-int8"):
        write_bundle(folder / "bundles" / name)
    corpus = (ROOT / "train" / "corpus" / "p01-plain-europe.jsonl").read_text("utf-8").splitlines(keepends=True)
    (folder / "labelled.jsonl").write_text("".join(corpus[:60]), encoding="utf-8")
    write_warc(folder / "crawl.warc.gz", 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # an empty store, because making its tables takes seconds
        tracking.connect("sqlite:///mlflow.db", create=True)
    arguments = ["--quiet", "score", str(folder / "articles"), "--model", str(folder / "bundles" / "quick")]
    with contextlib.redirect_stdout(None):
        assert main([*arguments, "--out", str(folder / "out" / "samples")]) == 0
    commands = folder / "bin"
    commands.mkdir()
    for name, run in (("communique", f"{sys.executable} -m communique.serve.cli"), ("python", sys.executable)):
        (commands / name).write_text(f'#!/bin/sh\nexec {run} "$@"\n', encoding="utf-8")
        (commands / name).chmod(0o755)
    return folder


def write_bundle(folder: Path) -> None:
    """The default topics, each by a word or two, each stance by one."""
    topics = {"peacekeeping": 0, "peacekeepers": 0, "ceasefire": 1, "truce": 1, "guarantees": 2, "guarantee": 2}
    stances = {"welcomed": 0, "hoped": 0, "reloading": 1, "rejected": 1}
    weights, bias = np.zeros((len(topics) + len(stances), 12), np.float32), np.zeros(12, np.float32)
    bias[:3], bias[[5, 8, 11]] = -3.0, 1.0
    for row, topic in enumerate(topics.values()):
        weights[row, topic] = 9.0
    for row, stance in enumerate(stances.values(), start=len(topics)):
        weights[row, [3 + stance, 6 + stance, 9 + stance]] = 5.0
    folder.mkdir(parents=True)
    words = TfidfBlock(analyzer="word", ngram_range=(1, 1), terms=(*topics, *stances))
    save_linear(folder, (words,), np.ones(len(weights), np.float32), weights, bias)
    one = TopicCalibration(slope=1.0, intercept=0.0, prior=0.1, thresholds=((0.0, 0.5), (1.0, 0.5)))
    calibration = Calibration(topics=(one, one, one), topical_share=0.25)
    taxonomy = load_taxonomy()
    write_manifest(
        folder, Manifest(name="keywords", family="linear", taxonomy=taxonomy, calibration=calibration, config={})
    )


@pytest.fixture
def workspace(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the prepared folder for one page, in which commands and Python run."""
    folder = tmp_path / "work"
    shutil.copytree(prepared, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    for name in ("MLFLOW_TRACKING_URI", "COMMUNIQUE_TOKEN", "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"):
        monkeypatch.setenv(name, "")  # so that what a block sets is undone
        monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("COMMUNIQUE_ARTICLES", str(folder / "articles"))
    monkeypatch.setenv("COMMUNIQUE_BUNDLE", str(folder / "bundles" / "quick"))
    return folder


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks_of(page)], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_blocks(page: Path, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in blocks_of(page):
        if block.file is not None:
            (workspace / block.file).parent.mkdir(parents=True, exist_ok=True)
            (workspace / block.file).write_text(block.code, encoding="utf-8")
        if block.reason is not None or block.language in OUTPUT:
            continue
        try:
            if block.language == "sh":
                run_shell(block, workspace)
            elif block.language == "python" and block.file is None:
                exec(compile(block.code, block.place, "exec"), namespace)
            else:
                CHECKS[block.language](block.code)
        except Exception as error:
            raise AssertionError(f"{block.place}: {type(error).__name__}: {error}") from error
    capsys.readouterr()


def run_shell(block: Block, folder: Path) -> None:
    ran = subprocess.run(["bash", "-euo", "pipefail", "-c", block.code], cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, f"exit status {ran.returncode}\n{ran.stdout}\n{ran.stderr}"


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


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{workspace / 'mlflow.db'}")
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(workspace)}}).execute()
    printed = json.dumps([cell.outputs for cell in notebook.cells if cell.cell_type == "code"])
    assert "rror:" not in printed, printed  # a command after `!` that fails does not stop the notebook
