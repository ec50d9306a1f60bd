"""The bodies of requests and answers, with the examples that the documentation shows."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from communique.serve.tagger import whole

TEXT = (
    "The council voted on Tuesday to extend the peacekeeping mission by a year.\n\n"
    "“A truce without guarantees is a pause for reloading,” the minister said."
)
PAGE = (
    "<html><head><title>Council extends mandate</title></head><body><article>"
    "<p>The council voted on Tuesday to extend the peacekeeping mission by a year.</p>"
    "<p>“A truce without guarantees is a pause for reloading,” the minister said.</p></article></body></html>"
)

# JSON can spell lone surrogates, which are no text; the Python API replaces them in the same way.
Text = Annotated[str, BeforeValidator(lambda value: whole(value) if isinstance(value, str) else value)]
Share = Annotated[float, Field(gt=0.0, lt=1.0, allow_inf_nan=False)]
Prior = Annotated[
    Share | dict[str, Share] | None,
    Field(description="Share of topical paragraphs in the source, or the share of each topic; null: the model's own."),
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TagRequest(_Request):
    """One text, or a list of texts."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in ("text", "texts")
            ],
            "examples": [{"text": TEXT, "title": "Council extends mandate"}],
        }
    )

    text: Text | None = Field(None, description="One article.")
    texts: list[Text] | None = Field(None, description="Several articles, or single paragraphs with `segment` false.")
    title: Text | None = Field(None, description="The article's title, or the title of all texts.")
    segment: bool = Field(
        True, description="Cut texts into paragraphs and leave clutter out; false: tag them as they are."
    )
    prior: Prior = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "TagRequest":
        if (self.text is None) == (self.texts is None):
            raise ValueError('give either "text", one string, or "texts", a list of strings')
        return self


class ArticleRequest(_Request):
    """A page as JSON; it may also be the body itself, as text/html."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"html": PAGE, "url": "https://news.example/mandate"}]})

    html: Text = Field(description="The markup of the page.")
    url: Text | None = Field(None, max_length=2000, description="Where the page is from; repeated in the answer.")
    prior: Prior = None


class SpanAnswer(BaseModel):
    text: str
    start: int = Field(description="Code points from the start of the paragraph.")
    end: int


class TopicAnswer(BaseModel):
    name: str
    probability: float = Field(description="P(topic), calibrated for the prior.")
    present: bool = Field(description="Whether the probability reaches the topic's threshold.")
    stances: dict[str, float] = Field(
        description="P(stance | topic), present or not; empty for a topic without stance."
    )
    stance: str | None = Field(description="The likeliest stance; null when the topic is not present.")
    holder: SpanAnswer | None = Field(description="Who holds the stance, where the model names somebody.")
    evidence: str | None = Field(description="The sentence that carries the stance, where the model says.")


class ParagraphAnswer(BaseModel):
    """A paragraph as `Prediction.to_dict` gives it, and the names of the topics present."""

    index: int
    text: str
    start: int = Field(description="Code points from the start of the article's text.")
    end: int
    topics: list[str]
    all_topics: list[TopicAnswer]
    confidence: float = Field(description="The probability of the whole set of labels.")
    abstained: bool
    truncated: bool


class ModelName(BaseModel):
    name: str
    sha256: str


class ParagraphsAnswer(BaseModel):
    paragraphs: list[ParagraphAnswer]


class TextAnswer(ParagraphsAnswer):
    """The answer to `text`."""

    model: ModelName


class TextsAnswer(BaseModel):
    """The answer to `texts`: an article for each, in order."""

    model: ModelName
    articles: list[ParagraphsAnswer]


class ArticleFacts(BaseModel):
    url: str | None
    title: str | None
    outlet: str | None
    published: str | None
    language: str | None
    content_lost: bool
    text: str = Field(description="The main text that paragraphs are places in.")


class ArticleAnswer(TextAnswer):
    """The answer to a page."""

    article: ArticleFacts


class Limits(BaseModel):
    max_body: int
    max_texts: int
    max_characters: int
    max_paragraphs: int
    timeout: float


class ModelAnswer(BaseModel):
    """What is served: the model, what its numbers mean, and the limits of the service."""

    name: str
    sha256: str
    family: str
    taxonomy: dict[str, Any]
    prior: dict[str, float]
    thresholds: dict[str, float]
    abstain_below: float
    target_risk: float | None
    card: str = Field(description="The model card, Markdown.")
    versions: dict[str, str]
    limits: Limits


class Status(BaseModel):
    status: str


class Problem(BaseModel):
    where: str
    message: str


class ErrorAnswer(BaseModel):
    """Any answer that is no success."""

    error: str = Field(description="A name for the kind of error, for programs.")
    message: str = Field(description="What was expected, what was found, and what to do, for people.")
    problems: list[Problem] = Field([], description="Each place of the body that is wrong.")
