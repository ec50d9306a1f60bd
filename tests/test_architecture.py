"""What may import what, and what importing must not load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {"torch", "transformers", "mlflow", "datasets", "sklearn", "joblib", "pandas", "matplotlib", "optuna"}
ALLOWED = {"model": {"model"}, "train": {"model", "train"}, "serve": {"model", "serve"}}
EXCEPTION = (Path("serve/cli.py"), "communique.train.cli")


def imported(file: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names


@pytest.mark.parametrize("part", ALLOWED)
def test_parts_import_only_what_they_may(part: str) -> None:
    for file in (ROOT / part).glob("**/*.py"):
        for name in imported(file):
            if name.startswith("communique.") and (file.relative_to(ROOT), name) != EXCEPTION:
                assert name.split(".")[1] in ALLOWED[part], f"{file} imports {name}"


def test_mlflow_is_imported_in_its_own_places_only() -> None:
    files = {
        file.relative_to(ROOT).as_posix()
        for part in ALLOWED
        for file in (ROOT / part).glob("**/*.py")
        if any(name.partition(".")[0] == "mlflow" for name in imported(file))
    }
    assert files == {"train/tracking.py", "train/promote.py", "train/pyfunc.py", "serve/registry.py"}


@pytest.mark.parametrize(
    "module", ["communique.serve", "communique.serve.tagger", "communique.serve.score", "communique.serve.cli"]
)
def test_serving_loads_no_training_library(module: str) -> None:
    code = f"import sys, {module}; print(sorted({HEAVY!r} & {{name.partition('.')[0] for name in sys.modules}}))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_files_are_short() -> None:
    files = [file for part in (*ALLOWED, "tests") for file in (ROOT / part).glob("**/*.py")]
    long = [file for file in files if len(file.read_text("utf-8").splitlines()) >= 250]
    assert long == []
