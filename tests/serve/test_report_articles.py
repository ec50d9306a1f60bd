import base64
import hashlib
import json
import zlib
from collections.abc import Callable
from typing import Any

from communique.serve.report_articles import article_blocks
from communique.serve.report_folder import ScoredFolder

Scored = Callable[..., ScoredFolder]
FAVOR, AGAINST = (0.9, 0.05, 0.05), (0.05, 0.9, 0.05)


def unpacked(blocks: list[str]) -> list[Any]:
    return [article for block in blocks for article in json.loads(zlib.decompress(base64.b64decode(block)))]


def test_the_blocks_hold_text_and_places_as_javascript_counts(scored: Scored) -> None:
    text = "\N{SLEUTH OR SPY} said: the army refused. Rain."
    columns = {"truce.holder": "the army", "truce.holder_start": 8, "truce.evidence": "Rain."}
    folder = scored([{"text": text, "outlet": "North", "truce": (0.934, AGAINST), "abstained": True, **columns}])
    with folder.connect() as connection:
        blocks = article_blocks(connection, folder, None)
    ((title, outlet, date, published, path, url, language, total, ((number, kept, flags, sure, tags),)),) = unpacked(
        blocks.encoded
    )
    assert (title, blocks.outlets[outlet], date, published, path, url) == (
        "Title a1",
        "North",
        None,
        None,
        "a1.txt",
        None,
    )
    assert (language, total, number, kept, flags, sure) == ("en", 1, 1, text, 1, 90)
    assert tags == [[0, 93, 1, [5, 90, 5], [9, 17], [27, 32]]]


def test_what_does_not_fit_is_counted(scored: Scored) -> None:
    rows = [{"article": f"a{n // 2}", "text": f"{n} " * 100, "truce": (n % 2, FAVOR)} for n in range(20)]
    folder = scored(rows)
    with folder.connect() as connection:
        topical = article_blocks(connection, folder, None, most_bytes=1000)
        few = article_blocks(connection, folder, 3)
        none = article_blocks(connection, folder, 0)
    assert topical.topical_only
    assert (topical.paragraphs, topical.total_paragraphs) == (10, 20)
    assert (few.articles, few.paragraphs, few.total_articles, few.topical_only) == (3, 6, 10, False)
    assert (none.articles, none.encoded) == (0, [])


def test_the_bytes_are_never_exceeded(scored: Scored) -> None:
    folder = scored([{"text": hashlib.sha512(str(n).encode()).hexdigest(), "truce": (1, FAVOR)} for n in range(50)])
    with folder.connect() as connection:
        blocks = article_blocks(connection, folder, None, most_bytes=500)
    assert (blocks.articles, blocks.encoded) == (0, [])
