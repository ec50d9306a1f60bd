"""Invented outlets that print the corpus: a folder as large as users have, to make a report of."""

import hashlib
import json
import random
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

from articles import SEED, corpus_rows
from cells import CACHE

PLACES = ["Harbour", "Capital", "Levant", "Northern", "Highland", "Coast", "Lake", "Border", "Delta", "Southern"]
NAMES = ["Observer", "Post", "Courier", "Tribune"]
FIRST, LAST = date(2024, 1, 8), date(2025, 11, 21)
# Paragraphs with a topic and those with none.
Pools = tuple[list[dict], list[dict]]
TOPICAL, HOMES, SYNDICATED = 0.25, 4, 0.18


def newsroom(count: int) -> list[dict]:
    """Articles of three to twelve paragraphs of the corpus, of which about a quarter have a topic.

    Each outlet draws on four files of the corpus, so that outlets differ. Most paragraphs join the halves of two of
    the corpus: it is too small for so many, and whole ones, used again, would count as copies. The rest are whole,
    as outlets have them from an agency.
    """
    chance = random.Random(SEED)
    by_file: dict[str, list[dict]] = {}
    for row in corpus_rows():
        by_file.setdefault(row["article"].split("-")[0], []).append(row)
    homes = sorted(name for name, rows in by_file.items() if any(row["labels"] == [] for row in rows))
    outlets = [f"The {place} {name}" for name in NAMES for place in PLACES]
    drawn = {outlet: [row for home in chance.sample(homes, HOMES) for row in by_file[home]] for outlet in outlets}
    pools = {outlet: _pools(rows) for outlet, rows in drawn.items()}
    return [_article(number, chance, *_outlet(chance, pools)) for number in range(count)]


def _pools(rows: list[dict]) -> Pools:
    return [row for row in rows if row.get("labels")], [row for row in rows if row.get("labels") == []]


def _outlet(chance: random.Random, pools: dict[str, Pools]) -> tuple[str, list[dict], list[dict]]:
    """An outlet with its pools; some outlets print much more than others."""
    outlets = list(pools)
    outlet = outlets[min(int(chance.expovariate(0.08)), len(outlets) - 1)]
    return outlet, *pools[outlet]


def _article(number: int, chance: random.Random, outlet: str, topical: list[dict], quiet: list[dict]) -> dict:
    day = FIRST + timedelta(days=int(chance.triangular(0, (LAST - FIRST).days)))
    paragraphs = []
    for _ in range(chance.randint(3, 12)):
        pool = topical if chance.random() < TOPICAL else quiet
        first, second = chance.choice(pool)["text"], chance.choice(pool)["text"]
        paragraphs.append(first if chance.random() < SYNDICATED else _joined(first, second))
    title = chance.choice(topical + quiet).get("title") or f"Report {number}"
    return {"title": title, "outlet": outlet, "date": day.isoformat(), "text": "\n\n".join(paragraphs)}


def _joined(first: str, second: str) -> str:
    """The first half of one text's words and the second half of the other's."""
    start, end = first.split(), second.split()
    return " ".join(start[: len(start) // 2] + end[len(end) // 2 :])


def scored_newsroom(count: int, bundle: Path) -> Path:
    """The `--out` folder of `communique score` on so many articles; scored once for a bundle, then kept."""
    digest = hashlib.sha256((bundle / "bundle.json").read_bytes()).hexdigest()[:12]
    folder = CACHE / f"newsroom-{count}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "articles.jsonl"
    content = "".join(json.dumps(article, ensure_ascii=False) + "\n" for article in newsroom(count))
    if not source.is_file() or source.read_text("utf-8") != content:
        source.write_text(content, encoding="utf-8")
    score(source, bundle, folder / "scored")
    return folder / "scored"


def score(source: Path, bundle: Path, out: Path) -> None:
    command = [sys.executable, "-m", "communique.serve.cli", "--quiet", "score", str(source)]
    subprocess.run([*command, "--model", str(bundle), "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
