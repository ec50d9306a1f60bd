"""The sketches of a piece's paragraphs, kept beside its sidecar so that copies are found without the texts."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from communique.serve.worker import PERMUTATIONS, Parsed
from communique.serve.writers import partial_path, publish

RECORD = np.dtype([("key", "<u8"), ("sketch", "<u4", (PERMUTATIONS,))])


def sketch_path(out: Path, name: str) -> Path:
    return out / "manifest" / f"{name}.sketches.npy"


def load_sketches(out: Path, name: str) -> npt.NDArray[np.void]:
    """(n,) records of copy key and sketch, mapped from the file."""
    return np.asarray(np.load(sketch_path(out, name), mmap_mode="r"))


class SketchFile:
    """Collects the sketches of one piece, each paragraph's once, and writes them on a clean exit."""

    def __init__(self, out: Path, name: str) -> None:
        self._path = sketch_path(out, name)
        self._sketches: dict[str, bytes] = {}

    def __enter__(self) -> "SketchFile":
        return self

    def add(self, articles: Iterable[Parsed]) -> None:
        for article in articles:
            self.keep(zip(article.copies, article.sketches, strict=True))

    def keep(self, pairs: Iterable[tuple[str, bytes | None]]) -> None:
        """Take copy keys with their sketches; a paragraph that is too short has none."""
        self._sketches |= {key: sketch for key, sketch in pairs if sketch is not None}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            return
        records = np.zeros(len(self._sketches), dtype=RECORD)
        for row, (key, sketch) in enumerate(sorted(self._sketches.items())):
            records[row] = int(key, 16), np.frombuffer(sketch, dtype="<u4")
        with partial_path(self._path).open("wb") as file:
            np.save(file, records)
        publish(partial_path(self._path), self._path)
