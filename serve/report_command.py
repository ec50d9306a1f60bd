"""`communique report`: one HTML page about a scored folder."""

import json
import logging
from pathlib import Path
from typing import Annotated

import typer

from communique.model.errors import InputError

logger = logging.getLogger(__name__)


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The --out folder of `communique score`.")],
    out: Annotated[Path, typer.Option("--out", help="The HTML file to write.")],
    title: Annotated[str | None, typer.Option("--title", help="The page's heading.")] = None,
    max_articles: Annotated[
        int | None, typer.Option("--max-articles", min=0, help="At most this many articles to read in the page.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")] = False,
) -> None:
    """Write one self-contained HTML page: charts, holders, passages, every article to search, quality."""
    from communique.serve.report_folder import open_folder
    from communique.serve.report_page import build_report, write_report
    from communique.serve.report_words import many

    if out.suffix.lower() not in (".html", ".htm") or out.is_dir():
        raise typer.BadParameter(f"--out {out}: expected the name of an .html file")
    page = build_report(open_folder(folder), title, max_articles)
    try:
        size = write_report(page, out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error}; choose another --out") from error
    blocks = page.blocks
    result = {
        "out": str(out),
        "bytes": size,
        "articles": blocks.articles,
        "paragraphs": blocks.paragraphs,
        "articles_left_out": blocks.total_articles - blocks.articles,
        "paragraphs_left_out": blocks.total_paragraphs - blocks.paragraphs,
    }
    if as_json:
        print(json.dumps(result))
        return
    held = f"{many(blocks.articles, 'article')}, {many(blocks.paragraphs, 'paragraph')}"
    print(f"{out}: {held}, {size / 1e6:.1f} MB")
    if blocks.paragraphs < blocks.total_paragraphs:
        articles, paragraphs = blocks.total_articles - blocks.articles, blocks.total_paragraphs - blocks.paragraphs
        left = f"{many(articles, 'article')} and {many(paragraphs, 'paragraph')}"
        print(f"left out of the article browser, counted in everything else: {left}")
