"""Ray on this machine gives the rows of the local engine, bit for bit."""

import json
from pathlib import Path

import pytest

from communique.model.bundle import Bundle
from communique.serve import parts
from communique.serve.score import ScoreOptions, score
from communique.serve.tagger import Tagger

pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")
TEXT = "The envoy praise the truce that was signed on the river bank.\n\nThe commander reject the guard of the town."


def tables(out: Path) -> dict[str, bytes]:
    files = (path for path in out.rglob("*") if path.is_file() and path.name not in ("run.json", ".lock"))
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def test_ray_writes_what_the_local_engine_writes(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from communique.serve.ray_engine import ray_engine

    monkeypatch.setattr(parts, "PART_FILES", 4)
    inbox = tmp_path / "in"
    inbox.mkdir()
    for number in range(10):
        (inbox / f"{number}.txt").write_text(f"{TEXT}\n\nNote {number}, and so on.", encoding="utf-8")
    lines = [json.dumps({"text": f"{TEXT} Record {n}."}) for n in range(5)]
    (inbox / "many.jsonl").write_text("\n".join([*lines, "{broken"]), encoding="utf-8")
    done: list[tuple[int, int]] = []
    for name, engine in (("local", None), ("ray", ray_engine(None, 2))):
        result = score([inbox], Tagger(bundle), tmp_path / name, ScoreOptions(), lambda *now: done.append(now), engine)
        assert (result.articles, result.failed) == (15, 1)
    assert tables(tmp_path / "ray") == tables(tmp_path / "local")
    assert done[-1] == (11, 11)
