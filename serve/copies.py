"""Score each text once: the predictions of texts met before are kept, as long as there is room."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from communique.model.predict import placed
from communique.model.predictions import Prediction
from communique.serve.tagger import Tagger
from communique.serve.worker import Parsed

LIMIT = 20_000


class KnownTexts:
    """A tagger that remembers its last `LIMIT` texts.

    A remembered prediction is only used where it is sure to be what scoring again would give: where
    the model's scores depend on the text alone. Else the memory lasts for one call.
    """

    def __init__(self, tagger: Tagger, gate: bool) -> None:
        self.tagger = tagger
        self.gate = gate
        self._known: OrderedDict[bytes, Prediction] = OrderedDict()

    def predictions(self, articles: Sequence[Parsed]) -> list[list[Prediction]]:
        """The predictions of each article's paragraphs."""
        if not self.tagger.bundle.is_pure:
            self._known.clear()
        keys = [[self._key(article, p.text) for p in article.paragraphs] for article in articles]
        needed: dict[bytes, tuple[str, str | None]] = {}
        found: dict[bytes, Prediction] = {}
        for article, of_article in zip(articles, keys, strict=True):
            for key, paragraph in zip(of_article, article.paragraphs, strict=True):
                if key in self._known:
                    self._known.move_to_end(key)
                    found[key] = self._known[key]
                elif key not in needed:
                    needed[key] = (paragraph.text, article.article.title)
        texts, titles = [text for text, _ in needed.values()], [title for _, title in needed.values()]
        for key, prediction in zip(needed, self.tagger.tag_texts(texts, titles, self.gate), strict=True):
            found[key] = self._known[key] = replace(prediction, text="")
        while len(self._known) > LIMIT:
            self._known.popitem(last=False)
        return [
            [placed(found[key], paragraph) for key, paragraph in zip(of_article, article.paragraphs, strict=True)]
            for article, of_article in zip(articles, keys, strict=True)
        ]

    def _key(self, article: Parsed, text: str) -> bytes:
        title = (article.article.title or "") if self.tagger.bundle.manifest.title else ""
        return hashlib.blake2b(f"{title}\0{text}".encode(errors="replace"), digest_size=16).digest()
