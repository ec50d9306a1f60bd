"""The labelled corpus: every line checked against the taxonomy, all problems reported at once.

The line format is the corpus contract: see `read_corpus`. Rows of another shape (a scalar label,
other column names) are translated first by a `ColumnMapping`.
"""

import difflib
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from communique.model.columns import ColumnMapping
from communique.model.errors import DataError
from communique.model.tables import Problem, Row, data_files, read_rows
from communique.model.taxonomy import Taxonomy
from communique.model.texts import Example, Label

LABEL_KEYS = {"topic", "stance", "holder", "holder_start"}
KNOWN_KEYS = {"article", "paragraph", "setting", "style", "title", "text", "labels", "labelled"}


@dataclass(frozen=True)
class Corpus:
    """Validated examples in file order, with their taxonomy and a hash of their content."""

    examples: tuple[Example, ...]
    taxonomy: Taxonomy

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def texts(self) -> list[str]:
        return [example.text for example in self.examples]

    @property
    def articles(self) -> list[str]:
        return [example.article for example in self.examples]

    def only(self, keep: Iterable[int]) -> "Corpus":
        """The corpus of the examples at the given positions."""
        return Corpus(tuple(self.examples[i] for i in keep), self.taxonomy)

    @property
    def sha256(self) -> str:
        """Hash of keys, texts and labels, independent of file names and formatting."""
        digest = hashlib.sha256()
        for example in self.examples:
            labels = None if example.labels is None else [astuple(label) for label in example.labels]
            content = [*example.key, example.title, example.text, labels, example.labelled]
            digest.update(json.dumps(content).encode())
        return digest.hexdigest()


def read_corpus(paths: Sequence[Path], taxonomy: Taxonomy, mapping: ColumnMapping | None = None) -> Corpus:
    """Read and check labelled data: JSON Lines, CSV or Parquet files, or folders of them.

    A line has `article, paragraph, text, labels` and optionally `title, setting, style, labelled`;
    a label has `topic`, `stance` and optionally `holder, holder_start`. `labels: []` is none of
    the topics, `labels` absent or null is unlabelled. Unknown keys are kept in `Example.extra`.

    Raises:
        DataError: listing every problem with file, line, expectation and remedy.
    """
    problems: list[Problem] = []
    rows = (row for file in data_files(list(paths)) for row in read_rows(file, problems, raw=mapping is not None))
    return corpus_from_rows(rows, taxonomy, mapping, problems)


def corpus_from_rows(
    rows: Iterable[Row], taxonomy: Taxonomy, mapping: ColumnMapping | None, problems: list[Problem]
) -> Corpus:
    """Check rows into a corpus; `problems` may already hold what reading found.

    Raises:
        DataError: if there is any problem, or no row at all.
    """
    examples: list[Example] = []
    seen: dict[tuple[str, int], str] = {}
    for row in rows:
        values = mapping.translate(row, taxonomy, problems) if mapping else row.values
        if values is None:
            continue
        example = parse_example(Row(row.file, row.line, values), taxonomy, problems)
        if example is None:
            continue
        if example.key in seen:
            found = f"the key of {seen[example.key]} again"
            problems.append(
                Problem(
                    row.file,
                    row.line,
                    f"a unique (article, paragraph), not {example.key}",
                    found,
                    "Renumber or remove one.",
                )
            )
            continue
        seen[example.key] = f"{row.file}:{row.line}"
        examples.append(example)
    if problems:
        listing = "\n".join(str(problem) for problem in problems)
        raise DataError(f"{len(problems)} problem(s) in the labelled data:\n{listing}")
    if not examples:
        raise DataError("the labelled data hold no paragraph; check the paths of [corpus]")
    return Corpus(tuple(examples), taxonomy)


