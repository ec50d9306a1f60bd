import json
from pathlib import Path

import pytest

from communique.serve.cli import main

TEXT = "The envoy of the neighbouring country praise the truce that was signed on the river bank.\n"


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    lines = [
        {
            "article": "a",
            "paragraph": 1,
            "text": "We praise the truce.",
            "labels": [{"topic": "truce", "stance": "favor"}],
        },
        {"article": "b", "paragraph": 1, "text": "Nothing.", "labels": []},
        {"article": "c", "paragraph": 1, "text": "Not looked at."},
    ]
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def test_score_prints_one_json_object(
    article: Path, bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", str(article), "--model", str(bundle_folder), "--out", str(tmp_path / "o"), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    expected = "articles paragraphs failed skipped reused seconds paragraphs_per_second out"
    assert list(result) == expected.split()
    assert (result["articles"], result["paragraphs"]) == (1, 1)


def test_score_prints_a_table(
    article: Path, bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", str(article), "--model", str(bundle_folder), "--out", str(tmp_path / "o")]) == 0
    shown = capsys.readouterr().out
    assert "truce                 favor    0." in shown
    assert "1 articles, 1 paragraphs" in shown


def test_some_failed_inputs_exit_with_1(article: Path, bundle_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    inputs = [str(article), str(tmp_path / "bad.json")]
    assert main(["score", *inputs, "--model", str(bundle_folder), "--out", str(tmp_path / "o"), "--json"]) == 1


def test_evaluate_gives_the_contract_keys(
    labelled: Path, bundle_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(bundle_folder), str(labelled), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    keys = (
        "n_paragraphs n_articles joint_macro_f1 topic_macro_f1 stance_macro_f1 stance_favg exact_match ece_topic "
        "ece_stance aurc coverage selective_exact_match holder_exact holder_token_f1 intervals per_pair per_topic"
    )
    assert set(keys.split()) <= set(report)
    assert report["n_paragraphs"] == 2
    assert report["joint_macro_f1"] == 1.0
    assert report["holder_exact"] is None
    assert report["per_pair"]["truce/favor"]["support"] == 1


@pytest.mark.parametrize("prior", ["data", "0.4", "truce=0.1,guard=0.1,rain=0.5"])
def test_evaluate_at_another_prior(labelled: Path, bundle_folder: Path, prior: str) -> None:
    assert main(["evaluate", str(bundle_folder), str(labelled), "--prior", prior, "--json"]) == 0


def test_a_model_compared_with_itself_differs_by_nothing(
    labelled: Path, bundle_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(bundle_folder), str(bundle_folder), str(labelled), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["metrics"]["joint_macro_f1"]
    assert (row["difference"], row["interval"]) == (0.0, [0.0, 0.0])


BAD = [
    (["score"], "Missing argument"),
    (["score", "nowhere", "--model", "BUNDLE", "--out", "o"], "does not exist"),
    (["score", "nowhere", "--model", "nobundle", "--out", "o"], "is not a bundle"),
    (["score", "x", "--model", "BUNDLE", "--out", "o", "--format", "xml"], "expected jsonl or csv"),
    (["score", "x", "--model", "BUNDLE", "--out", "o", "--engine", "spark"], "engine"),
    (["evaluate", "BUNDLE", "nowhere.jsonl"], "does not exist"),
    (["evaluate", "BUNDLE", "gold.jsonl", "--prior", "2"], "between 0 and 1"),
    (["evaluate", "models:/x@champion", "gold.jsonl"], "no MLflow store"),
    (["score", "x", "--model", "BUNDLE", "--out", "o", "--language", "English please"], "ISO code"),
    (["evaluate", "BUNDLE", "unlabelled.jsonl"], "no labelled paragraph"),
    (["runs"], "no tracking store"),
    (["train", "nowhere.toml"], "is not a file"),
    (["nonsense"], "No such command"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_usage_exits_with_2_and_an_empty_stdout(
    arguments: list[str],
    message: str,
    labelled: Path,
    bundle_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(labelled.parent)
    Path("unlabelled.jsonl").write_text('{"article": "a", "paragraph": 1, "text": "x"}', encoding="utf-8")
    assert main([str(bundle_folder) if part == "BUNDLE" else part for part in arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in shown.err
    assert not Path("o").exists()
    assert not Path("mlflow.db").exists()


def test_every_problem_of_bad_data_is_listed(
    bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "d.jsonl").write_text('{"article": "a", "paragraph": 1, "text": ""}\nnonsense\n', encoding="utf-8")
    assert main(["evaluate", str(bundle_folder), str(tmp_path / "d.jsonl")]) == 2
    shown = capsys.readouterr().err
    assert "d.jsonl:1" in shown
    assert "d.jsonl:2" in shown


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert "calibration" in json.loads(capsys.readouterr().out)["properties"]
