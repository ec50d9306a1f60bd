"""A run that is killed at any moment loses nothing: the next one ends with the tables of an uninterrupted run."""

import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from communique.model.bundle import Bundle
from communique.serve import parts
from communique.serve.score import ScoreOptions, score
from communique.serve.tagger import Tagger

KILLS = 20
OPTIONS = ScoreOptions(formats=("jsonl",), workers=0)
SENTENCES = (
    "The envoy of the neighbouring country praise the truce that was signed on the river bank in the morning.",
    "The commander of the second brigade reject the guard that had been offered to the town by its neighbours.",
    "Bakeries opened again on Monday and the buses of the two lines ran as they did before the flood came.",
)


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty small files, in parts of four, and one file of records that is written in slices of ten."""
    monkeypatch.setattr(parts, "PART_FILES", 4)
    monkeypatch.setattr(parts, "SLICED_BYTES", 1_000)
    monkeypatch.setattr(parts, "SLICE_RECORDS", 10)
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(40):
        text = "\n\n".join(f"{SENTENCES[(number + i) % 3]} Note {number % 7}." for i in range(4))
        (folder / f"{number:03}.txt").write_text(text, encoding="utf-8")
    (folder / "bad.json").write_text("{", encoding="utf-8")
    lines = [json.dumps({"title": f"Report {n}", "text": f"{SENTENCES[n % 3]} Record {n}."}) for n in range(45)]
    (folder / "many.jsonl").write_text("\n".join([*lines, "{broken"]), encoding="utf-8")
    return folder


def tables(out: Path) -> dict[str, bytes]:
    """Everything a run leaves but run.json, which tells the time it took."""
    files = (path for path in out.rglob("*") if path.is_file() and path.name not in ("run.json", ".lock"))
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def run(inbox: Path, bundle: Bundle, out: Path) -> None:
    score([inbox], Tagger(bundle), out, OPTIONS, lambda *_: None)


def is_killed(inbox: Path, bundle: Bundle, out: Path, seconds: float) -> bool:
    """Run in another process and kill it after so many seconds; False if it was done by then."""
    child = os.fork()
    if not child:
        try:
            run(inbox, bundle, out)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_killed_at_random_points_it_ends_as_if_nothing_had_happened(
    inbox: Path, bundle: Bundle, tmp_path: Path
) -> None:
    run(inbox, bundle, tmp_path / "warm")
    started = time.monotonic()
    run(inbox, bundle, tmp_path / "whole")
    seconds = time.monotonic() - started
    chance = random.Random(0)
    kills, out = 0, tmp_path / "killed"
    while kills < KILLS:
        if is_killed(inbox, bundle, out, chance.uniform(0, seconds / 2)):
            kills += 1
        else:
            assert tables(out) == tables(tmp_path / "whole")
            shutil.rmtree(out)
    run(inbox, bundle, out)
    assert tables(out) == tables(tmp_path / "whole")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_killed_while_it_takes_in_changes_it_ends_with_the_rows_of_now(
    inbox: Path, bundle: Bundle, tmp_path: Path
) -> None:
    """Files change, go and come, and the big one shrinks, between a finished run and one that is killed."""
    chance = random.Random(1)
    out = tmp_path / "out"
    run(inbox, bundle, out)
    for turn in range(KILLS // 2):
        (inbox / f"{turn:03}.txt").write_text(f"{SENTENCES[0]} Changed {turn}.", encoding="utf-8")
        (inbox / f"{turn + 20:03}.txt").unlink()
        (inbox / f"new{turn}.txt").write_text(f"{SENTENCES[1]} New {turn}.", encoding="utf-8")
        lines = (inbox / "many.jsonl").read_text("utf-8").splitlines()
        (inbox / "many.jsonl").write_text("\n".join(lines[: 40 - 4 * turn]), encoding="utf-8")
        is_killed(inbox, bundle, out, chance.uniform(0, 0.3))
    run(inbox, bundle, out)
    run(inbox, bundle, tmp_path / "fresh")
    assert rows(out) == rows(tmp_path / "fresh")


def rows(out: Path) -> list[tuple[str, int, int, str]]:
    found = pq.read_table(out / "paragraphs", columns=["path", "record", "paragraph", "text"]).to_pylist()
    return sorted(tuple(row.values()) for row in found)


def test_slices_follow_each_other_and_nothing_is_scored_twice(inbox: Path, bundle: Bundle, tmp_path: Path) -> None:
    run(inbox, bundle, tmp_path / "out")
    names = sorted(path.stem for path in (tmp_path / "out" / "paragraphs").glob("*-0*-0*.parquet"))
    assert [name.split("-")[2] for name in names] == ["00000", "00001", "00002", "00003", "00004"]
    again = score([inbox], Tagger(bundle), tmp_path / "out", OPTIONS, lambda *_: None)
    assert (again.articles, again.reused, again.failed) == (85, 85, 2)


def test_a_shorter_file_leaves_no_slices_behind(inbox: Path, bundle: Bundle, tmp_path: Path) -> None:
    run(inbox, bundle, tmp_path / "out")
    lines = (inbox / "many.jsonl").read_text("utf-8").splitlines()[:12]
    (inbox / "many.jsonl").write_text("\n".join(lines), encoding="utf-8")
    result = score([inbox], Tagger(bundle), tmp_path / "out", OPTIONS, lambda *_: None)
    assert result.articles == 52
    assert len(list((tmp_path / "out" / "paragraphs").glob("*-0*-0*.parquet"))) == 2
