"""The articles of one file, read in this process."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from communique.model.texts import Article
from communique.serve.inputs import find_inputs, input_file
from communique.serve.items import ReadFailure, parse_item, read_items

__all__ = ["ReadFailure", "find_files", "ignored_files", "read_articles"]


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


def find_files(paths: Iterable[Path], exclude: Path | None = None) -> list[tuple[Path, Path]]:
    """The (root, file) pairs of `find_inputs`."""
    files, _ = find_inputs([str(path) for path in paths], exclude=exclude)
    return [(Path(file.root), Path(file.location)) for file in files]


def ignored_files(paths: Iterable[Path]) -> list[Path]:
    """The files under the given folders that are of no kind that is read."""
    return [Path(name) for name in find_inputs([str(path) for path in paths])[1]]
