"""What the model says about a paragraph, as plain values."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a paragraph: `start` and `end` are code points within the paragraph's text."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TopicPrediction:
    """One topic of one paragraph.

    `probability` is P(topic) at the bundle's prior, `present` whether it reaches the topic's
    threshold; `stances` maps each stance to P(stance | topic) and is filled whether or not the
    topic is present (empty for a topic without stance); `stance` is the likeliest one, None when
    the topic is not present. `holder` and `evidence` are None where the family has none to give.
    """

    name: str
    probability: float
    present: bool
    stances: dict[str, float]
    stance: str | None
    holder: Span | None = None
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """Everything the model says about one paragraph.

    `confidence` is the probability of the predicted label set; `abstained` marks paragraphs whose
    confidence is below the threshold for the configured risk and changes nothing else. `gated` says
    that the gate of a cascade decided it without the encoder.
    """

    index: int
    text: str
    start: int
    end: int
    all_topics: tuple[TopicPrediction, ...]
    confidence: float
    abstained: bool
    truncated: bool
    gated: bool = False

    @property
    def topics(self) -> tuple[TopicPrediction, ...]:
        """The topics present, in taxonomy order."""
        return tuple(topic for topic in self.all_topics if topic.present)

    def __getitem__(self, name: str) -> TopicPrediction:
        """The prediction on a topic by name, present or not."""
        for topic in self.all_topics:
            if topic.name == name:
                return topic
        raise KeyError(name)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)
