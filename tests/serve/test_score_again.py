"""Scoring into a folder that holds something already."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from small_inbox import PRAISE, QUIET, REJECT, rows

from communique.model.errors import InputError
from communique.serve import parts
from communique.serve.output import locked


def test_a_rerun_reuses_everything(run: Any) -> None:
    first, second = run(), run()
    assert (first.reused, second.reused) == (0, 2)
    assert (second.articles, second.paragraphs) == (first.articles, first.paragraphs)


def test_a_changed_file_replaces_its_rows(run: Any, inbox: Path) -> None:
    run()
    (inbox / "a.txt").write_text(REJECT, encoding="utf-8")
    os.utime(inbox / "a.txt", ns=(1, 1))
    result = run(formats=())
    assert (result.articles, result.reused) == (2, 1)  # the other file of its part is not read again
    assert sorted((row["path"], row["paragraph"], row["guard.stance"]) for row in rows(result.out)) == [
        ("a.txt", 1, "against"),
        ("sub/b.txt", 1, "against"),
        ("sub/b.txt", 2, None),
    ]


def test_a_new_file_is_added_and_a_removed_one_goes(run: Any, inbox: Path) -> None:
    run()
    (inbox / "a.txt").unlink()
    (inbox / "c.txt").write_text(PRAISE, encoding="utf-8")
    assert sorted({row["path"] for row in rows(run().out)}) == ["c.txt", "sub/b.txt"]


def test_output_is_the_same_every_time(run: Any, tmp_path: Path) -> None:
    part = tmp_path / "out/paragraphs/part-00000.parquet"
    run()
    before = part.read_bytes()
    run(overwrite=True)
    assert part.read_bytes() == before


def test_other_settings_in_the_same_folder_are_refused(run: Any) -> None:
    run()
    with pytest.raises(InputError, match="another language"):
        run(language="any")


def test_overwrite_never_touches_a_folder_that_is_not_ours(run: Any, tmp_path: Path) -> None:
    precious = tmp_path / "out" / "articles" / "mine.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work", encoding="utf-8")
    with pytest.raises(InputError, match="another --out"):
        run(overwrite=True)
    assert precious.exists()


def test_a_second_run_adds_to_the_first(run: Any, inbox: Path) -> None:
    run()
    assert {row["path"] for row in rows(run(inbox / "a.txt").out)} == {"a.txt", "sub/b.txt"}


def test_another_file_of_the_same_path_does_not_replace_the_first(run: Any, tmp_path: Path) -> None:
    run()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text(QUIET, encoding="utf-8")
    with pytest.raises(InputError, match="same path below its root"):
        run(tmp_path / "other")


def test_a_part_that_was_deleted_is_scored_again(run: Any, tmp_path: Path) -> None:
    run()
    (tmp_path / "out/paragraphs/part-00000.parquet").unlink()
    assert (run().reused, len(rows(str(tmp_path / "out")))) == (0, 4)


def test_out_that_is_a_file_is_refused(run: Any, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(InputError, match="not an empty folder"):
        run()


def test_a_folder_with_other_things_is_refused(run: Any, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").touch()
    with pytest.raises(InputError, match="not an empty folder"):
        run()


def test_a_file_that_grows_while_it_is_read_is_named_and_read_again(run: Any, inbox: Path) -> None:
    written = (inbox / "a.txt").stat()
    os.utime(inbox / "a.txt", ns=(written.st_atime_ns, written.st_mtime_ns))
    result = run()
    assert json.loads((Path(result.out) / "run.json").read_text())["changed_while_read"] == []
    with (inbox / "a.txt").open("a") as file:
        file.write(REJECT)
    assert run().reused == 1


def test_a_file_named_again_below_another_root_is_not_scored_twice(run: Any, inbox: Path) -> None:
    run()
    assert run(inbox / "sub" / "b.txt").articles == 2
    assert run().articles == 2


def test_what_took_too_long_is_tried_again_under_a_higher_limit(run: Any, inbox: Path) -> None:
    page = "<div>" * 1000 + "<p>The envoy praise the truce in every valley of it, he said.</p>" * 20_000
    (inbox / "slow.html").write_text(f"<html><body>{page}</body></html>", encoding="utf-8")
    first = run(workers=1, seconds=0.05)
    assert first.failed >= 1
    again = run(workers=1, seconds=0.04)
    assert (again.failed, again.reused) == (first.failed, first.articles)
    assert run(workers=1, seconds=60.0).failed < first.failed


def test_a_folder_left_by_a_kill_at_the_very_start_is_taken(run: Any, tmp_path: Path) -> None:
    (tmp_path / "out" / "manifest").mkdir(parents=True)
    (tmp_path / "out" / "manifest" / ".lock").touch()
    assert run().articles == 2


def test_overwriting_waits_for_nobody_and_takes_nothing_from_a_running_run(run: Any, tmp_path: Path) -> None:
    result = run()
    with locked(tmp_path / "out"), pytest.raises(InputError, match="another run"):
        run(overwrite=True)
    assert len(rows(result.out)) == 4


def test_a_file_that_grew_large_is_sliced(run: Any, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps({"text": f"{PRAISE} Number {n}."}) for n in range(30)]
    (inbox / "log.jsonl").write_text("\n".join(lines[:3]), encoding="utf-8")
    assert run().articles == 5
    monkeypatch.setattr(parts, "SLICED_BYTES", 1_000)
    monkeypatch.setattr(parts, "SLICE_RECORDS", 10)
    (inbox / "log.jsonl").write_text("\n".join(lines), encoding="utf-8")
    result = run()
    assert result.articles == 32
    assert sorted(path.stem for path in Path(result.out).glob("paragraphs/*-*-*.parquet")) == [
        "part-00001-00000", "part-00001-00001", "part-00001-00002"
    ]  # fmt: skip
