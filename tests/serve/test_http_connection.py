"""Raw connections: what sends no whole request head is closed, what is at work is not."""

import contextlib
import http.client
import socket
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from communique.model.bundle import load_bundle

HEAD = b"GET /healthz HTTP/1.1\r\nhost: x\r\n"


@pytest.fixture(scope="module")
def impatient(live: Callable, shared_bundle_folder: object) -> Iterator[httpx.Client]:
    with live(load_bundle(shared_bundle_folder), header_timeout=0.4) as client:  # type: ignore[arg-type]
        yield client


def connect(client: httpx.Client) -> socket.socket:
    return socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=5)


def status_of(connection: socket.socket) -> int:
    """The status of the next answer, which is read to its end, in however many pieces it comes."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


def seconds_until_closed(connection: socket.socket) -> float:
    started = time.monotonic()
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(65536):
            pass
    return time.monotonic() - started


@pytest.mark.parametrize("sent", [b"", b"GET / HT", HEAD])
def test_a_connection_without_a_whole_head_is_closed(impatient: httpx.Client, sent: bytes) -> None:
    with connect(impatient) as connection:
        connection.sendall(sent)
        assert 0.2 < seconds_until_closed(connection) < 3


def test_bytes_that_trickle_in_do_not_keep_it_open(impatient: httpx.Client) -> None:
    with connect(impatient) as connection:
        started = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - started < 4:
                connection.sendall(b"G")
                time.sleep(0.05)
        assert time.monotonic() - started < 3


def test_half_a_head_after_an_answer_is_closed_too(impatient: httpx.Client) -> None:
    with connect(impatient) as connection:
        connection.sendall(HEAD + b"\r\n")
        assert status_of(connection) == 200
        connection.sendall(HEAD)
        assert 0.2 < seconds_until_closed(connection) < 3


def test_a_kept_connection_and_a_slow_body_are_left_alone(impatient: httpx.Client) -> None:
    body = b'{"text": "The truce."}'
    head = b"POST /v1/tag HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    with connect(impatient) as connection:
        for _ in range(2):
            connection.sendall(head % len(body))
            time.sleep(0.6)
            connection.sendall(body)
            assert status_of(connection) == 200
            time.sleep(0.6)


def test_hundreds_of_idle_connections_are_closed_while_others_are_answered(impatient: httpx.Client) -> None:
    idle = [connect(impatient) for _ in range(300)]
    assert impatient.get("/healthz").status_code == 200
    assert max(map(seconds_until_closed, idle)) < 5
    for connection in idle:
        connection.close()
