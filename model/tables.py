"""Rows of labelled data from JSON Lines, CSV or Parquet files, each with the place it came from."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from communique.model.errors import DataError

SUFFIXES = (".jsonl", ".ndjson", ".csv", ".parquet")
JSON_COLUMNS = ("labels", "labelled")
LONGEST_CELL = 16_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One record: `line` is the 1-based line (JSON Lines, CSV) or row (Parquet) of `file`."""

    file: str
    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with labelled data, said so that it can be mended."""

    file: str
    line: int
    expected: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: expected {self.expected}; found {self.found}. {self.remedy}"


def data_files(paths: list[Path]) -> list[Path]:
    """The data files under the given files and folders, sorted within each folder.

    A folder's CSV files count only where it has no JSON Lines or Parquet, since side tables
    (splits, settings) are kept as CSV beside a corpus.

    Raises:
        DataError: a path does not exist, or a folder has no data file.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())
            primary = [file for file in inside if file.suffix != ".csv"]
            if not inside:
                raise DataError(f"{path}: no data file; expected files ending in {', '.join(SUFFIXES)}")
            files += primary or inside
        elif path.is_file() and path.suffix in SUFFIXES:
            files.append(path)
        elif path.exists():
            raise DataError(f"{path}: unknown kind of data file; expected {', '.join(SUFFIXES)}")
        else:
            raise DataError(f"{path} does not exist; check the path (config paths are relative to the config file)")
    return files


def read_rows(file: Path, problems: list[Problem], raw: bool = False) -> Iterator[Row]:
    """Yield the rows of one file; a line that cannot be read is added to `problems` instead.

    `raw` leaves cells as they are, for tables whose columns a mapping has yet to name; otherwise
    the JSON columns of CSV and Parquet are parsed.
    """
    if file.suffix == ".parquet":
        rows = _parquet_rows(file, problems)
    elif file.suffix == ".csv":
        rows = _csv_rows(file, problems)
    else:
        yield from _json_lines_rows(file, problems)
        return
    for row in rows:
        if raw:
            yield row
            continue
        try:
            yield Row(row.file, row.line, _typed(row.values, empty_is_absent=file.suffix == ".csv"))
        except (ValueError, RecursionError) as error:
            problems.append(
                Problem(
                    row.file, row.line, f"JSON in {JSON_COLUMNS}", str(error), 'Write labels as JSON, "[]" for none.'
                )
            )


def _json_lines_rows(file: Path, problems: list[Problem]) -> Iterator[Row]:
    with file.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            if not raw.strip():
                continue
            try:
                values = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError as error:
                found = f"byte 0x{raw[error.start]:02x} at column {error.start + 1}"
                problems.append(Problem(file.name, number, "UTF-8 text", found, "Save the file as UTF-8."))
                continue
            except (ValueError, RecursionError) as error:
                remedy = "Mend or remove the line."
                problems.append(Problem(file.name, number, "one JSON object per line", str(error), remedy))
                continue
            if not isinstance(values, dict):
                problems.append(
                    Problem(file.name, number, "a JSON object", type(values).__name__, "Write one {…} per line.")
                )
                continue
            yield Row(file.name, number, values)


def _csv_rows(file: Path, problems: list[Problem]) -> Iterator[Row]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        found = f"byte 0x{error.object[error.start]:02x}"
        problems.append(Problem(file.name, line, "UTF-8 text", found, "Save the file as UTF-8 (in Excel: CSV UTF-8)."))
        return
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        for record in reader:
            if None in record or None in record.values():
                found, remedy = "more or fewer fields than the header", "Quote fields that hold commas."
                problems.append(Problem(file.name, reader.line_num, "one field per column", found, remedy))
                continue
            yield Row(file.name, reader.line_num, dict(record))
    except csv.Error as error:
        problems.append(Problem(file.name, reader.line_num, "CSV", str(error), "Check the quoting from this line on."))


def _typed(record: dict[str, Any], empty_is_absent: bool) -> dict[str, Any]:
    """Parse JSON columns that are text; in CSV an empty cell is an absent value and numbers are text."""
    values = {key: cell for key, cell in record.items() if not (empty_is_absent and cell == "" and key != "text")}
    for key in JSON_COLUMNS:
        if isinstance(values.get(key), str):
            values[key] = json.loads(values[key])
    paragraph = values.get("paragraph")
    if isinstance(paragraph, str) and paragraph.isascii() and paragraph.isdecimal():
        values["paragraph"] = int(paragraph)
    return values


def _parquet_rows(file: Path, problems: list[Problem]) -> Iterator[Row]:
    """A struct cannot say that a field is absent: nulls in `labels` structs are left out, so a null
    holder there is "not judged"; labels written as JSON text keep the two apart."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        for batch in pq.ParquetFile(file).iter_batches():
            for values in batch.to_pylist():
                number += 1
                labels = values.get("labels")
                if isinstance(labels, list) and all(isinstance(label, dict) for label in labels):
                    values["labels"] = [{k: v for k, v in label.items() if v is not None} for label in labels]
                yield Row(file.name, number, values)
    except (pa.ArrowException, OSError) as error:
        problems.append(Problem(file.name, number, "a readable Parquet file", str(error), "Write the file again."))
