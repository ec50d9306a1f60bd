from collections.abc import Callable

from behaviour import WORDS, long_articles, share

from communique.model.corpus import Corpus


def test_a_share_has_an_interval_over_articles() -> None:
    assert share([]) == "–"
    assert share([("a", True), ("b", True)]) == "100.0 % [100.0, 100.0]"
    spread_out = share([(str(n), n % 2 == 0) for n in range(40)])
    in_two_articles = share([(str(n % 2), n % 2 == 0) for n in range(40)])
    assert spread_out.startswith("50.0 % [3")
    assert in_two_articles == "50.0 % [0.0, 100.0]"


def test_an_article_run_together_has_the_labels_of_all_its_paragraphs(make_corpus: Callable[..., Corpus]) -> None:
    def labels(stance: str) -> list[dict]:
        return [{"topic": "truce", "stance": stance}]

    long = [{"article": "a", "text": "truce " * (WORDS // 2 + 1), "labels": labels("favor")},
            {"article": "a", "text": "truce again " * WORDS, "labels": labels("against")}]  # fmt: skip
    texts, gold = long_articles(make_corpus([*long, {"article": "b", "text": "Short.", "labels": labels("favor")}]))
    assert [text.split()[:2] for text in texts] == [["truce", "truce"]]
    assert gold == {"a": {"truce": {"favor", "against"}}}
