"""The logged model in every shape MLflow takes, what it refuses, and MLflow's own server with it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from communique.model.bundle import load_bundle
from communique.model.errors import InputError
from communique.model.predict import predict
from communique.train.pyfunc import _load_pyfunc, texts_and_titles
from communique.train.run import RunResult

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow", "ignore::UserWarning:mlflow")
TEXTS = ["The mayor warmly praised the new railway line.", "Nothing was seen at the market.", "The great river dam"]
NONE = [None, None, None]
FRAME = pd.DataFrame({"text": TEXTS}, index=[7, 3, 5])
SECONDS = 90  # for MLflow's server to start, on a busy machine


@pytest.fixture
def model_uri(trained: RunResult, client: MlflowClient) -> str:
    return f"models:/{client.get_run(trained.run_id).outputs.model_outputs[0].model_id}"


@pytest.fixture
def logged(model_uri: str) -> Any:
    return mlflow.pyfunc.load_model(model_uri)


@pytest.fixture
def expected(trained: RunResult) -> list[Any]:
    return [prediction.to_dict() for prediction in predict(load_bundle(trained.bundle), TEXTS)]


@pytest.mark.parametrize(
    "given",
    [
        FRAME,
        FRAME.assign(title=["x", None, np.nan]),
        FRAME["text"],
        {"text": TEXTS},
        {"text": TEXTS, "title": ["x", None, "y"]},
        {"text": TEXTS, "title": ["x", "y", "z"]},
        {"text": np.array(TEXTS)},
        [{"text": text} for text in TEXTS],
    ],
    ids=["frame", "titles", "series", "dict", "dict-missing-title", "dict-titles", "dict-array", "records"],
)
def test_the_logged_model_takes(given: Any, logged: Any, expected: list[Any]) -> None:
    found = logged.predict(given)
    assert [json.loads(text) for text in found["prediction"]] == json.loads(json.dumps(expected))
    assert list(found.index) == (
        list(given.index) if hasattr(given, "index") and not callable(given.index) else [0, 1, 2]
    )


@pytest.mark.parametrize(
    "given",
    [TEXTS, tuple(TEXTS), np.array(TEXTS), np.array(TEXTS, object)[:, None], pd.Series(TEXTS), {"text": tuple(TEXTS)}],
    ids=["list", "tuple", "array", "column", "series", "dict-tuple"],
)
def test_the_loader_takes(given: Any) -> None:
    """MLflow itself asks for the column's name, so that these reach the loader where no signature is enforced."""
    assert texts_and_titles(given) == (TEXTS, NONE)


def test_titles_reach_the_model() -> None:
    frame = pd.DataFrame({"title": ["x", None, np.nan], "text": TEXTS, "other": 1})
    assert texts_and_titles(frame) == (TEXTS, ["x", None, None])
    assert texts_and_titles({"text": "A", "title": "x"}) == (["A"], ["x"])
    assert texts_and_titles([]) == ([], [])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, 5, b"bytes", ["list"]], ids=repr)
def test_a_text_that_is_no_string_is_refused_with_its_row(missing: Any, logged: Any) -> None:
    with pytest.raises(
        MlflowException, match=r"text of row 1 \(the first is 0\) is .*dropna\(subset=\['text'\]\)"
    ) as info:
        logged.predict(pd.DataFrame({"text": ["A", missing]}))
    assert info.value.get_http_status_code() == 400


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (pd.DataFrame({"body": ["A"]}), r"expected a column text.*found \['body'\]"),
        ({"text": ["A", "B"], "title": ["x"]}, "2 texts but 1 titles"),
        ({"text": ["A"], "title": [5]}, "title of row 0 .* is int"),
        (np.array([["A", "B"]]), r"shape \(1, 2\); expected a list"),
        (pd.DataFrame([["A", "B"]], columns=["text", "text"]), "text is DataFrame"),
        (5, "text is int"),
    ],
    ids=["no-text", "titles-short", "title-number", "table", "twice", "number"],
)
def test_what_is_no_texts_is_explained(given: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        texts_and_titles(given)


def test_mlflow_asks_for_the_name_of_a_bare_list(logged: Any) -> None:
    with pytest.raises(MlflowException, match=r"missing inputs \['text'\]"):
        logged.predict(["A"])


def test_a_surrogate_and_no_texts(trained: RunResult) -> None:
    model = _load_pyfunc(str(trained.bundle))
    assert len(model.predict(["\ud800"])) == 1
    assert list(model.predict([]).columns) == ["prediction"]


@pytest.fixture
def server(model_uri: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """`mlflow models serve` with the logged model, in a process group of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", model_uri, "--host", "127.0.0.1"]
    with (tmp_path / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--env-manager", "local", "--workers", "1"],
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={
                **os.environ,
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
            },
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as asking:
            wait_until_up(asking, process, tmp_path / "log.txt")
            yield asking
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


def wait_until_up(asking: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if asking.get("/ping").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"the server did not start in {SECONDS} s:\n{log.read_text()[-3000:]}")


def test_mlflow_serves_the_logged_model(server: httpx.Client, expected: list[Any]) -> None:
    bodies: list[dict[str, Any]] = [
        {"dataframe_records": [{"text": text} for text in TEXTS]},
        {"dataframe_split": {"columns": ["text", "title"], "data": [[text, None] for text in TEXTS]}},
        {"inputs": {"text": TEXTS}},
        {"instances": [{"text": text} for text in TEXTS]},
    ]
    for body in bodies:
        answer = server.post("/invocations", json=body)
        assert answer.status_code == 200, answer.text
        found = [json.loads(row["prediction"]) for row in answer.json()["predictions"]]
        assert found == json.loads(json.dumps(expected)), body
    bad = [
        {"dataframe_records": [{"text": "A"}, {"text": None}]},
        {"dataframe_split": {"columns": ["text"], "data": [["A"], [None]]}},
        {"inputs": {"text": ["A", None]}},
        {"instances": [{"text": "A"}, {"text": None}]},
        {"inputs": {"text": ["A", 5]}},
    ]
    for body in bad:
        answer = server.post("/invocations", json=body)
        assert (answer.status_code, "text of row 1" in answer.text) == (400, True), (body, answer.text)
