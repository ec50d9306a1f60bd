"""An int8 bundle beside the fp32 one it was made from: how much faster, how much smaller."""

import statistics
from pathlib import Path

from articles import corpus_paragraphs
from cells import ROOT
from timing import REPEATS, rate, times

from communique.serve.tagger import load

Rows = list[tuple[str, str, str]]
SAMPLE = 300


def precision(bundle: Path, linear: Path, folder: Path, scale: int) -> Rows:
    """Every fp32 bundle that has an int8 form beside it, gate off, by turns."""
    rows: Rows = []
    texts = corpus_paragraphs()[:: max(1, len(corpus_paragraphs()) // (SAMPLE // scale))]
    for int8 in sorted((ROOT / "bundles").glob("*-int8")):
        fp32 = int8.with_name(int8.name.removesuffix("-int8"))
        if not fp32.is_dir():
            continue
        small, large = load(int8), load(fp32)
        ours, theirs = [], []
        for _ in range(REPEATS):
            ours += rate(lambda small=small: small.tag_paragraphs(texts), len(texts), 1)
            theirs += rate(lambda large=large: large.tag_paragraphs(texts), len(texts), 1)
        speeds = f"{statistics.median(ours):.0f} and {statistics.median(theirs):.0f} paragraphs/s"
        sizes = f"{megabytes(int8):.0f} and {megabytes(fp32):.0f} MB"
        rows.append((f"`{int8.name}` beside `{fp32.name}`", times(ours, theirs), f"{speeds}, {sizes}"))
    return rows


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
