from collections.abc import Callable

from behaviour import WORDS_BEFORE, fillers, share

from communique.model.corpus import Corpus


def test_a_share_has_an_interval_over_articles() -> None:
    assert share([]) == "–"
    assert share([("a", True), ("b", True)]) == "100.0 % [100.0, 100.0]"
    spread_out = share([(str(n), n % 2 == 0) for n in range(40)])
    in_two_articles = share([(str(n % 2), n % 2 == 0) for n in range(40)])
    assert spread_out.startswith("50.0 % [3")
    assert in_two_articles == "50.0 % [0.0, 100.0]"


def test_what_stands_before_a_paragraph_is_long_and_has_no_topic(make_corpus: Callable[..., Corpus]) -> None:
    tagged = {"text": "truce " * 40, "labels": [{"topic": "truce", "stance": "favor"}]}
    corpus = make_corpus([tagged, {"text": "sun " * 40, "labels": []}, {"text": "sea " * 40}])
    for text in fillers(corpus, 3):
        assert len(text.split()) >= WORDS_BEFORE
        assert set(text.split()) == {"sun"}  # neither a topic's paragraph nor one that nobody judged
