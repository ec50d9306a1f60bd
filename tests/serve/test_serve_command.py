import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from communique.model.errors import ConfigError, InputError
from communique.serve.cli import main
from communique.serve.serve_command import listen, read_token

COMMAND = (sys.executable, "-m", "communique.serve.cli", "serve", "--port", "0", "--model")


@contextmanager
def served(folder: Path, *options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The command as users run it; gives the process and the log line that says where it listens."""
    process = subprocess.Popen(
        [*COMMAND, str(folder), *options], stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    assert process.stderr is not None
    try:
        warnings = []
        while (facts := json.loads(process.stderr.readline()))["event"] != "listening":
            warnings.append(facts["event"])
        yield process, {**facts, "warnings": warnings}
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_after_every_accepted_request_is_answered(bundle_folder: Path, number: int) -> None:
    text = "The truce held.\n\n" * 1_500
    with served(bundle_folder, "--timeout", "60") as (process, facts):
        answers: list[httpx.Response] = []
        post = lambda: answers.append(httpx.post(f"{facts['url']}/v1/tag", json={"text": text}, timeout=60))  # noqa: E731
        threads: list[threading.Thread] = []
        at_work = 0
        while not at_work:  # on a fast machine six may be answered before they are seen: then six more
            threads += [threading.Thread(target=post) for _ in range(6)]
            for thread in threads[-6:]:
                thread.start()
            answered = 0
            while answered < len(threads) and (not at_work or answered + at_work < len(threads)):
                answered = len(answers)
                at_work = requests_in_work(facts["url"]) if answered < len(threads) else 0
        process.send_signal(number)
        for thread in threads:
            thread.join()
        assert process.wait(20) == 0
        assert [answer.status_code for answer in answers] == [200] * len(threads)
        assert {len(answer.json()["paragraphs"]) for answer in answers} == {1_500}
        assert process.stderr is not None
        events = [json.loads(line) for line in process.stderr]
        assert events[-1]["event"] == "stopped"
        assert sum(line["event"] == "request" and line["path"] == "/v1/tag" for line in events) == len(threads)


def requests_in_work(url: str) -> int:
    found = re.search(r"^communique_requests_in_work (\d+)", httpx.get(f"{url}/metrics").text, re.M)
    return int(found[1]) if found else 0


def test_a_token_of_the_environment_and_a_warning_without_one(bundle_folder: Path) -> None:
    with served(bundle_folder, COMMUNIQUE_TOKEN="s3cret") as (_, facts):
        assert facts["token"] is True
        assert facts["warnings"] == []
        assert httpx.get(f"{facts['url']}/v1/model").status_code == 401
    with served(bundle_folder, "--host", "0.0.0.0") as (_, facts):
        assert "open to the network without a token" in facts["warnings"][0]


def test_limits_are_options(bundle_folder: Path) -> None:
    given = {"max-body": 5000, "max-texts": 3, "max-characters": 70, "max-paragraphs": 7, "timeout": 9.5}
    given |= {"page-timeout": 3.5, "header-timeout": 2.5}
    options = [part for name, value in given.items() for part in (f"--{name}", str(value))]
    with served(bundle_folder, *options, "--prior", "0.1") as (_, facts):
        answer = httpx.get(f"{facts['url']}/v1/model").json()
    assert answer["limits"] == {name.replace("-", "_"): value for name, value in given.items()}
    assert answer["prior"]["truce"] == pytest.approx(0.3 * 0.1 / 0.5)


def test_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMMUNIQUE_TOKEN", raising=False)
    assert read_token(None) is None
    file = tmp_path / "token"
    file.write_text("abc\n")
    assert read_token(file) == "abc"
    for bad in ("", "two words", "ключ"):
        file.write_text(bad)
        with pytest.raises(ConfigError, match="openssl rand"):
            read_token(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_token(tmp_path / "nothing")


def test_a_port_in_use_is_said() -> None:
    with listen("127.0.0.1", 0) as first, pytest.raises(InputError, match="choose another --port"):
        listen("127.0.0.1", first.getsockname()[1])


def test_small_answers_do_not_wait_for_nagle() -> None:
    with listen("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP  # what asyncio looks at before it sets TCP_NODELAY


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--model", str(tmp_path), "--port", "0"]) == 2
    assert "is not a bundle" in capsys.readouterr().err


def test_the_missing_extra_is_named(
    bundle_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "fastapi", None)
    assert main(["serve", "--model", str(bundle_folder)]) == 2
    assert "pip install 'communique[http]'" in capsys.readouterr().err
