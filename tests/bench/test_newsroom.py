from newsroom import FIRST, LAST, newsroom


def test_articles_are_the_same_each_time_and_mostly_their_own() -> None:
    articles = newsroom(2000)
    assert articles == newsroom(2000)
    paragraphs = [text for article in articles for text in article["text"].split("\n\n")]
    copies = 1 - len(set(paragraphs)) / len(paragraphs)
    assert 0.01 < copies < 0.2
    assert all(FIRST.isoformat() <= article["date"] <= LAST.isoformat() for article in articles)
    assert len({article["outlet"] for article in articles}) > 20


def test_more_articles_begin_with_the_same_ones() -> None:
    assert newsroom(20)[:10] == newsroom(10)
