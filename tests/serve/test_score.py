import json
from pathlib import Path
from typing import Any

import pytest
from small_inbox import PRAISE, QUIET, REJECT, rows

from communique.model.bundle import Bundle
from communique.model.errors import InputError, OutputError
from communique.serve import parts
from communique.serve.score import ScoreOptions, score
from communique.serve.tagger import Tagger


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


def test_results_inside_the_input_folder_are_not_read_again(bundle: Bundle, inbox: Path) -> None:
    options = ScoreOptions(formats=("jsonl",))
    for _ in range(2):
        result = score([inbox], Tagger(bundle), inbox / "out", options, lambda *_: None)
    assert (result.articles, result.failed, result.reused) == (2, 0, 2)


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


def test_a_folder_that_cannot_be_written_is_said_plainly(
    run: Any, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    (inbox / "new.txt").write_text(PRAISE, encoding="utf-8")
    (tmp_path / "out" / "paragraphs" / "part-00001.parquet").mkdir()
    with pytest.raises(OutputError, match="run the same command again"):
        run()
