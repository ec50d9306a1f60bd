"""How well clutter is told from article text: `make bench-clutter`.

`data/clutter-pages.jsonl` holds invented pages as they look when a page's text is copied into a file, every line
marked. Half of them, drawn by a hash before any rule met them, are the test; rules are mended on the other half and
on the corpus, whose debris `data/clutter-corpus.json` lists by article and paragraph. `--errors` lists what is wrong,
but for the test pages.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from report import markdown, replace_section

from communique.model.evaluation import bootstrap_weights, interval
from communique.model.texts import Article
from communique.serve.read_text import read_text
from communique.serve.segment import segment

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(__file__).parent / "data"
SPLITS = ("dev", "corpus", "test")
SEED, N_RESAMPLES = 0, 2000
_SENTENCE = re.compile(r".{40,}[.!?…:][\"'”’»)]*")


class Line(NamedTuple):
    """A line of a page. `mark` is `+` article, `-` clutter, or `t` the title, which is not counted."""

    mark: str
    text: str
    dropped: bool

    @property
    def is_prose(self) -> bool:
        return bool(_SENTENCE.fullmatch(self.text))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks.md")
    parser.add_argument("--errors", action="store_true", help="list the errors on the development pages, write nothing")
    options = parser.parse_args()
    if options.errors:
        for split in ("dev", "corpus"):
            show_errors(read_pages(split))
        return
    head = ["set", "measure", "share of lines [95 % interval over pages]", "share of characters"]
    table = markdown(head, [row for split in SPLITS for row in rows(split)])
    replace_section(options.out, "clutter", table)
    print(table)


def read_pages(split: str) -> list[dict]:
    if split == "corpus":
        return corpus_pages()
    pages = [json.loads(line) for line in (DATA / "clutter-pages.jsonl").read_text("utf-8").splitlines()]
    return [page for page in pages if page["split"] == split]


def corpus_pages() -> list[dict]:
    """The corpus's articles, a paragraph a line; debris was marked by hand among what looked like it."""
    debris = json.loads((DATA / "clutter-corpus.json").read_text("utf-8"))
    pages: dict[str, dict] = {}
    for path in sorted((ROOT / "train" / "corpus").glob("[a-z][0-9][0-9]-*.jsonl")):
        for row in map(json.loads, path.read_text("utf-8").splitlines()):
            page = pages.setdefault(row["article"], {"page": row["article"], "blank_lines": False, "lines": []})
            mark = "-" if row["paragraph"] in debris.get(row["article"], []) else "+"
            page["lines"].append(f"{mark} {' '.join(row['text'].split())}")
    return list(pages.values())


def read_page(page: dict) -> Iterator[Line]:
    """The lines of a page read and cut as a plain-text file; one is dropped when no paragraph holds any of it."""
    lines = [(line[0], line[2:]) for line in page["lines"]]
    text = ("\n\n" if page["blank_lines"] else "\n").join(text for _, text in lines)
    # A corpus paragraph is no title, and its articles come without theirs.
    article = (
        read_text(text.encode(), "page.txt") if any(mark == "t" for mark, _ in lines) else Article("page.txt", text)
    )
    paragraphs = segment(article)
    end = 0
    for mark, line in lines:
        start = text.index(line, end)
        end = start + len(line)
        yield Line(mark, line, not any(p.start < end and start < p.end for p in paragraphs))


def rows(split: str) -> list[list[str]]:
    pages = [list(read_page(page)) for page in read_pages(split)]
    n_lines = sum(line.mark in "+-" for lines in pages for line in lines)
    name = f"{split} ({len(pages):,} pages, {n_lines:,} lines)"
    found = []
    for measure in ("precision of dropping", "clutter dropped", "article lost", "article sentences lost"):
        cells = [share(pages, measure, weigh) for weigh in (lambda line: 1, lambda line: len(line.text))]
        found.append([name, measure, *cells])
    return found


def share(pages: list[list[Line]], measure: str, weigh: Callable[[Line], int]) -> str:
    """The share over all pages, with a 95 % interval over pages drawn with replacement."""
    part, whole = np.array([[sum(map(weigh, side)) for side in counted(lines, measure)] for lines in pages], float).T
    weights = bootstrap_weights(len(pages), N_RESAMPLES, SEED)
    low, high = interval((weights @ part) / (weights @ whole)) or (np.nan, np.nan)
    return f"{part.sum() / whole.sum():.3f} [{low:.3f}, {high:.3f}] ({part.sum():,.0f} of {whole.sum():,.0f})"


def counted(lines: list[Line], measure: str) -> tuple[list[Line], list[Line]]:
    """The lines that a measure counts, and those that it counts them among."""
    article = [line for line in lines if line.mark == "+"]
    clutter = [line for line in lines if line.mark == "-"]
    prose = [line for line in article if line.is_prose]
    dropped = [line for line in lines if line.dropped and line.mark != "t"]
    return {
        "precision of dropping": ([line for line in clutter if line.dropped], dropped),
        "clutter dropped": ([line for line in clutter if line.dropped], clutter),
        "article lost": ([line for line in article if line.dropped], article),
        "article sentences lost": ([line for line in prose if line.dropped], prose),
    }[measure]


def show_errors(pages: list[dict]) -> None:
    for page in pages:
        for line in read_page(page):
            if line.mark != "t" and line.dropped == (line.mark == "+"):
                print(page["page"], "LOST" if line.dropped else "kept", line.text, sep="\t")


if __name__ == "__main__":
    main()
