"""The records of tables: CSV and TSV as text, Parquet by row group."""

import csv
import io
from collections.abc import Iterator
from typing import IO, Any

from communique.model.errors import InputError
from communique.serve.decode import decode, decode_narrow
from communique.serve.streams import byte_lines

# Of one record: an unclosed quotation mark takes in all that follows it up to here.
MAX_RECORD_BYTES = 8_000_000
_DELIMITERS = ",;\t|"
_BATCH_ROWS = 64


class _Rows:
    """Lines as text for `csv.reader`: it goes on with the next line after a record that is too long."""

    def __init__(self, stream: io.BufferedReader, encoding: str) -> None:
        self._lines = byte_lines(stream, MAX_RECORD_BYTES)
        self._encoding = encoding
        self.size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if isinstance(line, InputError):
            raise line
        self.size += len(line)
        if self.size > MAX_RECORD_BYTES:
            raise InputError(
                f"the record is over {MAX_RECORD_BYTES:,} bytes; is a quotation mark before it left unclosed?"
            )
        return decode_narrow(line, self._encoding)[1].removeprefix("\ufeff")


def csv_rows(stream: io.BufferedReader, tabs: bool = False) -> Iterator[dict[str, str] | InputError]:
    """The rows of a CSV file by the names in its first row; a bad row yields its `InputError`.

    `tabs` is for files that say so by their suffix; else the delimiter is the one of the header.
    Raises `InputError` when the file is binary or its header cannot be read.
    """
    csv.field_size_limit(MAX_RECORD_BYTES)  # of the process; Python's own is 131,072
    rows = _Rows(stream, _encoding(stream))
    head = stream.peek().replace(b"\0", b"")
    reader: Iterator[list[str]] = csv.reader(rows, **_dialect(head, tabs))
    header = None
    while True:
        rows.size = 0
        try:
            row = next(reader)
        except StopIteration:
            return
        except (csv.Error, InputError) as error:
            if header is None:
                raise InputError(f"the first row, which names the columns, cannot be read: {error}") from None
            yield InputError(f"the row cannot be read: {error}")
            continue
        if not any(row):
            continue
        if header is None:
            header = [name.strip() for name in row]
        elif any(row[len(header) :]):
            yield InputError(
                f"the row has {len(row)} fields, the first row names {len(header)} ({', '.join(header)}); "
                "are fields that hold the delimiter quoted?"
            )
        else:
            yield dict(zip(header, row, strict=False))


def _encoding(stream: io.BufferedReader) -> str:
    """The encoding of the lines that are not UTF-8; raises `InputError` for binary files."""
    head = stream.peek()
    head = head[: head.rfind(b"\n") + 1] or head[: len(head) // 4 * 4]
    decode(head[:4096] if b"\n" not in head[:4096] else head[: head.rfind(b"\n", 0, 4096) + 1])
    return decode_narrow(head)[0]


def _dialect(head: bytes, tabs: bool) -> dict[str, Any]:
    """How fields are parted and quoted, from the start of the file."""
    lines = head.decode("latin-1").splitlines()
    header = next((line for line in lines if line.strip()), "")
    escaped = head.count(b'\\"') > head.count(b'""')  # as Spark and MySQL write it
    return {
        "delimiter": "\t" if tabs and "\t" in header else _delimiter(header, "\n".join(lines[:20])),
        "escapechar": "\\" if escaped else None,
        "doublequote": not escaped,
    }


def _delimiter(header: str, sample: str) -> str:
    """The delimiter most frequent in the header; the sniffer decides between equal ones.

    On whole articles the sniffer takes any letter for a delimiter, and may take minutes.
    """
    counts = {delimiter: header.count(delimiter) for delimiter in _DELIMITERS}
    most = [delimiter for delimiter, n in counts.items() if n and n == max(counts.values())]
    if len(most) > 1:
        try:
            return csv.Sniffer().sniff(sample[:2000], "".join(most)).delimiter
        except csv.Error:
            return most[0]
    return most[0] if most else ","


def parquet_rows(stream: IO[bytes], first: int = 0) -> Iterator[dict[str, Any] | None]:
    """The rows of a Parquet file, read by row group; None for each of those before row `first`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(stream, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk; damage has no number
        raise InputError(
            f"not a whole Parquet file ({_line(error)}); its end is lost or damaged, fetch it again"
        ) from None
    number = 0
    for group in range(table.num_row_groups):
        n_rows = table.metadata.row_group(group).num_rows
        if number + n_rows <= first:
            yield from [None] * n_rows
            number += n_rows
            continue
        try:
            for batch in table.iter_batches(_BATCH_ROWS, row_groups=[group], use_threads=False):
                for row in _rows(_plain_times(batch)):
                    yield row if number >= first else None
                    number += 1
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise InputError(f"the Parquet file is damaged ({_line(error)}); fetch it again") from None


def _plain_times(batch: Any) -> Any:
    """Times in microseconds: Python has no nanoseconds, and not every zone's data."""
    import pyarrow as pa

    for i, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type):
            plain = pa.timestamp("us", "UTC" if field.type.tz else None)
            batch = batch.set_column(i, field.name, batch.column(i).cast(plain, safe=False))
    return batch


def _rows(batch: Any) -> list[dict[str, Any]]:
    """The rows of a batch; strings that are not UTF-8 have what is wrong in them replaced."""
    import pyarrow as pa

    try:
        return list(batch.to_pylist())
    except UnicodeDecodeError:
        for i, field in enumerate(batch.schema):
            if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
                values = batch.column(i).cast(pa.large_binary()).to_pylist()
                texts = [None if value is None else value.decode("utf-8", "replace") for value in values]
                batch = batch.set_column(i, field.name, pa.array(texts, pa.large_string()))
        return list(batch.to_pylist())


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
