"""Fixtures: a small folder of articles that the tests' bundle knows, and scoring it; the rows that were written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from communique.model.bundle import Bundle
from communique.serve.score import ScoreOptions, ScoreResult, score
from communique.serve.tagger import Tagger

PRAISE = "The envoy of the neighbouring country praise the truce that was signed on the river bank.\n\n"
REJECT = "The commander of the second brigade reject the guard that had been offered to the town.\n\n"
QUIET = "Bakeries opened again on Monday and the buses of the two lines ran as they did before.\n\n"


@pytest.fixture(name="inbox")
def small_inbox(tmp_path: Path) -> Path:
    """Two articles, one in a folder of its own."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text(PRAISE + QUIET, encoding="utf-8")
    (folder / "sub" / "b.txt").write_text(REJECT + QUIET, encoding="utf-8")
    return folder


@pytest.fixture(name="run")
def scoring(bundle: Bundle, inbox: Path, tmp_path: Path) -> Callable[..., ScoreResult]:
    """Scores the paths it is given, or the inbox, into one folder."""

    def go(*paths: Path, **options: Any) -> ScoreResult:
        return score(list(paths) or [inbox], Tagger(bundle), tmp_path / "out", ScoreOptions(**options), lambda *_: None)

    return go


def rows(out: str, table: str = "paragraphs") -> list[dict[str, Any]]:
    return pq.read_table(Path(out) / table).to_pylist()
