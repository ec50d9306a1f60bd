import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from communique.model.bundle import Bundle
from communique.model.errors import InputError, OutputError
from communique.serve import parts
from communique.serve.output import locked
from communique.serve.score import ScoreOptions, ScoreResult, score
from communique.serve.tagger import Tagger

PRAISE = "The envoy of the neighbouring country praise the truce that was signed on the river bank.\n\n"
REJECT = "The commander of the second brigade reject the guard that had been offered to the town.\n\n"
QUIET = "Bakeries opened again on Monday and the buses of the two lines ran as they did before.\n\n"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text(PRAISE + QUIET, encoding="utf-8")
    (folder / "sub" / "b.txt").write_text(REJECT + QUIET, encoding="utf-8")
    return folder


@pytest.fixture
def run(bundle: Bundle, inbox: Path, tmp_path: Path) -> Any:
    def go(*paths: Path, **options: Any) -> ScoreResult:
        return score(list(paths) or [inbox], Tagger(bundle), tmp_path / "out", ScoreOptions(**options), lambda *_: None)

    return go


def rows(out: str, table: str = "paragraphs") -> list[dict[str, Any]]:
    return pq.read_table(Path(out) / table).to_pylist()


def test_rows_hold_the_contract_columns_and_exact_offsets(run: Any, inbox: Path) -> None:
    result = run()
    found = rows(result.out)
    assert (result.articles, result.paragraphs, result.failed) == (2, 4, 0)
    assert [(row["path"], row["paragraph"], row["truce.stance"]) for row in found] == [
        ("a.txt", 1, "favor"),
        ("a.txt", 2, None),
        ("sub/b.txt", 1, None),
        ("sub/b.txt", 2, None),
    ]
    assert found[2]["guard.stance"] == "against"
    assert found[0]["truce.favor"] + found[0]["truce.against"] + found[0]["truce.neutral"] == pytest.approx(1)
    assert "rain.stance" not in found[0]
    text = (inbox / "a.txt").read_text()
    assert all(text[row["start"] : row["end"]] == row["text"] for row in found[:2])


def test_copies_of_a_paragraph_share_a_cluster(run: Any) -> None:
    clusters = [row["cluster"] for row in rows(run().out)]
    assert clusters[1] == clusters[3]
    assert len(set(clusters)) == 3


def test_articles_are_counted_by_topic_and_stance(run: Any) -> None:
    first = rows(run().out, "articles")[0]
    assert (first["paragraphs"], first["truce.paragraphs"], first["truce.favor"], first["truce.against"]) == (
        2,
        1,
        1,
        0,
    )


def test_one_bad_file_is_recorded_and_stops_nothing(run: Any, inbox: Path) -> None:
    (inbox / "broken.json").write_text("{", encoding="utf-8")
    (inbox / "binary.txt").write_bytes(b"\0\1\2" * 50)
    result = run()
    errors = [json.loads(line) for line in (Path(result.out) / "errors.jsonl").read_text().splitlines()]
    assert (result.articles, result.failed) == (2, 2)
    assert sorted(error["path"] for error in errors) == ["binary.txt", "broken.json"]
    assert all(set(error) == {"path", "record", "stage", "error", "message"} for error in errors)


def test_files_of_other_kinds_are_named_in_the_run(run: Any, inbox: Path) -> None:
    (inbox / "scan.png").touch()
    written = json.loads((Path(run().out) / "run.json").read_text())
    assert written["ignored"] == [str(inbox / "scan.png")]


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


def test_results_inside_the_input_folder_are_not_read_again(bundle: Bundle, inbox: Path) -> None:
    options = ScoreOptions(formats=("jsonl",))
    for _ in range(2):
        result = score([inbox], Tagger(bundle), inbox / "out", options, lambda *_: None)
    assert (result.articles, result.failed, result.reused) == (2, 0, 2)


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


