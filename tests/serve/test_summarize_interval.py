import numpy as np
import pytest

from communique.serve.summarize_interval import Moments, stance_share, student, wilson
from communique.serve.summarize_interval import share_variance as variance


def moments(articles: list[list[tuple[float, float]]]) -> Moments:
    """The sums over articles of paragraphs (probability of the topic, of the stance given the topic)."""
    p = np.array([one for article in articles for one, _ in article])
    q = np.array([one for article in articles for _, one in article])
    x = np.array([sum(a * b for a, b in article) for article in articles])
    y = np.array([sum(a for a, _ in article) for article in articles])
    labels = (((p * q) ** 2).sum(), (p * p * q).sum(), (p * p).sum())
    return Moments(len(articles), x.sum(), y.sum(), *labels, (x * x).sum(), (x * y).sum(), (y * y).sum())


def test_certain_labels_leave_the_variance_between_articles() -> None:
    # R = 1/2, the articles' errors are +1/2 and -1/2: 2 / (2 - 1) * (1/4 + 1/4) / 2^2
    assert variance(moments([[(1.0, 1.0)], [(1.0, 0.0)]]), 0.5) == pytest.approx(0.25)


def test_equal_articles_leave_the_variance_of_the_labels() -> None:
    # for each paragraph 1/4 * (1/2)^2 + 1/4 * (1/2)^2 - 0 = 1/8, two of them, over (1/2 + 1/2)^2
    assert variance(moments([[(0.5, 0.5)], [(0.5, 0.5)]]), 0.5) == pytest.approx(0.25)


def test_the_share_weighs_paragraphs_by_the_probability_of_the_topic() -> None:
    found = stance_share(moments([[(0.9, 1.0)], [(0.1, 0.0)]]))
    assert found.share == pytest.approx(0.9)
    assert found.low is not None
    assert found.high is not None
    assert 0.0 <= found.low < 0.9 < found.high <= 1.0


def test_one_article_has_a_share_without_an_interval() -> None:
    assert stance_share(moments([[(1.0, 1.0), (1.0, 0.0)]])).low is None


def test_less_than_half_a_paragraph_has_no_share() -> None:
    assert stance_share(moments([[(0.2, 1.0)], [(0.2, 1.0)]])).share is None


def test_unanimous_paragraphs_do_not_make_it_certain() -> None:
    found = stance_share(moments([[(1.0, 1.0)]] * 10))
    assert found.share == 1.0
    assert found.low is not None
    assert 0.5 < found.low < 0.8


def test_wilson_of_a_textbook_case() -> None:
    assert wilson(0.5, 10, 1.959964) == pytest.approx((0.2366, 0.7634), abs=1e-4)


@pytest.mark.parametrize(("freedom", "quantile"), [(3, 3.182), (10, 2.228), (30, 2.042), (1000, 1.962)])
def test_student_of_the_table(freedom: float, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, rel=0.01)


def test_intervals_cover_the_share_of_the_source_and_of_the_collection() -> None:
    """Articles with stances of their own, calibrated probabilities: both shares lie in at least 93 % of intervals."""
    random = np.random.default_rng(0)

    def draw(n: int) -> list[list[tuple[float, float]]]:
        def sigmoid(value: np.ndarray) -> np.ndarray:
            return 1 / (1 + np.exp(-value))

        articles = []
        for lean in random.normal(-0.6, 1.5, n):
            p, q = sigmoid(random.normal(-0.8, 2, 8)), sigmoid(lean + random.normal(0, 2, 8))
            articles.append(list(zip(p, q, strict=True)))
        return articles

    big = moments(draw(20_000))
    source, covered = big.x / big.y, np.zeros(2)
    for _ in range(300):
        articles = draw(30)
        p, q = np.array(articles).reshape(-1, 2).T
        topic = random.random(len(p)) < p
        stance = topic & (random.random(len(p)) < q)
        found = stance_share(moments(articles))
        assert found.low is not None
        assert found.high is not None
        covered += [found.low <= truth <= found.high for truth in (source, stance.sum() / topic.sum())]
    assert (covered / 300 >= 0.93).all()
