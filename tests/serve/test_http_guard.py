import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from communique.model.bundle import Bundle


class Slow:
    """A classifier that takes its time."""

    def __init__(self, bundle: Bundle, seconds: float) -> None:
        self._inner = bundle.classifier
        self._seconds = seconds
        self.batches = 0

    def scores(self, texts: Any) -> Any:
        self.batches += 1
        time.sleep(self._seconds)
        return self._inner.scores(texts)


def test_a_body_over_the_limit_is_refused_by_its_length(live: Callable, bundle: Bundle) -> None:
    with live(bundle, max_body=1000) as client:
        assert client.post("/v1/tag", json={"text": "a" * 900}).status_code == 200
        answer = client.post("/v1/tag", json={"text": "a" * 1000})
        assert (answer.status_code, answer.json()["error"]) == (413, "body_too_large")
        assert "1,000 bytes" in answer.json()["message"]


@pytest.mark.parametrize("kind", ["application/json", "text/html"])
def test_a_body_without_a_length_is_refused_while_it_streams(live: Callable, bundle: Bundle, kind: str) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(2_000):
            sent += 1
            yield b" " * 10_000

    path = "/v1/tag" if kind == "application/json" else "/v1/articles"
    with live(bundle, max_body=50_000) as client:
        assert client.post(path, content=endless(), headers={"content-type": kind}).status_code == 413
        assert client.post("/v1/tag", json={"text": "The truce."}).status_code == 200


def test_a_body_that_does_not_come_times_out(live: Callable, bundle: Bundle) -> None:
    async def stalled(url: httpx.URL) -> bytes:
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(
            b"POST /v1/tag HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
        )
        line = await asyncio.wait_for(reader.readline(), 5)
        writer.close()
        return line

    with live(bundle, timeout=0.3) as client:
        assert b" 408 " in asyncio.run(stalled(client.base_url))


def test_a_late_answer_is_given_up_and_its_work_dropped(live: Callable, bundle: Bundle) -> None:
    slow = Slow(bundle, 0.2)
    with live(replace(bundle, classifier=slow), timeout=0.3) as client:
        answer = client.post("/v1/tag", json={"texts": ["Rain."] * 64 * 4, "segment": False})
        assert (answer.status_code, answer.json()["error"]) == (504, "timeout")
        time.sleep(0.5)
        done = slow.batches
        assert done <= 3
        assert "communique_queue_depth 0.0" in client.get("/metrics").text
        assert client.post("/v1/tag", json={"text": "The truce."}).status_code == 200
        assert slow.batches == done + 1


def test_the_work_of_a_client_that_went_away_is_dropped(live: Callable, bundle: Bundle) -> None:
    slow = Slow(bundle, 0.2)
    with live(replace(bundle, classifier=slow)) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/tag", json={"texts": ["Rain."] * 256, "segment": False}, timeout=0.1)
        time.sleep(0.6)
        assert slow.batches <= 2
        assert "communique_requests_in_work 0.0" in client.get("/metrics").text


def test_a_full_queue_sends_clients_away(live: Callable, bundle: Bundle) -> None:
    with live(replace(bundle, classifier=Slow(bundle, 0.3)), queue=2) as client:
        answers: list[httpx.Response] = []
        threads = [
            threading.Thread(target=lambda: answers.append(client.post("/v1/tag", json={"text": "Rain."})))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refused = [answer for answer in answers if answer.status_code == 429]
        assert sorted({answer.status_code for answer in answers}) == [200, 429]
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
        assert refused[0].json()["error"] == "queue_full"
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("Bearer wrong", 401),
        ("Basic s3cret", 401),
        ("Bearer", 401),
        ("Bearer s3cret", 200),
        ("bearer s3cret", 200),
    ],
)
def test_a_token_is_needed_where_there_is_one(token_client: httpx.Client, header: str | None, status: int) -> None:
    headers = {} if header is None else {"authorization": header}
    for path in ("/v1/model", "/metrics"):
        assert token_client.get(path, headers=headers).status_code == status
    answer = token_client.post("/v1/tag", json={"text": "Rain."}, headers=headers)
    assert answer.status_code == status
    assert ("www-authenticate" in answer.headers) == (status == 401)


def test_pages_and_health_need_no_token(token_client: httpx.Client) -> None:
    assert {token_client.get(path).status_code for path in ("/", "/docs", "/healthz", "/readyz", "/openapi.json")} == {
        200
    }


@pytest.fixture(scope="module")
def token_client(live: Callable, shared_bundle_folder: Any) -> Iterator[httpx.Client]:
    from communique.model.bundle import load_bundle

    with live(load_bundle(shared_bundle_folder), token="s3cret") as client:
        yield client