def parse_example(row: Row, taxonomy: Taxonomy, problems: list[Problem]) -> Example | None:
    """Check one row of the corpus contract; None (and problems added) where it cannot be used."""
    before = len(problems)
    values = row.values

    def wrong(expected: str, found: object, remedy: str) -> None:
        problems.append(Problem(row.file, row.line, expected, _short(found), remedy))

    text = values.get("text")
    if not isinstance(text, str) or not text.strip():
        wrong("a non-empty string in `text`", text, "Give the paragraph's text or remove the line.")
        text = ""
    article, paragraph = values.get("article"), values.get("paragraph")
    if not isinstance(article, str) or not article:
        wrong("a non-empty string in `article`", article, "Name the article the paragraph is from.")
    if not isinstance(paragraph, int) or isinstance(paragraph, bool) or paragraph < 0:
        wrong("a whole number in `paragraph`", paragraph, "Number the paragraphs of an article from 1.")
    for key in ("title", "setting", "style"):
        if not isinstance(values.get(key) or "", str):
            wrong(f"a string in `{key}`", values[key], "Quote it, or leave it out.")
    for key in values.keys() - KNOWN_KEYS:
        nearest = difflib.get_close_matches(key, KNOWN_KEYS - values.keys(), n=1, cutoff=0.85)
        if nearest:
            wrong(f"the key `{nearest[0]}`", key, "Correct the key's spelling.")
    labelled = _parse_labelled(values.get("labelled"), taxonomy, wrong)
    labels = _parse_labels(values.get("labels"), text, labelled, taxonomy, wrong)
    if len(problems) > before:
        return None
    return Example(
        article=str(article),
        paragraph=int(str(paragraph)),
        text=text,
        labels=labels,
        title=values.get("title") or "",
        setting=values.get("setting") or "",
        style=values.get("style") or "",
        labelled=labelled,
        extra={key: value for key, value in values.items() if key not in KNOWN_KEYS},
    )


def _parse_labelled(value: Any, taxonomy: Taxonomy, wrong: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or any(name not in taxonomy.topic_names for name in value):
        wrong(
            f"in `labelled` a list of topics among {', '.join(taxonomy.topic_names)}",
            value,
            "Leave it out if all topics were judged.",
        )
        return None
    return tuple(value)


def _parse_labels(
    value: Any, text: str, labelled: tuple[str, ...] | None, taxonomy: Taxonomy, wrong: Any
) -> tuple[Label, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or any(not isinstance(label, dict) for label in value):
        wrong("in `labels` a list of objects", value, "Write [] for none of the topics, null for unlabelled.")
        return None
    labels = tuple(_parse_label(label, text, taxonomy, wrong) for label in value)
    topics = [label.topic for label in labels]
    if len(set(topics)) < len(topics):
        wrong("each topic once per paragraph", topics, "Keep one label per topic (guidelines, stance rule 5).")
    if labelled is not None and not set(topics) <= set(labelled):
        wrong("labels only on topics named in `labelled`", topics, "Add the topic to `labelled` or drop the label.")
    if taxonomy.exclusive and len(labels) != 1:
        wrong("exactly one label (the taxonomy is exclusive)", topics, "Give one topic, or null for unlabelled.")
    return labels


def _parse_label(label: dict[str, Any], text: str, taxonomy: Taxonomy, wrong: Any) -> Label:
    topic, stance, holder = label.get("topic"), label.get("stance"), label.get("holder")
    start = label.get("holder_start")
    for key in label.keys() - LABEL_KEYS:
        if nearest := difflib.get_close_matches(key, LABEL_KEYS, n=1, cutoff=0.85):
            wrong(f"a label's `{nearest[0]}`", key, "Correct the key's spelling.")
    if topic not in taxonomy.topic_names:
        wrong(f"a topic among {', '.join(taxonomy.topic_names)}", topic, "Correct it, or add it to the taxonomy.")
    elif stance is not None and not taxonomy.has_stance[taxonomy.topic_names.index(topic)]:
        wrong(f"no stance on `{topic}` (stance = false in the taxonomy)", stance, "Drop it or set stance = true.")
    elif stance is not None and stance not in taxonomy.stances:
        wrong(f"a stance among {', '.join(taxonomy.stances)}, or null", stance, "Correct the spelling.")
    if holder is not None and (not isinstance(holder, str) or not holder or holder not in text):
        wrong("a `holder` copied exactly from the text, or null", holder, "Copy the span letter by letter.")
        holder = None
    if start is not None and (
        holder is None or not isinstance(start, int) or start < 0 or text[start : start + len(holder)] != holder
    ):
        wrong("`holder_start` where the holder begins in the text", start, "Leave it out for the first occurrence.")
        start = None
    if holder is not None and start is None:
        start = text.find(holder)
    return Label(str(topic), stance, holder, start, "holder" in label)


def _short(value: object) -> str:
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= 120 else shown[:117] + "…"
