"""What the model says about a paragraph, as plain values."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from communique.model.errors import InputError
from communique.model.taxonomy import Taxonomy

if TYPE_CHECKING:
    import pyarrow as pa


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

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them; in `topics` the names of those present."""
        values = asdict(self)
        return {**values, "all_topics": list(values["all_topics"]), "topics": [topic.name for topic in self.topics]}

    def _repr_html_(self) -> str:
        from communique.model.prediction_html import prediction_html

        return prediction_html(self)


class Predictions(list[Prediction]):
    """The predictions of one call, in order: a list that notebooks show and tables are made from.

    A slice and a sum are of the same kind; other list operations give plain lists. `taxonomy` names
    the columns of the tables, so that an empty list has them too.
    """

    def __init__(self, predictions: Iterable[Prediction], taxonomy: Taxonomy) -> None:
        super().__init__(predictions)
        self.taxonomy = taxonomy

    @overload
    def __getitem__(self, place: SupportsIndex) -> Prediction: ...
    @overload
    def __getitem__(self, place: slice) -> "Predictions": ...
    def __getitem__(self, place: SupportsIndex | slice) -> "Prediction | Predictions":
        found = super().__getitem__(place)
        return Predictions(found, self.taxonomy) if isinstance(found, list) else found

    def __add__(self, other: list[Prediction], /) -> "Predictions":  # type: ignore[override]
        """These predictions and then the others.

        Raises:
            InputError: the others are of another taxonomy, so that no table would hold both.
        """
        if not isinstance(other, list):
            return NotImplemented
        if isinstance(other, Predictions) and other.taxonomy != self.taxonomy:
            raise InputError("predictions of two taxonomies have no common table; write list(a) + list(b) for a list")
        return Predictions([*self, *other], self.taxonomy)

    def to_dict(self) -> list[dict[str, Any]]:
        """`to_dict` of each prediction."""
        return [prediction.to_dict() for prediction in self]

    def to_arrow(self) -> "pa.Table":
        """A table with one row a prediction; columns are named as in the tables of `communique score`."""
        import pyarrow as pa

        fields: list[tuple[str, Any]] = [("paragraph", pa.int64()), ("start", pa.int64()), ("end", pa.int64())]
        fields += [("text", pa.string()), ("abstained", pa.bool_()), ("truncated", pa.bool_())]
        fields.append(("confidence", pa.float64()))
        for topic in self.taxonomy.topics:
            columns = {"probability": pa.float64(), "present": pa.bool_()}
            if topic.stance:
                columns |= {stance: pa.float64() for stance in self.taxonomy.stances} | {"stance": pa.string()}
            columns |= {"holder": pa.string(), "holder_start": pa.int64(), "holder_end": pa.int64()}
            columns["evidence"] = pa.string()
            fields += [(f"{topic.name}.{column}", kind) for column, kind in columns.items()]
        return pa.Table.from_pylist([_row(prediction) for prediction in self], schema=pa.schema(fields))

    def to_pandas(self) -> Any:
        """The table of `to_arrow` as a pandas data frame.

        Raises:
            InputError: pandas is not installed.
        """
        try:
            import pandas  # noqa: F401
        except ModuleNotFoundError as error:
            raise InputError("to_pandas needs pandas; install it (pip install pandas), or use to_arrow()") from error
        return self.to_arrow().to_pandas()

    def _repr_html_(self) -> str:
        from communique.model.prediction_html import predictions_html

        return predictions_html(self)


def _row(prediction: Prediction) -> dict[str, Any]:
    row: dict[str, Any] = {
        "paragraph": prediction.index,
        "start": prediction.start,
        "end": prediction.end,
        "text": prediction.text,
        "abstained": prediction.abstained,
        "truncated": prediction.truncated,
        "confidence": prediction.confidence,
    }
    for topic in prediction.all_topics:
        columns: dict[str, Any] = {"probability": topic.probability, "present": topic.present, **topic.stances}
        columns |= {"stance": topic.stance, "evidence": topic.evidence}
        if topic.holder is not None:
            start, end = topic.holder.start, topic.holder.end
            columns |= {"holder": topic.holder.text, "holder_start": start, "holder_end": end}
        row |= {f"{topic.name}.{column}": value for column, value in columns.items()}
    return row
