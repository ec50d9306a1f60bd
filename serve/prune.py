"""Take the rows of some files out of a finished part, so that its other files need not be read again."""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from communique.serve.sketches import SketchFile
from communique.serve.worker import sketch_of
from communique.serve.writers import PartWriter, write_json


def prune(out: Path, name: str, gone: Collection[str], digest: str, formats: Sequence[str]) -> None:
    """Write a part's tables again without the rows of the files at the paths `gone`; its sidecar, written
    last, then has the new `digest`."""
    sidecar = out / "manifest" / f"{name}.json"
    content = json.loads(sidecar.read_text("utf-8"))
    counts = {"articles": 0, "skipped": 0, "paragraphs": 0, "read": 0}
    with (
        PartWriter(out, "paragraphs", name, _schema(out, "paragraphs", name), formats) as paragraphs,
        PartWriter(out, "articles", name, _schema(out, "articles", name), formats) as articles,
        SketchFile(out, name) as sketches,
    ):
        for rows in _kept(out, "paragraphs", name, gone):
            paragraphs.write(rows)
            sketches.keep(sketch_of(row["text"]) for row in rows)
            counts["paragraphs"] += len(rows)
            counts["read"] += sum(not row["gated"] for row in rows)
        for rows in _kept(out, "articles", name, gone):
            articles.write(rows)
            counts["skipped"] += sum(row["skipped"] is not None for row in rows)
            counts["articles"] += sum(row["skipped"] is None for row in rows)
    failures = [failure for failure in content["failures"] if not _is_of(failure["path"], gone)]
    changed = [path for path in content["changed"] if path not in gone]
    content |= {**counts, "failed": len(failures), "failures": failures, "changed": changed, "digest": digest}
    write_json(sidecar, content)


def _schema(out: Path, table: str, name: str) -> Any:
    return pq.read_schema(out / table / f"{name}.parquet")


def _kept(out: Path, table: str, name: str, gone: Collection[str]) -> Iterator[list[dict[str, Any]]]:
    """The rows that stay, in their order, some at a time."""
    with pq.ParquetFile(out / table / f"{name}.parquet") as file:
        for batch in file.iter_batches():
            yield [row for row in batch.to_pylist() if not _is_of(row["path"], gone)]


def _is_of(path: str, files: Collection[str]) -> bool:
    """Whether a row's path is one of the files, or inside one that is an archive."""
    while path:
        if path in files:
            return True
        path = path.rpartition("/")[0]
    return False
