"""The Python interface: load a model, tag articles and paragraphs."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from communique.model.bundle import Bundle, load_bundle
from communique.model.errors import InputError
from communique.model.predict import predict, predict_paragraphs
from communique.model.predictions import Prediction, Predictions
from communique.model.prior import parse_prior, resolve_prior
from communique.model.texts import Article
from communique.serve.registry import resolve
from communique.serve.segment import segment


def load(model: str | Path, prior: float | dict[str, float] | None = None, threads: int | None = None) -> "Tagger":
    """Load a bundle folder, or `models:/NAME@ALIAS` from the MLflow registry.

    `prior` shifts the probabilities to another share of topical paragraphs, or to a share per
    topic; None keeps the bundle's.

    Raises:
        BundleError: there is no such model, or a file of it is damaged.
    """
    return Tagger(load_bundle(resolve(model), threads), prior)


class Tagger:
    """A loaded model; calls do not change it."""

    def __init__(self, bundle: Bundle, prior: float | dict[str, float] | None = None) -> None:
        self.bundle = bundle
        self._prior = shifted_prior(bundle, prior)

    @property
    def prior(self) -> dict[str, float]:
        """The share of each topic that the probabilities are for."""
        shares = self.bundle.manifest.calibration.prior if self._prior is None else self._prior
        return dict(zip(self.bundle.taxonomy.topic_names, map(float, shares), strict=True))

    def tag(self, text: str, title: str | None = None) -> Predictions:
        """Tag an article: cut into paragraphs, clutter left out, one prediction a paragraph.

        Raises:
            InputError: the text is not a string, or the title is neither a string nor None.
        """
        if not isinstance(text, str):
            raise InputError(f"tag takes one text, not {type(text).__name__}; for a list of texts use tag_paragraphs")
        if title is not None and not isinstance(title, str):
            raise InputError(f"title is {type(title).__name__}, not a string; give None where there is no title")
        return self.tag_article(Article(path="", text=whole(text), title=None if title is None else whole(title)))

    def tag_article(self, article: Article) -> Predictions:
        """Tag an article that was read from somewhere."""
        paragraphs = segment(article)
        titles = [article.title] * len(paragraphs)
        return self._listed(predict_paragraphs(self.bundle, paragraphs, titles, self._prior))

    def tag_articles(self, articles: Sequence[Article]) -> list[Predictions]:
        """Tag several articles in one pass; the predictions of each, in order."""
        cut = [segment(article) for article in articles]
        titles = [article.title for article, paragraphs in zip(articles, cut, strict=True) for _ in paragraphs]
        flat = iter(predict_paragraphs(self.bundle, [p for paragraphs in cut for p in paragraphs], titles, self._prior))
        return [self._listed(next(flat) for _ in paragraphs) for paragraphs in cut]

    def tag_paragraphs(self, texts: Sequence[str], titles: Sequence[str | None] | None = None) -> Predictions:
        """Tag texts as they are, one prediction each, in the same order.

        Raises:
            InputError: a bare string, or an item that is not a string.
        """
        if isinstance(texts, str) or not isinstance(texts, Iterable):
            raise InputError(
                f"tag_paragraphs takes a list of texts, not {type(texts).__name__}; "
                "for one text write tag_paragraphs([text]), for an article tag(text)"
            )
        texts = list(texts)
        for position, text in enumerate(texts):
            if not isinstance(text, str):
                raise InputError(
                    f"texts[{position}] is {type(text).__name__}, not a string; drop or convert missing values first"
                )
        titles = [None] * len(texts) if titles is None else list(titles)
        if len(titles) != len(texts):
            raise InputError(f"{len(texts)} texts but {len(titles)} titles; give one title (or None) for each text")
        for position, title in enumerate(titles):
            if title is not None and not isinstance(title, str):
                raise InputError(f"titles[{position}] is {type(title).__name__}, not a string or None")
        return self._listed(self.tag_texts(texts, titles))

    def tag_texts(self, texts: Sequence[str], titles: Sequence[str | None], gate: bool = False) -> list[Prediction]:
        """`tag_paragraphs` without its checks; with `gate` the bundle's gate, if it has one, decides
        which texts the encoder reads."""
        return predict(self.bundle, texts, titles, self._prior, gate)

    def _listed(self, found: Iterable[Prediction]) -> Predictions:
        return Predictions(found, self.bundle.taxonomy)


def whole(text: str) -> str:
    """The text with a question mark for each lone surrogate, which is no text for a tokenizer; offsets stay."""
    return text.encode("utf-8", "replace").decode()


def shifted_prior(bundle: Bundle, prior: float | dict[str, float] | str | None) -> npt.NDArray[np.float64] | None:
    """Per-topic shares (n_topics,) from a stated prior; None keeps the bundle's own.

    Raises:
        ConfigError: the prior is not a share, or does not name every topic.
    """
    if prior is None:
        return None
    calibration = bundle.manifest.calibration
    stated = parse_prior(prior, bundle.taxonomy) if isinstance(prior, str) else prior
    return resolve_prior(stated, calibration.prior, calibration.topical_share, bundle.taxonomy)[0]
