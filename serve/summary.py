"""A small table of what a scored folder holds, for the terminal."""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from communique.model.taxonomy import Taxonomy

Example = tuple[float, str, str]
TEXT_WIDTH = 64
EXAMPLES = 6


def summary(out: Path, taxonomy: Taxonomy) -> str:
    """Counts per topic and stance and the surest examples; reads the tables in batches."""
    present: Counter[str] = Counter()
    stances: Counter[tuple[str, str]] = Counter()
    best: dict[tuple[str, str], Example] = {}
    for part in sorted((out / "paragraphs").glob("*.parquet")):
        for batch in pq.ParquetFile(part).iter_batches(columns=_columns(taxonomy)):
            for row in batch.to_pylist():
                for topic in taxonomy.topics:
                    if row[f"{topic.name}.present"]:
                        stance = row.get(f"{topic.name}.stance") or ""
                        present[topic.name] += 1
                        stances[topic.name, stance] += 1
                        found = _example(row, topic.name, stance)
                        best[topic.name, stance] = max(best.get((topic.name, stance), found), found)
    lines = [f"{'topic':22}{'paragraphs':>11}" + "".join(f"{stance:>10}" for stance in taxonomy.stances)]
    for topic in taxonomy.topics:
        counts = [stances[topic.name, stance] for stance in taxonomy.stances] if topic.stance else []
        lines.append(f"{topic.name:22}{present[topic.name]:>11}" + "".join(f"{count:>10}" for count in counts))
    shown = sorted(best.items(), key=lambda item: -item[1][0])[:EXAMPLES]
    examples = [f"{topic:22}{stance:9}{share:.2f}  {text}…  ({path})" for (topic, stance), (share, path, text) in shown]
    return "\n".join([*lines, "", *examples])


def _columns(taxonomy: Taxonomy) -> list[str]:
    columns = ["path", "text"]
    for topic in taxonomy.topics:
        columns += [f"{topic.name}.probability", f"{topic.name}.present"]
        if topic.stance:
            columns += [f"{topic.name}.stance", *(f"{topic.name}.{stance}" for stance in taxonomy.stances)]
    return columns


def _example(row: dict[str, Any], topic: str, stance: str) -> Example:
    share = row[f"{topic}.probability"] * (row[f"{topic}.{stance}"] if stance else 1.0)
    return share, row["path"], " ".join(row["text"].split())[:TEXT_WIDTH]
