"""Articles for the speed benchmark, made of the corpus: a crawl, HTML pages with clutter, a WARC."""

import gzip
import html
import io
import json
import random
from functools import cache
from pathlib import Path

from cells import ROOT

SEED = 0
OUTLETS = [f"outlet-{n:02}.example" for n in range(40)]
MENU = ["Home", "World", "Politics", "Business", "Sport", "Opinion", "Subscribe", "Newsletters", "Live"]


@cache
def corpus_rows() -> tuple[dict, ...]:
    """Every line of the embedded corpus."""
    files = sorted((ROOT / "train" / "corpus").glob("*.jsonl"))
    return tuple(json.loads(line) for file in files for line in file.read_text("utf-8").splitlines())


def corpus_paragraphs() -> list[str]:
    """Every paragraph of the embedded corpus, in article order."""
    return [row["text"] for row in corpus_rows()]


def mixed_articles(n_paragraphs: int, relevant: float, syndicated: float) -> list[dict]:
    """Articles of eight paragraphs: a share with a topic, the rest with none, a share copied from earlier ones."""
    chance = random.Random(SEED)
    topical = [row["text"] for row in corpus_rows() if row.get("labels")]
    quiet = [row["text"] for row in corpus_rows() if row.get("labels") == []]
    chance.shuffle(topical)
    chance.shuffle(quiet)
    fresh = int(n_paragraphs * (1 - syndicated))
    n_topical = min(len(topical), int(fresh * relevant))
    paragraphs = topical[:n_topical] + [quiet[i % len(quiet)] + _tail(i, len(quiet)) for i in range(fresh - n_topical)]
    paragraphs += chance.choices(paragraphs, k=n_paragraphs - fresh)
    chance.shuffle(paragraphs)
    groups = [paragraphs[i : i + 8] for i in range(0, len(paragraphs), 8)]
    return [
        {"title": f"Report {n}", "outlet": chance.choice(OUTLETS), "text": "\n\n".join(group)}
        for n, group in enumerate(groups)
    ]


def _tail(position: int, n_quiet: int) -> str:
    """Makes a paragraph that is used again another one: a crawl's quiet paragraphs are not copies."""
    return "" if position < n_quiet else f" That was report number {position} of the day."


def page(number: int, paragraphs: list[str]) -> bytes:
    """An HTML page as news sites have them: menus, share buttons, related stories, scripts around the text."""
    menu = "".join(f'<li><a href="/{name.lower()}">{name}</a></li>' for name in MENU)
    related = "".join(f'<li><a href="/story-{number + n}">More on story {number + n}</a></li>' for n in range(12))
    body = "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs)
    script = "<script>var tracking = " + json.dumps({"page": number, "tags": MENU * 20}) + ";</script>"
    return (
        f'<!doctype html><html lang="en"><head><title>Report {number}</title>{script}'
        f'<meta property="og:site_name" content="{OUTLETS[number % len(OUTLETS)]}">'
        f'<meta property="article:published_time" content="2026-{number % 12 + 1:02}-{number % 28 + 1:02}"></head>'
        f"<body><nav><ul>{menu}</ul></nav><div class='share'>Share on Facebook Twitter WhatsApp</div>"
        f"<article><h1>Report {number}</h1>{body}</article><aside><h2>Most read</h2><ul>{related}</ul></aside>"
        f"<footer>Copyright 2026. All rights reserved.</footer></body></html>"
    ).encode()


def _of(number: int) -> list[str]:
    """Eight paragraphs, other ones for each number as long as the corpus lasts."""
    texts = corpus_paragraphs()
    start = number * 8 % len(texts)
    return [*texts[start : start + 7], f"{texts[start - 1]} So report {number} ends."]


def write_pages(folder: Path, count: int) -> None:
    for number in range(count):
        file = folder / f"{number // 1000:03}" / f"{number:06}.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(page(number, _of(number)))


def write_warc(path: Path, count: int) -> None:
    """Responses as in CC-NEWS, each a gzip member of its own."""
    with path.open("wb") as out:
        for number in range(count):
            content = page(number, _of(number))
            response = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + content
            head = (
                "WARC/1.0\r\nWARC-Type: response\r\n"
                f"WARC-Target-URI: https://{OUTLETS[number % len(OUTLETS)]}/story-{number}\r\n"
                "WARC-Date: 2026-01-01T00:00:00Z\r\n"
                f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{number:012}>\r\n"
                f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(response)}\r\n\r\n"
            ).encode()
            member = io.BytesIO()
            with gzip.GzipFile(fileobj=member, mode="wb", compresslevel=1, mtime=0) as packed:
                packed.write(head + response + b"\r\n\r\n")
            out.write(member.getvalue())
