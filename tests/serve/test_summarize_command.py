import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from communique.serve.cli import main
from communique.serve.report_folder import ScoredFolder

Scored = Callable[..., ScoredFolder]
ROWS = [
    {"outlet": "North", "published": "2024-05-03", "truce": (1.0, (0.6, 0.3, 0.1))},
    {"outlet": "North", "published": "2024-06-03", "truce": (1.0, (0.8, 0.1, 0.1)), "rain": (0.5, ())},
    {"outlet": "=cmd()", "published": "2024-06-03", "guard": (0.9, (0.1, 0.1, 0.8))},
]


def run(folder: ScoredFolder, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["summarize", str(folder.path), *options]) == 0
    return capsys.readouterr().out


def test_json_is_one_object(scored: Scored, capsys: pytest.CaptureFixture[str]) -> None:
    shown = json.loads(run(scored(ROWS), capsys, "--by", "topic,outlet", "--json"))
    assert shown["by"] == ["topic", "outlet"]
    first = shown["groups"][0]
    assert (first["topic"], first["outlet"], first["articles"], first["expected"]) == ("truce", "North", 2, 2.0)
    assert first["stances"]["favor"]["share"] == 0.7
    assert first["stances"]["favor"]["low"] < 0.7 < first["stances"]["favor"]["high"]


def test_stance_as_a_key_gives_a_row_for_each(scored: Scored, capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(run(scored(ROWS), capsys, "--by", "stance", "--json"))["groups"]
    assert [(row["topic"], row["stance"]) for row in rows[:3]] == [
        ("truce", "favor"),
        ("truce", "against"),
        ("truce", "neutral"),
    ]
    assert rows[-1]["topic"] == "rain"
    assert rows[-1]["stance"] is None


def test_the_table_is_for_people(scored: Scored, capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(scored(ROWS), capsys).splitlines()
    assert lines[0].split() == "topic articles paragraphs expected present abstained favor against neutral".split()
    assert lines[1].split()[:6] == ["truce", "3", "3", "2.0", "2", "0"]


def test_a_name_cannot_steer_the_terminal(scored: Scored, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"outlet": "Bad\x1b[31m\nline", "truce": (1.0, (1.0, 0.0, 0.0))}]
    assert "Bad [31m line" in run(scored(rows), capsys, "--by", "outlet", "--topic", "truce")


@pytest.mark.parametrize("by", ["topic,outlet", "outlet,stance"])
def test_csv_has_the_rows_and_no_formula(scored: Scored, capsys: pytest.CaptureFixture[str], by: str) -> None:
    rows = list(csv.DictReader(io.StringIO(run(scored(ROWS), capsys, "--by", by, "--format", "csv"))))
    assert {row["outlet"] for row in rows} == {"North", "'=cmd()"}
    share = "favor" if by == "topic,outlet" else "share"
    assert float(rows[0][share]) == 0.7


@pytest.mark.parametrize("by", ["topic", "month", "outlet", "outlet,month", "topic,language,year"])
def test_the_picture_is_a_png(scored: Scored, tmp_path: Path, capsys: pytest.CaptureFixture[str], by: str) -> None:
    run(scored(ROWS), capsys, "--by", by, "--out", str(tmp_path / "o.png"))
    assert (tmp_path / "o.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_files_hold_what_stdout_would(
    scored: Scored, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    shown = run(scored(ROWS), capsys, "--format", suffix, "--out", str(tmp_path / f"o.{suffix}"))
    written = (tmp_path / f"o.{suffix}").read_text("utf-8")
    assert written == shown if suffix == "csv" else json.loads(written) == json.loads(shown)


BAD = [
    (["--by", "colour"], "--by: expected"),
    (["--topic", "war"], "has the topics truce, guard, rain"),
    (["--format", "xml"], "expected table, csv or json"),
    (["--out", "o.pdf"], "expected a file name that ends in"),
    (["--out", "no/such/folder/o.csv"], "cannot be written"),
    (["--out", "no/such/folder/o.png"], "cannot be written"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_bad_usage_exits_with_2_and_an_empty_stdout(
    scored: Scored,
    options: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["summarize", str(scored(ROWS).path), *options]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in shown.err


@pytest.mark.parametrize(
    ("command", "library"), [("summarize", "duckdb"), ("report", "jinja2"), ("summarize", "matplotlib")]
)
def test_a_missing_extra_is_named(
    scored: Scored,
    command: str,
    library: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    out = tmp_path / ("o.html" if command == "report" else "o.png")
    assert main([command, str(scored(ROWS).path), "--out", str(out)]) == 2
    assert f"needs {library}; install it with: pip install 'communique[report]'" in capsys.readouterr().err
