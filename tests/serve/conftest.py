"""Fixtures of the tests of reading."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from communique.model.texts import Article
from communique.serve.inputs import find_inputs
from communique.serve.items import ReadFailure, parse_item, read_items

Found = list[Article | ReadFailure]


@pytest.fixture
def read_bytes(tmp_path: Path) -> Callable[..., Found]:
    """Write bytes to a file of the given name and read it as a run does."""

    def read(name: str, data: bytes, columns: Mapping[str, str] | None = None, first: int = 0) -> Found:
        (tmp_path / name).write_bytes(data)
        ((file,), _) = find_inputs([str(tmp_path / name)])
        found: list[Any] = []
        for item in read_items(file, first):
            found += [item] if isinstance(item, ReadFailure) else parse_item(item, columns or {})
        return found

    return read
