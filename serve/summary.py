"""A small table of what a scored folder holds, for the terminal."""

from pathlib import Path

import pyarrow.parquet as pq

from communique.model.taxonomy import Taxonomy

TEXT_WIDTH = 64
EXAMPLES = 6


def summary(out: Path, taxonomy: Taxonomy) -> str:
    """Counts per topic and stance, the surest examples, and where everything lies."""
    table = pq.read_table(out / "paragraphs")
    stances = list(taxonomy.stances)
    lines = [f"{'topic':22}{'paragraphs':>11}" + "".join(f"{stance:>10}" for stance in stances)]
    for topic in taxonomy.topics:
        present = table.column(f"{topic.name}.present").to_pylist()
        found = table.column(f"{topic.name}.stance").to_pylist() if topic.stance else []
        counts = "".join(f"{found.count(stance):>10}" for stance in stances) if topic.stance else ""
        lines.append(f"{topic.name:22}{sum(present):>11}{counts}")
    lines += ["", *_examples(table.to_pylist(), taxonomy)]
    return "\n".join(lines)


def _examples(rows: list[dict[str, object]], taxonomy: Taxonomy) -> list[str]:
    """The likeliest paragraph of each topic and stance, shortened."""
    best: dict[tuple[str, str], tuple[float, str, str]] = {}
    for row in rows:
        for topic in taxonomy.topics:
            if not row[f"{topic.name}.present"]:
                continue
            stance = str(row.get(f"{topic.name}.stance") or "")
            share = row[f"{topic.name}.{stance}"] if stance else 1.0
            assert isinstance(share, float)
            probability = row[f"{topic.name}.probability"]
            assert isinstance(probability, float)
            candidate = (probability * share, str(row["path"]), " ".join(str(row["text"]).split()))
            best[topic.name, stance] = max(best.get((topic.name, stance), (0.0, "", "")), candidate)
    shown = sorted(best.items(), key=lambda item: -item[1][0])[:EXAMPLES]
    return [
        f"{topic:22}{stance:9}{share:.2f}  {text[:TEXT_WIDTH]}…  ({path})"
        for (topic, stance), (share, path, text) in shown
    ]
