"""Prove the core install in a fresh environment: no training library, a bundle loads and scores.

Run by `make core-check`, outside pytest: it builds an environment of its own.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = ("torch", "transformers", "mlflow", "datasets", "joblib", "sklearn")
SCORE = """
import importlib.util, json, sys, time
present = [name for name in {forbidden!r} if importlib.util.find_spec(name)]
start = time.perf_counter()
from communique.serve import load
tagger = load(sys.argv[1])
found = tagger.tag_paragraphs(["The council voted to extend the mandate of the peacekeeping mission."])
seconds = time.perf_counter() - start
print(json.dumps(dict(present=present, seconds=seconds, topics=[t.name for t in found[0].all_topics])))
"""


def run(*command: str | Path) -> str:
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, cwd=ROOT).stdout


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        bundle = work / "bundle"
        settings = [
            f"output.bundle={bundle}",
            f"output.runs={work / 'runs'}",
            f"tracking.uri=sqlite:///{work / 'm.db'}",
        ]
        command = [Path(sys.executable).parent / "communique", "train", "configs/smoke.toml", "--json"]
        run(*command, *(part for setting in settings for part in ("--set", setting)))
        run(sys.executable, "-m", "venv", work / "core")
        python, communique = work / "core/bin/python", work / "core/bin/communique"
        run(python, "-m", "pip", "install", "--quiet", "--constraint", "constraints.txt", ROOT)
        size = sum(
            path.stat().st_size for path in (work / "core").rglob("*") if path.is_file() and not path.is_symlink()
        )
        run(communique, "--help")
        start = time.perf_counter()
        run(communique, "--help")
        help_seconds = time.perf_counter() - start
        facts = json.loads(run(python, "-c", SCORE.format(forbidden=FORBIDDEN), bundle))
        assert not facts["present"], f"the core install holds {facts['present']}"
        assert facts["topics"] == ["peacekeeping", "ceasefire", "security_guarantees"], facts
        scored = json.loads(
            run(communique, "-q", "score", "serve/samples", "--model", bundle, "--out", work / "out", "--json")
        )
        assert scored["articles"], scored
        assert not scored["failed"], scored
        refused = subprocess.run([communique, "train", "configs/smoke.toml"], capture_output=True, text=True, cwd=ROOT)
        assert refused.returncode == 2, refused
        assert "communique[train]" in refused.stderr, refused.stderr
        print(
            f"core install: {size / 1e6:.0f} MB, --help {help_seconds:.2f} s, load and first prediction "
            f"{facts['seconds']:.2f} s, {scored['paragraphs']} sample paragraphs scored"
        )


if __name__ == "__main__":
    main()
