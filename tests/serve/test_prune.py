import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from communique.model.bundle import Bundle
from communique.serve.score import ScoreOptions, ScoreResult, score
from communique.serve.tagger import Tagger

WIRE = (
    "The envoy of the neighbouring country praise the truce that was signed on the river bank in the morning, and "
    "the commander of the second brigade reject the guard that had been offered to the town in the spring."
)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.txt").write_text(f"{WIRE} Note {number}.", encoding="utf-8")
    with zipfile.ZipFile(folder / "pack.zip", "w") as archive:
        archive.writestr("sub/inner.txt", f"{WIRE} Inner.")
        archive.writestr("bad.json", "{")
    return folder


@pytest.fixture
def run(bundle: Bundle, inbox: Path, tmp_path: Path) -> Any:
    def go(out: str = "out") -> ScoreResult:
        return score([inbox], Tagger(bundle), tmp_path / out, ScoreOptions(formats=("jsonl",)), lambda *_: None)

    return go


def everything(out: str) -> tuple[list[Any], list[Any], list[str]]:
    tables = [pq.read_table(Path(out) / name).to_pylist() for name in ("paragraphs", "articles")]
    lines = [file.read_text("utf-8").splitlines() for file in Path(out).glob("jsonl/paragraphs/*")]
    assert sorted(line for some in lines for line in some) == sorted(
        json.dumps(row, ensure_ascii=False) for row in tables[0]
    )
    by_place = [
        sorted(table, key=lambda row: (row["path"], row["record"], row.get("paragraph", 0))) for table in tables
    ]
    return by_place[0], by_place[1], sorted((Path(out) / "errors.jsonl").read_text("utf-8").splitlines())


def test_what_is_left_is_as_if_it_alone_had_been_scored(run: Any, inbox: Path) -> None:
    """The smallest copy key may go with its file: clusters are named anew."""
    assert run().articles == 5
    for gone in ("0.txt", "2.txt", "pack.zip"):
        (inbox / gone).unlink()
        result, fresh = run(), run(f"without {gone}")
        assert (result.articles, result.paragraphs, result.failed) == (fresh.articles, fresh.paragraphs, fresh.failed)
        assert result.reused == result.articles
        assert everything(result.out) == everything(fresh.out)


def test_only_a_changed_file_is_read_again(run: Any, inbox: Path) -> None:
    run()
    (inbox / "pack.zip").unlink()
    (inbox / "1.txt").write_text("They reject the truce.", encoding="utf-8")
    result, fresh = run(), run("fresh")
    assert (result.articles, result.reused, result.failed) == (4, 3, 0)
    assert everything(result.out) == everything(fresh.out)


def test_a_folder_that_lost_all_its_files_of_a_part_has_no_empty_part(run: Any, inbox: Path) -> None:
    run()
    for file in inbox.iterdir():
        file.unlink()
    (inbox / "new.txt").write_text(WIRE, encoding="utf-8")
    result = run()
    assert (result.articles, result.reused) == (1, 0)
    assert len(list((Path(result.out) / "paragraphs").iterdir())) == 1
