"""The bodies of requests and answers, with the examples that the documentation shows."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from communique.model.texts import Article
from communique.serve.http_examples import PAGE, TEXT, TITLE
from communique.serve.tagger import whole

# JSON can spell lone surrogates, which are no text; the Python API replaces them in the same way.
Text = Annotated[str, BeforeValidator(lambda value: whole(value) if isinstance(value, str) else value)]
Share = Annotated[float, Field(gt=0.0, lt=1.0, allow_inf_nan=False)]
Prior = Annotated[
    Share | dict[str, Share] | None,
    Field(description="Share of topical paragraphs in the source, or the share of each topic; null: the model's own."),
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _only(given: str, *absent: str) -> dict[str, Any]:
    null: dict[str, Any] = {"type": "null"}
    return {"required": [given], "properties": {given: {"not": null}, **dict.fromkeys(absent, null)}}


class TagRequest(_Request):
    """One text, or a list of texts."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                _only("text", "texts", "titles"),
                _only("texts", "text", "title"),
                _only("texts", "text", "titles"),
            ],
            "examples": [
                {"text": TEXT, "title": TITLE},
                {"texts": [*TEXT.split("\n\n")], "titles": [TITLE, None], "segment": False, "prior": 0.1},
            ],
        }
    )

    text: Text | None = Field(None, description="One article.")
    texts: list[Text] | None = Field(None, description="Several articles, or single paragraphs with `segment` false.")
    title: Text | None = Field(None, description="The article's title, or the title of all texts.")
    titles: list[Text | None] | None = Field(None, description="With `texts`, the title of each, or null for none.")
    segment: bool = Field(
        True, description="Cut texts into paragraphs and leave clutter out; false: tag them as they are."
    )
    prior: Prior = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "TagRequest":
        if (self.text is None) == (self.texts is None):
            raise ValueError('give either "text", one string, or "texts", a list of strings')
        if self.titles is None:
            return self
        if self.texts is None:
            raise ValueError('"titles" goes with "texts"; the title of one text is "title"')
        if self.title is not None:
            raise ValueError('give either "title", one for all texts, or "titles", one for each')
        if len(self.titles) != len(self.texts):
            raise ValueError(
                f"{len(self.texts)} texts but {len(self.titles)} titles; give one title (or null) for each text"
            )
        return self

    def articles(self) -> list[Article]:
        """The texts, each with its title."""
        texts = [self.text or ""] if self.texts is None else self.texts
        titles = [self.title] * len(texts) if self.titles is None else self.titles
        return [Article(path="", text=text, title=title) for text, title in zip(texts, titles, strict=True)]


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
    gated: bool = Field(description="Whether a cascade's gate decided without the encoder; the service uses no gate.")


class ModelName(BaseModel):
    name: str = Field(description="The bundle's name, and its precision where that is not the full one.")
    sha256: str = Field(description="Of bundle.json, which holds the hash of every other file.")


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
    page_timeout: float
    header_timeout: float


class ModelAnswer(BaseModel):
    """What is served: the model, what its numbers mean, and the limits of the service."""

    name: str
    sha256: str
    family: str
    precision: str | None = Field(description="Of the encoder's graph, fp32 or int8; null for a linear model.")
    format_version: int = Field(description="Of the bundle.")
    taxonomy: dict[str, Any]
    prior: dict[str, float]
    thresholds: dict[str, float]
    abstain_below: float
    target_risk: float | None
    card: str = Field(description="The model card, Markdown.")
    corpus: dict[str, Any] = Field(description="What it was trained on: hash and numbers of paragraphs.")
    libraries: dict[str, str] = Field(description="What it was trained with.")
    versions: dict[str, str] = Field(description="What runs it; `trained_with` is the version that trained it.")
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
