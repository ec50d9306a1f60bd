"""Articles and paragraphs as they are read, and examples: paragraphs with gold labels."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Article:
    """One article as read from a source, before segmentation.

    `text` is the extracted plain text; paragraph offsets count code points in it. `record` numbers
    the article within its file from 0. `content_lost` says that reading had to drop or replace
    something (undecodable bytes, markup nested too deep, a size limit).
    """

    path: str
    text: str
    record: int = 0
    title: str | None = None
    outlet: str | None = None
    published: str | None = None
    language: str | None = None
    content_lost: bool = False
    url: str | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of an article: `index` counts from 1, `start` and `end` are code points."""

    index: int
    text: str
    start: int
    end: int


class TitledText(str):
    """A paragraph behind its title, as a classifier reads it; `start` is where the paragraph begins."""

    start: int

    def __new__(cls, title: str, text: str) -> "TitledText":
        made = super().__new__(cls, f"{title}\n\n{text}")
        made.start = len(title) + 2
        return made


@dataclass(frozen=True, slots=True)
class Label:
    """A gold label. `stance` None: not judged, or the topic has no stance.

    `holder` None with `holder_judged`: the author's own voice, or nobody in particular.
    """

    topic: str
    stance: str | None = None
    holder: str | None = None
    holder_start: int | None = None
    holder_judged: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled paragraph. `labels` None is unlabelled; an empty tuple is none of the topics.

    `labelled` names the only topics that were judged; None means all of them.
    """

    article: str
    paragraph: int
    text: str
    labels: tuple[Label, ...] | None
    title: str = ""
    setting: str = ""
    style: str = ""
    labelled: tuple[str, ...] | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, int]:
        return (self.article, self.paragraph)
