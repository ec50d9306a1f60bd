from dataclasses import replace

import pytest

from communique.model.bundle import Bundle, OnnxSettings
from communique.model.texts import Article, Paragraph
from communique.serve import copies
from communique.serve.copies import KnownTexts
from communique.serve.tagger import Tagger
from communique.serve.worker import Parsed


class CountingTagger(Tagger):
    """The tagger, with the texts it was asked for."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self.asked: list[str] = []

    def tag_texts(self, texts, titles, gate=False):
        self.asked += texts
        return super().tag_texts(texts, titles, gate)


def article(*texts: str, title: str = "") -> Parsed:
    paragraphs = tuple(Paragraph(n, text, 10 * n, 10 * n + len(text)) for n, text in enumerate(texts, start=1))
    return Parsed(Article("a.txt", "", title=title), paragraphs)


def test_a_text_is_scored_once_and_placed_where_it_stands(bundle: Bundle) -> None:
    tagger = CountingTagger(bundle)
    known = KnownTexts(tagger, gate=False)
    first = known.predictions([article("The truce.", "Rain.", "The truce."), article("Rain.")])
    second = known.predictions([article("Bread.", "The truce.")])
    assert tagger.asked == ["The truce.", "Rain.", "Bread."]
    assert [[p.text for p in found] for found in first] == [["The truce.", "Rain.", "The truce."], ["Rain."]]
    place = second[0][1]
    assert (place.index, place.start, place.end, place.text) == (2, 20, 30, "The truce.")
    assert place.all_topics == first[0][0].all_topics == tagger.tag_paragraphs(["The truce."])[0].all_topics


def test_the_oldest_is_forgotten_when_there_is_no_room(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "LIMIT", 2)
    tagger = CountingTagger(bundle)
    known = KnownTexts(tagger, gate=False)
    for text in ("One.", "Two.", "One.", "Three.", "One.", "Two."):
        known.predictions([article(text)])
    assert tagger.asked == ["One.", "Two.", "Three.", "Two."]


def test_titles_count_where_the_model_reads_them(bundle: Bundle) -> None:
    asked = []
    for with_title in (False, True):
        manifest = bundle.manifest.model_copy(update={"title": with_title})
        tagger = CountingTagger(replace(bundle, manifest=manifest))
        KnownTexts(tagger, False).predictions([article("Rain.", title="A"), article("Rain.", title="B")])
        asked.append(len(tagger.asked))
    assert asked == [1, 2]


def test_nothing_is_remembered_where_scores_depend_on_the_batch(bundle: Bundle) -> None:
    onnx = OnnxSettings(max_length=16, batch_size=8, pad_id=0)
    tagger = CountingTagger(replace(bundle, manifest=bundle.manifest.model_copy(update={"onnx": onnx})))
    known = KnownTexts(tagger, gate=False)
    for _ in range(2):
        known.predictions([article("Rain.", "Rain.")])
    assert tagger.asked == ["Rain.", "Rain."]
