"""Find near copies among all scored paragraphs and give them one `cluster`.

A wire story comes in fifty outlets, each with a word changed. Paragraphs whose sketches share a band
are compared (locality-sensitive hashing: Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets",
chapter 3), and those alike enough are joined. The result depends on the set of paragraphs alone, so it
is the same whatever the order, the engine or the number of runs.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from communique.serve.sketches import load_sketches, sketch_path
from communique.serve.worker import PERMUTATIONS, copy_key
from communique.serve.writers import PartWriter, write_json

BANDS = 16
ROWS = PERMUTATIONS // BANDS
# The share of three-word shingles in common from which two paragraphs are copies of one text.
ALIKE = 0.6
COMPARED_AT_ONCE = 100_000
MARKER = "manifest/clusters.json"

Load = Callable[[], npt.NDArray[np.void]]


def assign_clusters(out: Path, names: Sequence[str], formats: Sequence[str]) -> None:
    """Set the `cluster` column of the named pieces; files in which nothing changes are not touched.

    Memory goes with the number of paragraphs, some 120 bytes for each different one.
    """
    marker = out / MARKER
    state = {name: _digest(out, name) for name in sorted(names)}
    if marker.is_file() and json.loads(marker.read_text("utf-8")) == state:
        return
    clusters = near_copies([partial(load_sketches, out, name) for name in names])
    for name in names:
        _rewrite(out, name, clusters, formats)
    write_json(marker, state)


def forget_clusters(out: Path) -> None:
    """To be called before a piece is written: its clusters are not known then."""
    (out / MARKER).unlink(missing_ok=True)


def near_copies(sketches: Sequence[Load]) -> dict[str, str]:
    """Copy key to cluster, for the paragraphs whose cluster is another's key: the smallest among its near copies.

    `sketches` opens the records of one piece each; one is open at a time.
    """
    keys = [np.array(load()["key"]) for load in sketches]
    unique, first = np.unique(np.concatenate([*keys, np.zeros(0, dtype=np.uint64)]), return_index=True)
    source = np.repeat(np.arange(len(keys)), [len(some) for some in keys])[first]
    starts = np.cumsum([0, *(len(some) for some in keys)])
    row = first - starts[source]
    parent = np.arange(len(unique))
    for band in range(BANDS):
        columns = slice(band * ROWS, (band + 1) * ROWS)
        some = [np.array(load()["sketch"][:, columns]) for load in sketches]
        values = np.concatenate([*some, np.zeros((0, ROWS), dtype=np.uint32)])
        for one, other in _alike(_candidates(values[first]), sketches, source, row):
            _join(parent, one, other)
    roots = [_root(parent, number) for number in range(len(unique))]
    return {_hex(unique[n]): _hex(unique[root]) for n, root in enumerate(roots) if n != root}


def _candidates(values: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """(m, 2): each paragraph with the first of those that have the same numbers in a band, (n, rows)."""
    order = np.lexsort((np.arange(len(values)), *values.T[::-1]))
    ordered = values[order]
    same = np.concatenate([[False], (ordered[1:] == ordered[:-1]).all(axis=1)]) if len(values) else np.zeros(0, bool)
    leader = order[np.maximum.accumulate(np.where(same, 0, np.arange(len(values))))]
    return np.stack([leader[same], order[same]], axis=1)


def _alike(
    pairs: npt.NDArray[np.int64],
    sketches: Sequence[Load],
    source: npt.NDArray[np.int64],
    row: npt.NDArray[np.int64],
) -> list[tuple[int, int]]:
    """The pairs whose sketches agree in enough places: that share estimates the Jaccard similarity."""
    found = []
    for start in range(0, len(pairs), COMPARED_AT_ONCE):
        some = pairs[start : start + COMPARED_AT_ONCE]
        sides = []
        for side in (0, 1):
            full = np.zeros((len(some), PERMUTATIONS), dtype=np.uint32)
            of = source[some[:, side]]
            for number in np.unique(of):
                here = of == number
                full[here] = sketches[number]()["sketch"][row[some[here, side]]]
            sides.append(full)
        alike = (sides[0] == sides[1]).mean(axis=1) >= ALIKE
        found += [(int(one), int(other)) for one, other in some[alike]]
    return found


def _root(parent: npt.NDArray[np.int64], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = int(parent[number])
    return number


def _join(parent: npt.NDArray[np.int64], one: int, other: int) -> None:
    first, second = sorted((_root(parent, one), _root(parent, other)))
    parent[second] = first


def _hex(key: np.uint64) -> str:
    return f"{int(key):016x}"


def _digest(out: Path, name: str) -> str:
    with sketch_path(out, name).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rewrite(out: Path, name: str, clusters: dict[str, str], formats: Sequence[str]) -> None:
    """Write a piece's paragraphs again if a cluster in it is not what it should be."""
    path = out / "paragraphs" / f"{name}.parquet"
    wanted: list[str] = []
    current: list[str] = []
    for batch in pq.ParquetFile(path).iter_batches(columns=["text", "cluster"]):
        keys = (copy_key(text) for text in batch.column("text").to_pylist())
        wanted += [clusters.get(key, key) for key in keys]
        current += batch.column("cluster").to_pylist()
    if wanted == current:
        return
    table = pq.ParquetFile(path)
    start = 0
    with PartWriter(out, "paragraphs", name, table.schema_arrow, formats) as writer:
        for group in range(table.num_row_groups):
            rows = table.read_row_group(group)
            column = pa.array(wanted[start : start + len(rows)], pa.string())
            writer.write(rows.set_column(rows.schema.get_field_index("cluster"), "cluster", column).to_pylist())
            start += len(rows)
