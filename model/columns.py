"""Translate rows of any labelled table into corpus lines, by a mapping written in the config."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from communique.model.tables import Problem, Row
from communique.model.taxonomy import Taxonomy

NONE = "none"


class ColumnMapping(BaseModel):
    """Which column of a foreign table is what.

    `label` names a column with one value (or a list of values) per row; `values` translates each
    value to `topic` or `topic/stance`, to "none" (none of the topics) or to "unlabelled". A value
    that is not listed must itself be a topic or `topic/stance`. Without an `article` column every
    row is an article of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = "text"
    label: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    article: str | None = None
    paragraph: str | None = None
    title: str | None = None
    setting: str | None = None
    style: str | None = None

    def fits(self, values: dict[str, Any]) -> bool:
        """Whether a row has the columns this mapping reads."""
        return self.text in values and (self.label is None or self.label in values)

    def translate(self, row: Row, taxonomy: Taxonomy, problems: list[Problem]) -> dict[str, Any] | None:
        """The row as a corpus line; None, and a problem added, where a column is missing."""
        columns = [self.text, self.label, self.article, self.paragraph, self.title, self.setting, self.style]
        missing = [column for column in columns if column is not None and column not in row.values]
        if missing:
            found = f"columns {', '.join(row.values)}"
            problems.append(
                Problem(row.file, row.line, f"columns {', '.join(missing)}", found, "Correct [corpus.mapping].")
            )
            return None
        source = row.values
        article = _filled(source[self.article]) if self.article else None
        line: dict[str, Any] = {
            "text": source[self.text],
            "article": f"{row.file}:{row.line}" if article is None else str(article),
            "paragraph": _number(source[self.paragraph]) if self.paragraph else (row.line if self.article else 1),
        }
        for key, column in (("title", self.title), ("setting", self.setting), ("style", self.style)):
            if column is not None:
                line[key] = _filled(source[column])
        line["labels"] = self._labels(source[self.label], row, taxonomy, problems) if self.label else None
        used = set(columns)
        return {**{key: value for key, value in source.items() if key not in used and key not in line}, **line}

    def _labels(self, value: Any, row: Row, taxonomy: Taxonomy, problems: list[Problem]) -> list[dict[str, str]] | None:
        if _filled(value) is None:
            return None
        labels = []
        for item in value if isinstance(value, list) else [value]:
            target = self.values.get(str(item), str(item))
            if target == "unlabelled":
                return None
            if target == NONE:
                continue
            topic, _, stance = target.partition("/")
            if topic not in taxonomy.topic_names or (stance and stance not in taxonomy.stances):
                allowed = f"{', '.join(taxonomy.topic_names)}, {NONE}, unlabelled"
                problems.append(
                    Problem(
                        row.file, row.line, f"a label among {allowed}", repr(item), "Add it to [corpus.mapping] values."
                    )
                )
                continue
            labels.append({"topic": topic, "stance": stance} if stance else {"topic": topic})
        return labels


def _filled(value: Any) -> Any:
    """None for an empty cell."""
    return None if value == "" else value


def _number(value: Any) -> Any:
    """A whole number that a CSV file holds as text."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value
