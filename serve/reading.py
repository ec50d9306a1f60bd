"""The articles of one file, read in this process."""

from collections.abc import Iterator
from pathlib import Path

from communique.model.texts import Article
from communique.serve.inputs import input_file
from communique.serve.items import ReadFailure, parse_item, read_items

__all__ = ["ReadFailure", "read_articles"]


def read_articles(path: Path, root: Path) -> Iterator[Article | ReadFailure]:
    """The articles of one file, in its order; a record or file that cannot be read is a failure.

    Never raises for what a file holds. `root` is the folder that `Article.path` is relative to; the
    bytes of a name that are not UTF-8 are replaced in it.
    """
    for item in read_items(input_file(path, root)):
        if isinstance(item, ReadFailure):
            yield item
        else:
            yield from parse_item(item)
