"""Write rows of one part as Parquet, and beside it as JSON Lines or CSV; files appear when complete."""

import csv
import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq


class PartWriter:
    """Writes one table's rows to FOLDER/NAME.parquet, streaming, and to each further format.

    On a clean exit the files get their names; after an exception they are removed.
    """

    def __init__(self, out: Path, table: str, name: str, schema: pa.Schema, formats: Sequence[str] = ()) -> None:
        self._schema = schema
        # Parquet gets its name last: what it says is complete has its other formats too.
        self._targets = {kind: out / kind / table / f"{name}.{kind}" for kind in formats}
        self._targets |= {"parquet": out / table / f"{name}.parquet"}
        self._stack = ExitStack()

    def __enter__(self) -> "PartWriter":
        for target in self._targets.values():
            target.parent.mkdir(parents=True, exist_ok=True)
        self._parquet = self._stack.enter_context(
            pq.ParquetWriter(partial_path(self._targets["parquet"]), self._schema, compression="zstd")
        )
        self._text: dict[str, TextIO] = {
            kind: self._stack.enter_context(partial_path(target).open("w", encoding="utf-8", newline=""))
            for kind, target in self._targets.items()
            if kind != "parquet"
        }
        if "csv" in self._text:
            csv.writer(self._text["csv"], lineterminator="\n").writerow(self._schema.names)
        return self

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Append rows; missing columns are null."""
        if not rows:
            return
        self._parquet.write_table(pa.Table.from_pylist(rows, schema=self._schema))
        if "jsonl" in self._text:
            self._text["jsonl"].writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        if "csv" in self._text:
            table = csv.writer(self._text["csv"], lineterminator="\n")
            table.writerows([row.get(name) for name in self._schema.names] for row in rows)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        complete = False
        try:
            self._stack.close()  # writes what is still in memory, and may find the disk full
            complete = kind is None
        finally:
            for target in self._targets.values():
                if complete:
                    publish(partial_path(target), target)
                else:
                    partial_path(target).unlink(missing_ok=True)


def partial_path(target: Path) -> Path:
    """Where a file is written before it gets its name."""
    return target.with_name(f".{target.name}.tmp")


def publish(partial: Path, target: Path) -> None:
    """Give a written file its name, in such an order that after a power cut it is whole or not there."""
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file that appears whole or not at all."""
    partial_path(path).write_text(json.dumps(content), encoding="utf-8")
    publish(partial_path(path), path)
