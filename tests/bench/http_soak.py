"""Good and bad requests together for minutes; every answer is held against the Python API.

Steady clients send texts, pages and what is wrong in every way; beside them some send their body slowly or never,
go away before the answer, leave a head unfinished, come in crowds larger than the queue, or have no token.
"""

import asyncio
import contextlib
import json
import random
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

from http_client import (
    COME_BACK,
    ROOT,
    Ask,
    Load,
    ask,
    memory,
    ours,
    problem,
    run_clients,
    sample_paragraphs,
    server,
)

from communique.model.texts import Article
from communique.serve import load
from communique.serve.read_html import read_page
from communique.serve.tagger import Tagger

TOKEN = "soak"
CLIENTS, QUEUE, CROWD = 16, 20, 40
TIMEOUT, HEADER_TIMEOUT = 20.0, 4.0
GROWTH = 0.05
SAMPLES = 10  # memory is the median of so many, a second apart


def soak(bundle: Path, port: int, minutes: float) -> tuple[str, list[str]]:
    """A sentence for benchmarks.md, and what was wrong."""
    asks, long = good_and_bad(load(bundle))
    options = ("--queue", str(QUEUE), "--timeout", str(TIMEOUT), "--header-timeout", str(HEADER_TIMEOUT))
    with server(ours(bundle, port, *options), port, "/readyz", COMMUNIQUE_TOKEN=TOKEN) as pid:
        # Caches fill and processes start, at every kind of request.
        warming, _ = asyncio.run(_soak(port, pid, min(60.0, 30 * minutes), asks, long))
        found, used = asyncio.run(_soak(port, pid, 60 * minutes, asks, long))
    found.wrong += warming.wrong
    hangs = sum("Timeout" in what for what in found.wrong)
    before, after = statistics.median(used[:SAMPLES]), statistics.median(used[-SAMPLES:])
    problems = [f"{count} x {what}" for what, count in Counter(found.wrong).most_common()]
    if after > (1 + GROWTH) * before:
        problems.append(f"memory grew from {before:.0f} to {after:.0f} MB")
    problems += [
        f"no request of the kind {kind!r} was made" for kind in ("429", "page", "text") if not found.kinds[kind]
    ]
    refused, kinds = found.kinds.pop("429", 0), len(found.kinds)
    text = (
        f"Soak: {minutes:g} minutes, {CLIENTS} clients and {len(SPECIAL)} odd ones, {sum(found.kinds.values()):,} "
        f"requests of {kinds} kinds good and bad, 429 in {refused:,} cases: {len(found.wrong) - hangs} wrong answers, "
        f"{hangs} hangs; memory {before:.0f} MB after warming up, {after:.0f} MB at the end "
        f"({100 * (after / before - 1):+.1f} %).\n"
    )
    return text, problems


def good_and_bad(tagger: Tagger) -> tuple[list[Ask], Ask]:
    """Good requests, whose answers are known, and bad ones of every kind; and a long good one."""
    texts = sample_paragraphs()
    articles = texts + ["\n\n".join(texts[n : n + 20]) for n in range(0, len(texts), 20)]
    asks = [post_text(tagger, text, "text") for text in articles]
    for file in sorted((ROOT / "serve/samples").glob("*.html")):
        asks += [post_page(tagger, file.read_bytes(), "page")] * 3
    page = (ROOT / "serve/samples/06-kharkiv-depot.html").read_bytes()
    deep = page.replace(b"<body>", b"<body>" + b"<div>" * 5_000)
    bad = [
        ask("/v1/tag", b"{", "no JSON", token=TOKEN, status=422),
        ask("/v1/tag", b"[" * 50_000, "deep JSON", token=TOKEN, status=422),
        ask("/v1/tag", b'{"text": 3}', "wrong type", token=TOKEN, status=422),
        ask("/v1/tag", b'{"text": "\\ud800 \\u0000 truce"}', "odd characters", token=TOKEN),
        ask("/v1/tag", json.dumps({"texts": ["a"] * 1000}).encode(), "too many texts", token=TOKEN, status=422),
        ask("/v1/tag", b" " * 3_000_000, "too large", token=TOKEN, status=413),
        ask("/v1/articles", b"\x89PNG\r\n\x1a\n" * 100, "an image", "text/html", token=TOKEN, status=422),
        post_page(tagger, deep, "deep page"),
        ask("/v1/articles", b"<p>x</p>", "wrong media type", "text/plain", token=TOKEN, status=415),
        ask("/v1/nothing", b"{}", "no such path", token=TOKEN, status=404),
        ask("/v1/tag", b'{"text": "The truce."}', "no token", status=401),
        ask("/v1/tag", b'{"text": "The truce."}', "wrong token", token="guess", status=401),
    ]
    asks += bad * 4
    random.Random(7).shuffle(asks)
    return asks, post_text(tagger, "\n\n".join(texts[:30]), "long text")