def test_nothing_to_read_is_refused_and_nothing_written(run: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no article"):
        run(tmp_path / "empty")
    with pytest.raises(InputError, match="does not exist"):
        run(tmp_path / "nowhere")
    assert not (tmp_path / "out").exists()


def test_the_same_relative_path_under_two_roots_is_refused(run: Any, inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text(QUIET, encoding="utf-8")
    with pytest.raises(InputError, match="common parent"):
        run(inbox, tmp_path / "other")


def test_foreign_articles_are_skipped_and_said_so(run: Any, inbox: Path) -> None:
    french = "Le conseil municipal a voté mardi soir la prolongation de la mission dans la région frontalière. " * 3
    (inbox / "fr.txt").write_text(french, encoding="utf-8")
    result = run()
    assert (result.articles, result.skipped) == (2, 1)
    assert [row["skipped"] for row in rows(result.out, "articles")] == [None, "language: fr", None]
    assert run(overwrite=True, language="any").skipped == 0


def test_jsonl_and_csv_hold_the_same_rows(run: Any) -> None:
    out = Path(run(formats=("jsonl", "csv")).out)
    lines = (out / "jsonl/paragraphs/part-00000.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == rows(str(out))
    assert (out / "csv/paragraphs/part-00000.csv").read_text().count("\n") == 5


def test_records_of_one_file_are_articles_of_their_own(run: Any, inbox: Path) -> None:
    records = [{"title": "One", "text": PRAISE}, "nonsense", {"title": "Three", "text": REJECT}]
    (inbox / "many.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    result = run()
    found = [(row["record"], row["title"]) for row in rows(result.out, "articles") if row["path"] == "many.jsonl"]
    assert found == [(0, "One"), (2, "Three")]
    assert (result.articles, result.failed) == (4, 1)


def test_rows_do_not_depend_on_the_number_of_workers(run: Any, inbox: Path, tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"{PRAISE}{REJECT}Note {n}."}) for n in range(40)]
    (inbox / "many.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = []
    for workers in (0, 1, 2):
        run(workers=workers, overwrite=True)
        found.append((tmp_path / "out/paragraphs/part-00000.parquet").read_bytes())
    assert found[0] == found[1] == found[2]


def test_near_copies_in_different_parts_share_a_cluster(run: Any, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_FILES", 1)
    wire = f"{PRAISE.strip()} {REJECT.strip()} {QUIET.strip()}"
    (inbox / "a.txt").write_text(wire, encoding="utf-8")
    (inbox / "z.txt").write_text(wire.replace("that was signed", "which was signed"), encoding="utf-8")
    result = run(formats=("jsonl",))
    clusters = {row["path"]: row["cluster"] for row in rows(result.out) if row["paragraph"] == 1}
    assert clusters["a.txt"] == clusters["z.txt"] != clusters["sub/b.txt"]
    files = Path(result.out).glob("jsonl/paragraphs/*")
    lines = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    assert {line["path"]: line["cluster"] for line in lines if line["paragraph"] == 1} == clusters


def test_a_column_that_is_named_is_read(run: Any, inbox: Path) -> None:
    (inbox / "table.csv").write_text("kopf,inhalt\nA report,The envoy praise the truce today.\n", encoding="utf-8")
    result = run(inbox / "table.csv", columns={"text": "inhalt", "title": "kopf"})
    (row,) = rows(result.out)
    assert (row["title"], row["truce.stance"]) == ("A report", "favor")


def test_articles_have_a_balance_and_their_strongest_paragraph(run: Any, inbox: Path) -> None:
    (inbox / "a.txt").write_text(QUIET + PRAISE + REJECT.replace("guard", "truce"), encoding="utf-8")
    first = rows(run().out, "articles")[0]
    assert first["truce.balance"] == pytest.approx(0.0, abs=0.05)
    assert first["truce.strongest"] in (2, 3)
    assert (first["rain.strongest"], first["guard.balance"]) == (None, None)


def test_a_file_that_grows_while_it_is_read_is_named_and_read_again(run: Any, inbox: Path) -> None:
    written = (inbox / "a.txt").stat()
    os.utime(inbox / "a.txt", ns=(written.st_atime_ns, written.st_mtime_ns))
    result = run()
    assert json.loads((Path(result.out) / "run.json").read_text())["changed_while_read"] == []
    with (inbox / "a.txt").open("a") as file:
        file.write(REJECT)
    assert run().reused == 1


def test_a_folder_that_cannot_be_written_is_said_plainly(
    run: Any, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    (inbox / "new.txt").write_text(PRAISE, encoding="utf-8")
    (tmp_path / "out" / "paragraphs" / "part-00001.parquet").mkdir()
    with pytest.raises(OutputError, match="run the same command again"):
        run()


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
