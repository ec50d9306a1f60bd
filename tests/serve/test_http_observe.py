import json
import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from communique.model.bundle import Bundle
from communique.serve.http_errors import KINDS
from communique.serve.http_observe import CONTENT_SECURITY_POLICY, JsonLines


def numbers(client: httpx.Client) -> dict[tuple[str, ...], float]:
    found = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name, *map(str, sample.labels.values())): sample.value for family in found for sample in family.samples
    }


def test_metrics_count_requests_batches_and_paragraphs(live: Callable, bundle: Bundle) -> None:
    with live(bundle) as client:
        client.post("/v1/tag", json={"text": "One.\n\nTwo."})
        client.post("/v1/tag", json={"text": 3})
        client.get("/wp-login.php")
        found = numbers(client)
    assert found["communique_requests_total", "POST", "/v1/tag", "200"] == 1
    assert found["communique_requests_total", "POST", "/v1/tag", "422"] == 1
    assert found["communique_requests_total", "GET", "other", "404"] == 1
    assert found["communique_request_seconds_count", "POST", "/v1/tag"] == 2
    assert found["communique_paragraphs_total",] == 2
    assert found["communique_batch_paragraphs_count",] == 1
    assert found["communique_queue_depth",] == 0
    assert found["process_resident_memory_bytes",] > 1e6
    assert ("communique_build_info", "tiny", version("communique")) in found


@pytest.mark.parametrize("path", ["/", "/docs", "/static/page.js", "/v1/model", "/nope", "/metrics"])
def test_every_answer_has_the_security_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert len(headers["x-request-id"]) == 16


class Broken:
    def scores(self, texts: Sequence[str]) -> Any:
        raise ValueError(f"cannot read {texts[0]}")


def test_a_failure_is_an_answer_and_a_log_line_without_the_text(
    live: Callable, bundle: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with live(replace(bundle, classifier=Broken())) as client:
        answer = client.post("/v1/tag", json={"text": "A secret text about the truce."})
    assert (answer.status_code, answer.json()["error"]) == (500, "unexpected_failure")
    lines = [JsonLines().format(record) for record in caplog.records]
    assert not any("secret" in line for line in [*lines, answer.text])
    (line,) = [line for line in map(json.loads, lines) if line.get("status") == 500]
    assert (line["level"], line["exception"], line["id"]) == ("error", "ValueError", answer.headers["x-request-id"])
    assert any("scores" in place for place in line["where"])


def test_log_lines_say_sizes_and_times_without_the_text(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client.post("/v1/tag", json={"text": "A secret text about the truce.", "title": "secret"})
    found: list[logging.LogRecord] = []
    for _ in range(200):  # the line is written after the answer
        found = [record for record in caplog.records if record.name == "communique.http"]
        if found:
            break
        time.sleep(0.01)
    (record,) = found
    line = json.loads(JsonLines().format(record))
    assert line["event"] == "request"
    assert (line["path"], line["status"], line["texts"], line["characters"], line["paragraphs"]) == (
        "/v1/tag",
        200,
        1,
        30,
        1,
    )
    assert "secret" not in json.dumps(line)


def test_a_record_with_an_exception_is_one_line() -> None:
    try:
        raise ValueError("secret\ntext")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, __file__, 1, "it %s", ("broke",), (ValueError, error, error.__traceback__)
        )
    line = JsonLines().format(record)
    assert "\n" not in line
    assert "secret" not in line
    assert json.loads(line)["exception"] == "ValueError"


def test_the_metrics_and_errors_that_the_guide_names_exist(client: httpx.Client) -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs/how-to/serve.md").read_text("utf-8")
    client.post("/v1/tag", json={"text": "Rain."})
    found = {name.removesuffix("_count") for name, *_ in numbers(client)}
    named = set(re.findall(r"`((?:communique|process)_[a-z_]+)`", guide))
    assert named - found == set()
    assert {
        name for name in found if re.fullmatch(r"communique_[a-z_]+(?<!_created)(?<!_bucket)(?<!_sum)", name)
    } <= named
    assert {name for name, _ in KINDS.values()} <= set(re.findall(r"`([a-z_]+)`", guide))
