"""Every code block of README and docs is executed in a prepared folder, page by page, and so are the notebooks.

On the line before a fence an HTML comment, which does not show on the page, may say

    <!-- not executed: REASON -->    for what needs a server, a cluster, the network or minutes
    <!-- file: NAME -->              the block is written to that file for the blocks below it, and checked

sh runs in bash, python in one namespace a page, sql in DuckDB; toml must be a taxonomy or (part of) a config, json, xml
and yaml must parse. A fence without a language, or `text`, shows output: after a block that was
executed its lines must begin as those that were printed. Pages made by docs/generate.py are left out.

README and the quick start run on what `make demo` leaves and nothing else; the how-tos have data beside it.
"""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from articles import write_warc
from docs_blocks import CHECKS, OUTPUT, PAGES, ROOT, Block, blocks_of, write_bundle

from communique.serve.cli import build_app, main
from communique.train import tracking

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
EXECUTED = ("sh", *CHECKS)
BLOCKS = [block for page in PAGES for block in blocks_of(page)]
MARKED = [block for block in BLOCKS if block.reason is not None]
# Every block that is not executed. Add to it knowingly: can the new block not run in the prepared folder?
NOT_EXECUTED = [
    ("README.md", "sets up an environment and trains"),
    ("README.md", "starts a server, which runs until it is stopped"),
    ("README.md", "needs the server above"),
    ("README.md", "trains for minutes; docs/how-to/mlflow.md runs train, runs and promote"),
    ("docs/how-to/cluster.md", "starts a Ray cluster; tests/serve/test_ray_engine.py runs the engine"),
    ("docs/how-to/cluster.md", "needs the machines of cluster.yaml"),
    ("docs/how-to/cluster.md", "starts Spark; tests/train/test_spark.py runs the same calls"),
    ("docs/how-to/mlflow.md", "starts a server"),
    ("docs/how-to/mlflow.md", "starts a server"),
    ("docs/how-to/mlflow.md", "needs the server above"),
    ("docs/how-to/own-data.md", "twenty trainings"),
    ("docs/how-to/serve.md", "starts a server, which runs until it is stopped"),
    ("docs/how-to/serve.md", "needs the server above"),
    ("docs/how-to/serve.md", "starts a server"),
    ("docs/quickstart.md", "sets up an environment and trains"),
]
NEWCOMERS = ("README.md", "docs/quickstart.md")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:mlflow"),
]


def test_the_blocks_that_are_not_executed_are_these() -> None:
    assert [(block.name, block.reason) for block in MARKED] == NOT_EXECUTED


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
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone as `make demo` leaves it; the bundle is a linear one of keywords, written without training."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(ROOT / "serve" / "samples", folder / "serve" / "samples")
    shutil.copytree(ROOT / "configs", folder / "configs")
    (folder / "train").mkdir()
    (folder / "train" / "corpus").symlink_to(ROOT / "train" / "corpus")
    write_bundle(folder / "bundles" / "quick")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # an empty store, because making its tables takes seconds
        tracking.connect("sqlite:///mlflow.db", create=True)
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            arguments = ["--quiet", "score", "serve/samples", "--model", "bundles/quick", "--out", "out/demo"]
            assert main(arguments) == 0
    (folder / "demo.txt").write_text(shown.getvalue(), encoding="utf-8")
    commands = folder / "bin"
    commands.mkdir()
    for name, run in (("communique", f"{sys.executable} -m communique.serve.cli"), ("python", sys.executable)):
        (commands / name).write_text(f'#!/bin/sh\nexec {run} "$@"\n', encoding="utf-8")
        (commands / name).chmod(0o755)
    return folder


def test_the_readme_shows_what_the_demo_prints(demo: Path) -> None:
    """The topics, the columns and the places of the tables; which examples are surest is the model's."""
    shown = next(block.code for block in BLOCKS if block.name == "README.md" and block.language in OUTPUT)
    printed = (demo / "demo.txt").read_text("utf-8")
    assert set(line_heads(shown)) == {*line_heads(printed), "model:"}  # which make adds
    assert shown.splitlines()[0] == printed.splitlines()[0]


@pytest.fixture
def workspace(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the clone for one page, in which commands and Python run."""
    folder = tmp_path / "work"
    shutil.copytree(demo, folder, symlinks=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    for name in ("MLFLOW_TRACKING_URI", "COMMUNIQUE_TOKEN", "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"):
        monkeypatch.setenv(name, "")  # so that what a block sets is undone
        monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("COMMUNIQUE_ARTICLES", str(folder / "serve" / "samples"))
    monkeypatch.setenv("COMMUNIQUE_BUNDLE", str(folder / "bundles" / "quick"))
    return folder


def add_readers_data(folder: Path) -> None:
    """What readers of a how-to have: articles, a crawl, labelled paragraphs, other bundles."""
    shutil.copytree(ROOT / "serve" / "samples", folder / "articles")
    shutil.copy(ROOT / "serve" / "samples" / "11-three-dispatches.jsonl", folder / "more.jsonl")
    for name in ("linear", "frozen"):
        write_bundle(folder / "bundles" / name)
    corpus = (ROOT / "train" / "corpus" / "p01-plain-europe.jsonl").read_text("utf-8").splitlines(keepends=True)
    (folder / "labelled.jsonl").write_text("".join(corpus[:60]), encoding="utf-8")
    write_warc(folder / "crawl.warc.gz", 3)


def make_what_it_says(block: Block, folder: Path) -> None:
    """The bundles that a training block of the README would leave, so that only blocks after it find them."""
    for name in re.findall(r"train configs/(\w+)\.toml|--out bundles/([\w-]+)", block.code):
        if not (folder / "bundles" / "".join(name)).exists():
            write_bundle(folder / "bundles" / "".join(name))


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks_of(page)], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_blocks(page: Path, workspace: Path) -> None:
    namespace: dict[str, object] = {"__name__": "__main__"}
    if page.relative_to(ROOT).as_posix() not in NEWCOMERS:
        add_readers_data(workspace)
    printed: str | None = None
    for block in blocks_of(page):
        if block.file is not None:
            (workspace / block.file).parent.mkdir(parents=True, exist_ok=True)
            (workspace / block.file).write_text(block.code, encoding="utf-8")
        if block.language in OUTPUT:
            assert printed is None or line_heads(block.code) == line_heads(printed), f"{block.place}\n{printed}"
        elif block.reason is not None:
            make_what_it_says(block, workspace)
            printed = None
        else:
            try:
                printed = execute(block, workspace, namespace)
            except Exception as error:
                raise AssertionError(f"{block.place}: {type(error).__name__}: {error}") from error


def execute(block: Block, folder: Path, namespace: dict[str, object]) -> str | None:
    """Run or check a block; what it printed, if it is one that prints."""
    if block.language == "sh":
        ran = subprocess.run(["bash", "-euo", "pipefail", "-c", block.code], cwd=folder, capture_output=True, text=True)
        assert ran.returncode == 0, f"exit status {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout
    if block.language == "python" and block.file is None:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(block.code, block.place, "exec"), namespace)
        return out.getvalue()
    CHECKS[block.language](block.code)
    return None


def line_heads(text: str) -> list[str]:
    """The first word of each line: names of topics and columns, not the numbers of one model."""
    return [line.split()[0] for line in text.splitlines() if line.strip()]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{workspace / 'mlflow.db'}")
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(workspace)}}).execute()
    printed = json.dumps([cell.outputs for cell in notebook.cells if cell.cell_type == "code"])
    assert "text/html" in printed  # predictions show as text with marks
    assert "rror:" not in printed, printed  # a command after `!` that fails does not stop the notebook