def post_text(tagger: Tagger, text: str, kind: str) -> Ask:
    expected = json.loads(json.dumps(tagger.tag(text).to_dict()))
    return ask("/v1/tag", json.dumps({"text": text}).encode(), kind, token=TOKEN, paragraphs=expected)


def post_page(tagger: Tagger, data: bytes, kind: str) -> Ask:
    page = read_page(data)
    found = tagger.tag_article(Article(path="", text=page.text, title=page.title)).to_dict()
    return ask("/v1/articles", data, kind, "text/html", token=TOKEN, paragraphs=json.loads(json.dumps(found)))


async def _soak(port: int, pid: int, seconds: float, asks: list[Ask], long: Ask) -> tuple[Load, list[float]]:
    odd, used, until = Load(), [memory(pid)], time.perf_counter() + seconds

    async def repeat(special: Any) -> None:
        while time.perf_counter() < until:
            odd.kinds[special.__name__.replace("_", " ")] += 1
            try:
                wrong = await asyncio.wait_for(special(port, long, odd), 60)
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                wrong = type(error).__name__
            if wrong:
                odd.wrong.append(f"{special.__name__.replace('_', ' ')}: {wrong}")
            await asyncio.sleep(0.5)

    async def watch() -> None:
        while time.perf_counter() < until:
            await asyncio.sleep(1)
            used.append(memory(pid))

    steady, *_ = await asyncio.gather(
        run_clients(port, CLIENTS, seconds, asks, come_back=True), watch(), *map(repeat, SPECIAL)
    )
    steady.kinds.update(odd.kinds)
    steady.wrong += odd.wrong
    return steady, used


async def slow_body(port: int, long: Ask, _: Load) -> str | None:
    """Half a body, a pause, the rest: an answer like any other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(long.data[:-20])
    await asyncio.sleep(1)
    writer.write(long.data[-20:])
    status, body = await _answer(reader)
    writer.close()
    return None if status == COME_BACK else problem(long, status, body)


async def body_that_never_comes(port: int, long: Ask, _: Load) -> str | None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(long.data[:-20])
    started = time.perf_counter()
    status, _body = await _answer(reader)
    writer.close()
    late = time.perf_counter() - started > TIMEOUT + 5
    return None if status in (408, COME_BACK) and not late else f"{status} instead of 408, or late"


async def unfinished_head(port: int, long: Ask, _: Load) -> str | None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(long.data[:30])
    left = await asyncio.wait_for(reader.read(), HEADER_TIMEOUT + 5)
    writer.close()
    return "an answer" if left else None


async def client_that_goes_away(port: int, long: Ask, _: Load) -> str | None:
    _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(long.data)
    await asyncio.sleep(random.random() / 20)
    writer.transport.abort()
    return None


async def crowd(port: int, long: Ask, seen: Load) -> str | None:
    """More requests at once than the queue takes: each is answered, or told when to come back."""

    async def one() -> str | None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(long.data)
        head = await reader.readuntil(b"\r\n\r\n")
        status, body = await _answer(reader, head)
        writer.close()
        if status == COME_BACK:
            seen.kinds["429"] += 1
            return None if b"retry-after:" in head.lower() else "429 without Retry-After"
        return problem(long, status, body)

    found = [wrong for wrong in await asyncio.gather(*(one() for _ in range(CROWD))) if wrong]
    await asyncio.sleep(4)
    return "; ".join(sorted(set(found))) or None


async def client_that_reads_nothing(port: int, long: Ask, _: Load) -> str | None:
    """Asks and never takes its answer."""
    _reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    with contextlib.suppress(OSError):
        writer.write(long.data)
        await asyncio.sleep(TIMEOUT + 1)
    writer.transport.abort()
    return None


SPECIAL = (
    slow_body,
    body_that_never_comes,
    unfinished_head,
    client_that_goes_away,
    client_that_reads_nothing,
    crowd,
)


async def _answer(reader: asyncio.StreamReader, head: bytes = b"") -> tuple[int, bytes]:
    head = head or await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length)
